// Cancels the tasks of a scenario at every possible point.
//
// A scenario first runs without cancellations, and its points are counted: one before each turn,
// one before each step of a task or callback of the loop, and one wherever a body calls `point()`.
// Then it runs again for each point and each task that is alive there, on a fresh virtual loop,
// and cancels that task there. It also runs with a second cancellation, of any task, at each of the
// following points. After each run everything must be over, and in order.
//
//   before turn 1 │ step │ step │ before turn 2 │ step │ (the clock jumps) before turn 3 │ ...
//         1           2      3          4           5                 6
//
// Runs are the same up to their first cancellation, so the number of a point identifies it, and a
// list of cancellations identifies a run: "a@5 b@6" cancels a at point 5 and b at 6, "~a@5" cancels
// a and takes that back at once. `replay` runs it again.
//
// VITE_CANCELS sets the number of cancellations per run, which is two by default.
//
// The points come from the loop's core, whose methods are called before each turn and each step. So
// the code under test is the production code: nothing is wrapped, and no callback is added that
// would change the order.
//
// Over 300 lines, because counting the points and stopping at them must agree.

import { afterAll, describe, test } from "vitest";
import { type Coroutine, type EventLoop, type ExceptionContext, Task } from "../../src/index.ts";
import { scale } from "./effort.ts";
import { collectReports } from "./reports.ts";
import { newVirtualLoop, runDry } from "./virtualLoop.ts";

const { env } = import.meta as { env?: Readonly<Record<string, string>> };
/** The most cancellations in a run. */
const CANCELS = Number(env?.["VITE_CANCELS"] || 2);
/** A second cancellation is tried at each of this many points after the first. */
const WINDOW = 8;
/** The window of a test of many scenarios. */
const WINDOW_IN_TESTS = scale(2, WINDOW, 3);
/** More points than any scenario has. A scenario with more never ends. */
const TOO_MANY = 10_000;
/** How many microtasks a chain of promises may take until it makes something ready. */
const MICROTASKS = 24;

const NOT_THE_SAME = "The scenario differs from run to run: the task to cancel does not exist";

/** Sets a scenario up: creates its objects and tasks, again for each run. */
export type Scene = (stage: Stage) => void;

/** Outcomes of a task that are allowed besides success, and cancellation if it was cancelled. */
export interface Role {
  /** It may succeed although it was cancelled. */
  readonly swallows?: boolean;
  /** It may end cancelled although only others were, because it waits for them. */
  readonly spreads?: boolean;
  /** Code other than the harness also cancels it, so `cancelling()` cannot be predicted. */
  readonly shared?: boolean;
}

export interface CancelOptions {
  /** The most cancellations in a run, by default 2. */
  readonly cancels?: number;
  /** The next cancellation is tried at each of this many points after the last, by default 8. */
  readonly window?: number;
}

interface Cancel {
  /** The index of the task in the order of creation. */
  readonly task: number;
  readonly point: number;
  readonly isWithdrawn: boolean;
}

interface Actor {
  readonly task: Task<unknown>;
  readonly name: string;
  /** Undefined for a task that the library created. */
  readonly role: Role | undefined;
  /**
   * How many times the task was cancelled, and how many of these cancellations were not taken back.
   */
  struck: number;
  standing: number;
}

/** One run of a scenario: creates its tasks, counts its points and cancels at some of them. */
export class Stage {
  readonly loop: EventLoop = newVirtualLoop();
  /** Errors that nothing could catch. A check may remove those that it expects. */
  readonly reports: ExceptionContext[] = collectReports(this.loop);
  /**
   * The tasks that could have been cancelled after the plan's last cancellation, and the points.
   */
  readonly chances: Cancel[] = [];
  readonly #plan: readonly Cancel[];
  readonly #window: number;
  readonly #actors: Actor[] = [];
  readonly #releases: (() => void)[] = [];
  readonly #checks: (() => void)[] = [];
  #next = 0;
  #point = 0;
  #casting: { name: string; role: Role } | undefined;
  #isReleasing = false;
  /** Timers of the scenario itself. */
  #timers = 0;

  constructor(plan: readonly Cancel[], window: number) {
    this.#plan = plan;
    this.#window = window;
    this.loop.setTaskFactory((loop, body, options) => {
      const cast = this.#casting;
      this.#casting = undefined;
      const task = new Task(loop, body, options);
      const name = cast?.name ?? `#${this.#actors.length}`;
      this.#actors.push({ task, name, role: cast?.role, struck: 0, standing: 0 });
      return task;
    });
  }

