// One run of a program: on a loop of its own, in virtual time, in the order that a policy chooses.

import { newCore, withCore } from "../core/core.ts";
import {
  awaitedOf,
  Numbering,
  nameOfTask,
  placeInWords,
  waitForGraph,
} from "../debug/waitForGraph.ts";
import { EventLoop } from "../eventLoop.ts";
import { CancelledError, DeadlockError, RuntimeError } from "../loop/errors.ts";
import { heldOn } from "../loop/holders.ts";
import { performance, setTimeout } from "../loop/hosts/timers.ts";
import type { ExceptionContext } from "../loop/scheduler.ts";
import type { Runnable } from "../loop/slots.ts";
import { type Awaitable, allTasks, ensureFutureOn } from "../tasks/awaitable.ts";
import { cancelAll } from "../tasks/cancelling.ts";
import type { Future, Waiter } from "../tasks/future.ts";
import { Task } from "../tasks/task.ts";
import type { Conditions } from "./conditions.ts";
import { mayDependOn } from "./dependence.ts";
import { ExploringCore, type Observer, type Policy } from "./exploringCore.ts";
import { ScriptPolicy } from "./policies.ts";
import { VirtualClock } from "./virtualClock.ts";
import type { Watcher } from "./watcher.ts";

/** What a program is: called anew for each run. */
export type Main<T = unknown> = () => Awaitable<T>;

export type Kind = "failed" | "deadlock" | "livelock" | "leak" | "held" | "unretrieved";

/** What went wrong. */
export interface Failure {
  readonly kind: Kind;
  readonly error: unknown;
}

/** How a run ended. */
export interface Outcome {
  readonly value: unknown;
  readonly failure: Failure | undefined;
  /** How often who may be cancelled was suspended. */
  readonly suspensions: number;
  /** Who first waited for something outside of the loop, in words: such a run need not be the same each time. */
  readonly outside: readonly string[];
}

/** How many microtasks a promise gets before the host gets its turn. */
const MICROTASKS = 32;
/** After how many tasks of the host in which nothing came from outside the clock may leap. */
const DRY_TASKS = 3;
/** How long what is outside may take, in milliseconds. */
const PATIENCE = 5_000;

/** Runs programs one after the other, on one core. */
export class Stage {
  readonly core: ExploringCore = new ExploringCore(newCore(), new ScriptPolicy([]));

  /** Runs `main` once. Gives a promise only if it waits for one. */
  run(
    main: Main,
    policy: Policy,
    conditions: Conditions,
    watcher?: Watcher,
  ): Outcome | Promise<Outcome> {
    this.core.reset();
    this.core.policy = policy;
    this.core.maxSteps = conditions.maxSteps;
    const trial = new Trial(this.core, conditions, watcher);
    return trial.run(main);
  }
}

class Trial implements Observer, Waiter {
  readonly #core: ExploringCore;
  readonly #conditions: Conditions;
  readonly #clock = new VirtualClock();
  readonly #loop: EventLoop;
  readonly #watcher: Watcher | undefined;
  readonly #reports: ExceptionContext[] = [];
  #main: Future<unknown> | undefined;
  #target: Task<unknown> | undefined;
  #suspensions = 0;
  #outside: readonly string[] = [];
  #isDry = false;
  #isEndless = false;
  #isCancelled = false;

  constructor(core: ExploringCore, conditions: Conditions, watcher: Watcher | undefined) {
    this.#core = core;
    this.#conditions = conditions;
    this.#watcher = watcher;
    core.observer = this;
    this.#loop = withCore(core, () => new EventLoop({ clock: this.#clock }));
    this.#loop._isDriven = true;
    const { _slots: slots } = this.#loop;
    core.keepsOrder = (id) => !mayOvertake(slots.at(id));
    this.#loop.setExceptionHandler((_, context) => this.#reports.push(context));
    if (watcher !== undefined) {
      // For the places where tasks wait. What is slow then is the look at them.
      this.#loop.setDebug(true);
      this.#loop.slowCallbackDuration = Infinity;
    }
  }

