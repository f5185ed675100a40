// Finds slow steps, steps that don't end, and tasks that loop without really waiting.

import type { Task } from "../../tasks/kernel/task.ts";
import { isTask } from "../leaves.ts";
import type { RunnableShape, TaskShape } from "../shapes.ts";
import {
  type Finding,
  functionOf,
  isPromise,
  lasting,
  many,
  Rule,
  type Sample,
  type Surroundings,
} from "./finding.ts";
import type { RuleHooks } from "./ruleHooks.ts";

/** A step that takes at least this many milliseconds is slow, unless the loop has its own limit. */
const SLOW = 100;
/**
 * A single step of this length, in milliseconds, is reported. Shorter slow steps are reported only
 * if they recur over a period of this length.
 */
const SAMPLE = 1_000;
/** How long a slow place is remembered, in milliseconds. */
const MEMORY = 60_000;
/** How many steps or awaited promises of a task per second are suspicious. */
const ROUNDS = 1_000;
/** If steps take longer than this on average, they do some work. In milliseconds. */
const EMPTY_STEP = 0.02;
/**
 * If waits for promises take longer than this on average, the promises were still pending. In
 * milliseconds.
 */
const EMPTY_WAIT = 0.05;

interface OpenStep {
  readonly runnable: RunnableShape;
  readonly at: number;
  /** How long steps inside it took: those of tasks that it started eagerly. */
  inner: number;
}

interface SlowPlace {
  readonly place: string;
  count: number;
  longest: number;
  first: number;
  last: number;
  tasks: TaskShape[];
}

/** What a task has done since the last sample. */
interface Rounds {
  /** How many steps ended with a bare `yield`. */
  yields: number;
  /** How long those steps took, in milliseconds. */
  busy: number;
  waits: number;
  /** How many waits for promises have ended. */
  promises: number;
  /** How long those waits took, in milliseconds. */
  waited: number;
  /** When the task began to wait for a promise; undefined if it doesn't wait for one. */
  promiseAt: number | undefined;
}

export class Steps extends Rule {
  readonly #open: OpenStep[] = [];
  /**
   * The step that was running when the detector was attached. It has ended at the latest when
   * another step begins.
   */
  #first: OpenStep | undefined;
  /** Slow steps by the function of the task, or by the name of the callback. */
  readonly #slow = new Map<object | string, SlowPlace>();
  readonly #endless: Finding[] = [];
  #rounds = new Map<Task<unknown>, Rounds>();

  constructor(around: Surroundings) {
    super(around);
    const { current } = around.loop._slots;
    if (current !== undefined) this.#first = { runnable: current, at: around.now(), inner: 0 };
  }

  override readonly hooks: RuleHooks = {
    stepBegins: (task) => this.#begin(task),
    stepEnds: (task) => {
      const took = this.#end();
      if (task.done() || task._inspect().on !== undefined) return;
      const rounds = this.#roundsOf(task);
      rounds.yields++;
      rounds.busy += took;
    },
    callbackBegins: (handle) => this.#begin(handle),
    callbackEnds: () => void this.#end(),
    taskWaits: (task, future) => {
      const rounds = this.#roundsOf(task);
      rounds.waits++;
      if (isPromise(future)) rounds.promiseAt = this.around.now();
    },
    taskWakes: (task) => {
      const rounds = this.#rounds.get(task);
      if (rounds?.promiseAt === undefined) return;
      rounds.promises++;
      rounds.waited += this.around.now() - rounds.promiseAt;
      rounds.promiseAt = undefined;
    },
    taskEnds: (task) => void this.#rounds.delete(task),
  };

  override *check({ time, seconds }: Sample): Iterable<Finding> {
    const now = this.around.now();
    const first =
      this.#first?.runnable === this.around.loop._slots.current ? this.#first : undefined;
    const under = this.#open.at(-1) ?? first;
    if (under !== undefined && now - under.at >= SAMPLE) {
      yield this.#notYielding(under.runnable, now - under.at, true);
    }
    yield* this.#endless.splice(0);
    yield* this.#slowSteps(time);
    yield* this.#spinningTasks(seconds);
    this.#rounds = new Map();
  }