  /**
   * Starts a task. The harness checks its outcome and its `cancelling()` at the end. It must not
   * fail.
   */
  spawn<T>(name: string, body: () => Coroutine<T>, role: Role = {}): Task<T> {
    this.#casting = { name, role };
    return this.loop.createTask(body);
  }

  /**
   * Whether nothing is cancelled in this run. In that case everything that can happen must happen.
   */
  get isPeaceful(): boolean {
    return this.#plan.length === 0;
  }

  /** How many cancellations went to tasks that the library created. */
  get cancelsInside(): number {
    return this.#actors.reduce((sum, { role, struck }) => sum + (role ? 0 : struck), 0);
  }

  /** The names of the unfinished tasks. In a release, these are the tasks that still wait. */
  left(): string[] {
    return this.#actors
      .filter(({ task, role }) => role !== undefined && !task.done())
      .map(({ name }) => name);
  }

  /**
   * Cancels all remaining tasks, as the harness does: for tasks that wait legitimately, and could
   * not be woken in another way.
   */
  cancelLeft(): void {
    for (const actor of this.#actors) if (actor.role !== undefined) strike(actor);
  }

  /**
   * Like `loop.callLater`, for the scenario itself. Does not count as a timer that was left behind.
   */
  later(delay: number, action: () => void): void {
    this.#timers++;
    this.loop.callLater(delay, () => {
      this.#timers--;
      action();
    });
  }

  /** A point inside a step, where another task or the running one may be cancelled. */
  point(): void {
    const point = ++this.#point;
    if (point > TOO_MANY)
      throw new Error(`The scenario never ends: it has more than ${TOO_MANY} points`);
    while (this.#plan[this.#next]?.point === point) this.#strike(this.#plan[this.#next++]!);
    if (this.#next < this.#plan.length || this.#isReleasing) return;
    if (point > (this.#plan.at(-1)?.point ?? 0) + this.#window) return;
    for (const [task, actor] of this.#actors.entries()) {
      if (!actor.task.done()) this.chances.push({ task, point, isWithdrawn: false });
    }
  }

  /**
   * Sets a function to call once nothing more happens: it releases tasks that wait legitimately, or
   * starts a task that checks whether it can.
   */
  release(action: () => void): void {
    this.#releases.push(action);
  }

  /** Adds a check that runs when all is over. `check` throws if it fails. */
  check(check: () => void): void {
    this.#checks.push(check);
  }

  /** Runs the scenario. @throws a description of everything that is wrong afterwards */
  async run(scene: Scene): Promise<void> {
    const { loop } = this;
    const { _core: core } = loop;
    const { turn, take } = core;
    core.turn = (now) => {
      this.point();
      this.#checkTimers();
      return turn.call(core, now);
    };
    core.take = () => {
      this.point();
      return take.call(core);
    };
    try {
      scene(this);
      await this.#runDry();
      // Only tasks that existed before may be cancelled now, not those of the release.
      this.#isReleasing = true;
      for (const release of this.#releases) {
        loop.callSoon(release);
        await this.#runDry();
      }
      this.#checkAll();
    } finally {
      // The core outlives the loop.
      Reflect.deleteProperty(core, "turn");
      Reflect.deleteProperty(core, "take");
      loop.close();
    }
    this.#checkReports();
  }

  /** The plan in words. */
  describe(plan: readonly Cancel[]): string {
    return plan
      .map(({ task, point, isWithdrawn }) => {
        return `${isWithdrawn ? "~" : ""}${this.#actors[task]?.name ?? `#${task}`}@${point}`;
      })
      .join(" ");
  }

  /** The index of the task that `describe` calls by this name. */
  indexOf(name: string): number {
    const index = this.#actors.findIndex((actor) => actor.name === name);
    return index < 0 ? Number(name.slice(1)) : index;
  }

  #strike({ task, isWithdrawn }: Cancel): void {
    const actor = this.#actors[task];
    if (actor === undefined || !strike(actor)) throw new Error(NOT_THE_SAME);
    if (!isWithdrawn) return;
    actor.task.uncancel();
    actor.standing--;
  }

  /** Runs until nothing more happens, neither on the loop nor through promises. */
  async #runDry(): Promise<void> {
    const { loop } = this;
    do {
      runDry(loop);
      for (let left = MICROTASKS; left > 0 && !loop._core.hasReady(); left--) await undefined;
    } while (loop._core.hasReady());
  }

  /** Reports timers that were left behind, before the clock jumps to them and so hides them. */
  #checkTimers(): void {
    const { _core: core } = this.loop;
    const timers = core.timers() - this.#timers;
    if (timers === 0 || core.hasReady() || !this.#actors.every(({ task }) => task.done())) return;
    this.check(() => {
      throw new Error(`${timers} timers were left behind`);
    });
  }

  #checkAll(): void {
    for (const { task, name } of this.#actors) {
      if (!task.done()) throw new Error(`${name} waits forever`);
    }
    const { _slots, _core, _external } = this.loop;
    const left = [..._slots];
    if (left.length > 0) throw new Error(`${left.length} slots are still taken`);
    if (_core.timers() > 0) throw new Error(`${_core.timers()} timers are still on the heap`);
    if (_external !== 0) throw new Error(`${_external} waits for something external are left`);
    if (this.#next < this.#plan.length) throw new Error(NOT_THE_SAME);
    for (const actor of this.#actors) if (actor.role !== undefined) checkEnd(actor, actor.role);
    for (const check of this.#checks) check();
  }

  #checkReports(): void {
    const [report] = this.reports;
    if (report === undefined) return;
    throw new Error(`A report was made: ${report.message}`, { cause: report.exception });
  }
}

function strike(actor: Actor): boolean {
  if (!actor.task.cancel()) return false;
  actor.struck++;
  actor.standing++;
  return true;
}

function checkEnd({ task, name, struck, standing }: Actor, role: Role): void {
  if (task.cancelled()) {
    if (struck === 0 && !role.spreads)
      throw new Error(`${name} ended cancelled, but nothing cancelled it`);
  } else {
    const exception = task.exception();
    if (exception !== undefined)
      throw new Error(`${name} failed: ${exception}`, { cause: exception });
    if (standing > 0 && !role.swallows) throw new Error(`${name} lost its cancellation`);
  }
  if (!role.shared && task.cancelling() !== standing) {
    throw new Error(`${name} was cancelled ${standing} times, but counts ${task.cancelling()}`);
  }
}

/** Runs `scene` with the cancellations of `plan`. @throws with the plan in its message */
async function perform(scene: Scene, plan: readonly Cancel[], window: number): Promise<Stage> {
  const stage = new Stage(plan, window);
  try {
    await stage.run(scene);
  } catch (error) {
    const words = stage.describe(plan) || "nobody";
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`After cancelling ${words}: ${reason}`, { cause: error });
  }
  return stage;
}

/**
 * Runs `scene` again with the cancellations that `plan` names, as printed in the message of a
 * failure.
 */
export async function replay(scene: Scene, plan: string): Promise<void> {
  // The names are known only once the tasks have been created.
  const known = await perform(scene, [], 0);
  const cancels = plan.split(" ").map((word) => {
    const [name = "", point] = word.replace("~", "").split("@");
    return { task: known.indexOf(name), point: Number(point), isWithdrawn: word.startsWith("~") };
  });
  await perform(scene, cancels, 0);
}

/**
 * Runs `scene` with every single cancellation, and with every second one that follows soon. Returns
 * the number of runs.
 *
 * @throws with the cancellations after which something is wrong, or if no task could be cancelled
 * at all
 */
export async function cancelEverywhere(scene: Scene, options: CancelOptions = {}): Promise<number> {
  const { cancels = CANCELS, window = WINDOW } = options;
  let runs = 0;
  async function explore(plan: readonly Cancel[]): Promise<void> {
    if (plan.length > 0) runs++;
    const isLast = plan.length === cancels || plan.at(-1)?.isWithdrawn === true;
    const { chances } = await perform(scene, plan, plan.length === 0 ? Infinity : window);
    if (isLast) return;
    for (const chance of chances) {
      await explore([...plan, chance]);
      if (plan.length === 0) await explore([{ ...chance, isWithdrawn: true }]);
    }
  }
  await explore([]);
  if (runs === 0) throw new Error("No task could be cancelled: the scenario proves nothing");
  return runs;
}

/** A test for each of `scenes`, and at the end a line with the number of runs. */
export function testCancelPoints(
  what: string,
  scenes: Readonly<Record<string, Scene>>,
  options?: CancelOptions,
): void {
  let runs = 0;
  afterAll(() => console.log(`cancelPoints: ${runs.toLocaleString("en")} runs of ${what}`));
  describe(`${what}, cancelled at every point`, () => {
    test.each(Object.entries(scenes))("%s", async (_, scene) => {
      runs += await cancelEverywhere(scene, { window: WINDOW_IN_TESTS, ...options });
    });
  });
}