  run(main: Main): Outcome | Promise<Outcome> {
    const loop = this.#loop;
    try {
      this.#main = ensureFutureOn(loop, main);
    } catch (error) {
      loop.close();
      throw error;
    }
    this.#main._addWaiter(this);
    return this.#goOn() ? this.#conclude() : this.#wait();
  }

  /** `main` is done. @internal */
  _notify(): void {
    this.#loop.stop();
  }

  get afterStep(): ((id: number) => void) | undefined {
    return this.#conditions.cancel === undefined ? undefined : this.#countSuspension;
  }

  get onStep(): ((id: number, count: number) => void) | undefined {
    return this.#watcher === undefined ? undefined : this.#tell;
  }

  onDry(deadline: number): void {
    if (deadline !== Infinity && this.#loop._external === 0) return;
    this.#isDry = true;
    this.#loop.stop();
  }

  onLimit(): void {
    this.#isEndless = true;
    this.#loop.stop();
  }

  readonly #countSuspension = (id: number): void => {
    const ran = this.#loop._slots.at(id) as unknown;
    if (this.#target === undefined) this.#target = this.#targetOf(ran);
    if (ran !== this.#target || !(ran instanceof Task) || ran.done()) return;
    if (++this.#suspensions !== this.#conditions.cancel?.at) return;
    this.#isCancelled = true;
    new Cancelling(this.#loop, ran);
  };

  #targetOf(ran: unknown): Task<unknown> | undefined {
    const name = this.#conditions.cancel?.target;
    if (name === "") return this.#main as Task<unknown>;
    return ran instanceof Task && ran.getName() === name ? ran : undefined;
  }

  readonly #tell = (id: number, count: number): void => {
    this.#watcher?.onStep(this.#loop._slots.at(id), count, this.#loop);
  };

  /** Runs until `main` is done. Returns false if nothing is left to do before that. */
  #goOn(): boolean {
    this.#isDry = false;
    for (;;) {
      this.#loop.runForeverSync();
      if ((this.#main as Future<unknown>).done() || this.#isEndless) return true;
      if (this.#isDry) return false;
    }
  }

  /** Waits for what is outside of the loop. */
  async #wait(): Promise<Outcome> {
    const { _core: core } = this.#loop;
    const patience = performance.now() + PATIENCE;
    do {
      if (this.#loop._external > 0 && this.#outside.length === 0) this.#outside = this.#waits();
      // Promises of async functions too, which do not say that they are waited for.
      for (let left = MICROTASKS; left > 0 && !core.hasReady(); left--) await undefined;
      for (let tasks = 0; !core.hasReady() && this.#loop._external > 0; tasks++) {
        if (performance.now() >= patience || this.#leap(tasks)) break;
        await new Promise((resolve) => setTimeout(resolve));
      }
    } while ((core.hasReady() || core.deadline() <= this.#clock.now()) && !this.#goOn());
    return this.#conclude();
  }

  /** Moves the clock to the next deadline if what is outside may wait for that, once it has had its tasks of the host. */
  #leap(tasks: number): boolean {
    const deadline = this.#loop._core.deadline();
    if (tasks < DRY_TASKS || deadline === Infinity || !mayDependOn(this.#loop)) return false;
    this.#clock.advanceTo(deadline);
    return true;
  }

  #conclude(): Outcome {
    const main = this.#main as Future<unknown>;
    const failure = this.#failure(main);
    // What comes now is not the program's: its tasks are closed with the loop.
    if (failure !== undefined) this.#reports.length = 0;
    const value = main.done() && !main._hasFailed() ? main.result() : undefined;
    this.#loop.close();
    this.#core.observer = undefined;
    return {
      value,
      failure: failure ?? this.#reported(),
      suspensions: this.#suspensions,
      outside: this.#outside,
    };
  }

  #failure(main: Future<unknown>): Failure | undefined {
    if (this.#isEndless) return { kind: "livelock", error: endless(this.#core.steps) };
    if (!main.done()) return { kind: "deadlock", error: this.#deadlock() };
    if (main._hasFailed()) {
      const error = main._reason();
      const isExpected = error instanceof CancelledError && this.#isCancelled;
      if (!isExpected) return { kind: "failed", error };
    }
    const left = [...allTasks(this.#loop)];
    if (left.length === 0) return this.#reported() ?? this.#held();
    // A program that was cancelled has to clean up only as far as the end of `run()` does.
    if (this.#conditions.leaks && !this.#isCancelled) {
      return { kind: "leak", error: this.#leaked() };
    }
    return this.#endTasks() ?? this.#reported() ?? this.#held();
  }

  /** Cancels what is left, as the end of `run()` does, and waits for it. */
  #endTasks(): Failure | undefined {
    this.#core.policy = new ScriptPolicy([]);
    for (;;) {
      const left = [...allTasks(this.#loop)];
      if (left.length === 0) return undefined;
      cancelAll(left);
      this.#isDry = false;
      // It ends by running dry.
      this.#loop.runForeverSync();
      if (this.#isEndless) return { kind: "livelock", error: endless(this.#core.steps) };
      const [stuck] = left.filter((task) => !task.done());
      if (stuck !== undefined) return { kind: "deadlock", error: this.#deadlock() };
      for (const task of left) {
        if (!task.cancelled() && task.exception() !== undefined) {
          return { kind: "failed", error: task.exception() };
        }
      }
    }
  }

  /** The first of what nobody could catch. */
  #reported(): Failure | undefined {
    // In debug mode there are reports of what is no failure; they have no exception.
    const report = this.#reports.find((context) => "exception" in context);
    if (report === undefined) return undefined;
    return { kind: "unretrieved", error: report.exception };
  }

  #held(): Failure | undefined {
    const held = this.#conditions.heldLocks ? heldOn(this.#loop) : [];
    if (held.length === 0) return undefined;
    const numbering = new Numbering();
    const lines = held.map(({ what, kind, by }) => {
      const name = by === undefined ? "what runs on no loop" : this.#naming(by);
      return `    ${numbering.nameOf(what, kind)}, taken by ${name}`;
    });
    const words = "`main` ended, and these are still held:";
    return { kind: "held", error: new RuntimeError([words, ...lines].join("\n")) };
  }

  #deadlock(): DeadlockError {
    const { _external: external } = this.#loop;
    const outside =
      external === 0
        ? "nothing is ready, no timer is pending"
        : `${external} waits for something outside the loop did not end within ${PATIENCE} ms`;
    const { words, waits } = waitForGraph(this.#loop, this.#naming);
    return new DeadlockError(`Deadlock: ${outside}, and these tasks wait:${words}`, waits);
  }

  #leaked(): RuntimeError {
    const { words } = waitForGraph(this.#loop, this.#naming);
    return new RuntimeError(`\`main\` ended, and left tasks behind:${words}`);
  }

  /** Who waits for something that is neither a task nor a lock or the like. */
  #waits(): string[] {
    const lines: string[] = [];
    for (const task of allTasks(this.#loop)) {
      const awaited = awaitedOf(task);
      if (awaited === undefined || awaited.tasks.length + awaited.resources.size > 0) continue;
      const { at } = task._waits();
      const where = at === undefined ? "" : ` in ${placeInWords(at)}`;
      lines.push(`    ${this.#naming(task)} waits for ${awaited.future._describe()}${where}`);
    }
    return lines.length > 0 ? lines : ["    Who waits is no task"];
  }

  readonly #naming = (who: object): string => this.#watcher?.nameOf(who) ?? nameOfTask(who);
}

/** All else is in the order that the loop promises: callbacks, timers, sleeps and timeouts. */
function mayOvertake(runnable: Runnable): boolean {
  return runnable instanceof Task || runnable instanceof Cancelling;
}

/** Cancels a task. It stands in line with the others, and unlike a callback may overtake: so it comes at once, or whenever the policy says. */
class Cancelling implements Runnable {
  readonly #loop: EventLoop;
  readonly #task: Task<unknown>;
  readonly #id: number;

  constructor(loop: EventLoop, task: Task<unknown>) {
    this.#loop = loop;
    this.#task = task;
    this.#id = loop._startNow(this);
  }

  /** @internal */
  _run(): boolean {
    this.#loop._slots.retire(this.#id);
    this.#task.cancel();
    return false;
  }

  /** @internal */
  _describe(): string {
    return "a cancel";
  }
}

function endless(steps: number): RuntimeError {
  return new RuntimeError(`The program still runs after ${steps} steps, the latter half in order`);
}