  #begin(runnable: RunnableShape): void {
    this.#first = undefined;
    this.#open.push({ runnable, at: this.around.now(), inner: 0 });
  }

  /** Ends the innermost open step. Returns how long it took, without the steps inside it. */
  #end(): number {
    const step = this.#open.pop();
    if (step === undefined) return 0;
    const total = this.around.now() - step.at;
    const outer = this.#open.at(-1);
    if (outer !== undefined) outer.inner += total;
    const took = total - step.inner;
    const { loop } = this.around;
    if (took >= SAMPLE) this.#endless.push(this.#notYielding(step.runnable, took, false));
    else if (took >= (loop.slowCallbackDuration ?? SLOW)) this.#noteSlow(step.runnable, took);
    return took;
  }

  #notYielding(runnable: RunnableShape, took: number, isOpen: boolean): Finding {
    const place = this.#placeOf(runnable);
    return {
      id: "not-yielding",
      key: place,
      message: `${describe(runnable)} keeps the loop from running anything else`,
      evidence: isOpen
        ? `its step has been running for ${lasting(took)}`
        : `a step took ${lasting(took)}`,
      place,
      wayOut:
        "Put a bare `yield` between parts of the work, or move it to a thread with `toThread`",
      tasks: isTask(runnable) ? [runnable] : [],
      isSure: true,
      isPast: !isOpen,
    };
  }

  #noteSlow(runnable: RunnableShape, took: number): void {
    const time = this.around.loop.time();
    const where = isTask(runnable) ? functionOf(runnable) : runnable._describe();
    let known = this.#slow.get(where);
    if (known === undefined || time - known.last > MEMORY) {
      known = {
        ...{
          place: this.#placeOf(runnable),
          count: 0,
          longest: 0,
          first: time,
          last: time,
          tasks: [],
        },
      };
      this.#slow.set(where, known);
    }
    known.count++;
    known.longest = Math.max(known.longest, took);
    known.last = time;
    if (isTask(runnable) && !known.tasks.includes(runnable)) {
      known.tasks = [...known.tasks.filter((task) => !task.done()), runnable].slice(-8);
    }
  }

  *#slowSteps(time: number): Iterable<Finding> {
    for (const [where, slow] of this.#slow) {
      if (time - slow.last > MEMORY) this.#slow.delete(where);
      // A single slow step may be due to start-up, or to a busy machine.
      else if (slow.last - slow.first >= SAMPLE) {
        yield {
          id: "slow-step",
          key: typeof where === "string" ? where : `${this.around.idOf(where)}`,
          message: "Steps of this function delay everything else on the loop",
          evidence: `${many(slow.count, "step")} took up to ${lasting(slow.longest)} in ${lasting(slow.last - slow.first)}`,
          place: slow.place,
          wayOut:
            "Do less in one step: put a bare `yield` between parts, or move the work to a thread with `toThread`",
          tasks: slow.tasks.filter((task) => !task.done()),
          isSure: true,
          since: slow.first,
        };
      }
    }
  }

  *#spinningTasks(seconds: number): Iterable<Finding> {
    for (const [task, { yields, busy, waits, promises, waited }] of this.#rounds) {
      const place = this.around.placeOf(task);
      const key = `${this.around.idOf(task)}`;
      if (waits === 0 && yields >= ROUNDS * seconds && busy / yields < EMPTY_STEP) {
        yield {
          ...{ id: "self-yielding", key, place, tasks: [task] },
          message: `${task._describe()} keeps polling instead of waiting`,
          evidence: `${many(yields, "step")} in ${seconds.toFixed(1)} s, each of which ended with a bare \`yield\``,
          wayOut:
            "Wait for an `Event`, a `Condition` or a future instead, or `sleep` between checks",
        };
      }
      if (promises >= ROUNDS * seconds && waited / promises < EMPTY_WAIT) {
        yield {
          ...{ id: "promise-loop", key, place, tasks: [task] },
          message: `${task._describe()} awaits promises that are already settled, one after another`,
          evidence: `${many(promises, "promise")} in ${seconds.toFixed(1)} s, none of which took time`,
          wayOut: "Process several values per await, or call synchronous functions directly",
        };
      }
    }
  }

  #placeOf(runnable: RunnableShape): string {
    return isTask(runnable) ? this.around.placeOf(runnable) : `callback ${runnable._describe()}`;
  }

  #roundsOf(task: Task<unknown>): Rounds {
    let rounds = this.#rounds.get(task);
    if (rounds === undefined) {
      rounds = { yields: 0, busy: 0, waits: 0, promises: 0, waited: 0, promiseAt: undefined };
      this.#rounds.set(task, rounds);
    }
    return rounds;
  }
}

function describe(runnable: RunnableShape): string {
  return isTask(runnable) ? runnable._describe() : `The callback ${runnable._describe()}`;
}
