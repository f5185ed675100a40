// Counts what a loop and its tasks do, from the first call of `statistics` on.

import { monotonicClock } from "../loop/clock.ts";
import { type HookSet, instrument } from "../loop/hooks.ts";
import { checkLoop, type Scheduler } from "../loop/scheduler.ts";
import type { LoopHooks } from "../program/loopHooks.ts";
import type { Task } from "../tasks/kernel/task.ts";
import { kindOf } from "./leaves.ts";
import type { FactsShape, TaskFacts } from "./shapes.ts";

/** What an unfinished task has done so far. Times are in milliseconds. */
export interface TaskStatistics {
  readonly name: string;
  /** The name of the task that created it; null if there was none. */
  readonly parent: string | null;
  /** When it was created, by the loop's clock. */
  readonly created: number;
  readonly steps: number;
  /** How long its steps took together, in real time. */
  readonly busy: number;
  readonly longestStep: number;
  /** How often it began to wait, by the kind of what it awaits: `{ Lock: 2, Sleep: 40 }`. */
  readonly waits: Readonly<Record<string, number>>;
  /**
   * How long it was ready before each step, as a histogram. Entry 0 counts the steps before which
   * it was ready for less than 1 microsecond. Entry `i` counts those with at least `2 ** (i - 1)`
   * and less than `2 ** i` microseconds. The last entry also counts all longer ones.
   */
  readonly readyLatency: readonly number[];
}

/** What a loop has done. Counts begin with the first call of `statistics(loop)`. */
export interface LoopStatistics {
  /** When counting began, by the loop's clock. */
  readonly since: number;
  readonly turns: number;
  readonly slices: number;
  readonly steps: number;
  readonly callbacks: number;
  readonly tasksStarted: number;
  readonly tasksEnded: number;
  readonly timersAdded: number;
  readonly timersFired: number;
  readonly timersRemoved: number;
  /** The real time that its slices took together. */
  readonly busy: number;
  readonly longestSlice: number;
  /**
   * How late timers were on average, in the last window in which some fired; null before the first
   * such window has ended. A window lasts at least a second, and ends with a slice or with a call
   * of `statistics`.
   */
  readonly lag: number | null;
  /** The longest delay of a timer past its deadline. */
  readonly longestLag: number;
  /**
   * The part of the last window in which the loop was busy, from 0 to 1; null before the first
   * window has ended.
   */
  readonly utilization: number | null;
  /** The tasks that were started after counting began, and are not done. */
  readonly tasks: readonly TaskStatistics[];
}

const WINDOW = 1_000;
const LATENCIES = 24;

/** The mutable facts of a task. */
class Facts implements TaskFacts {
  readonly parent: Task<unknown> | undefined;
  readonly created: number | null;
  since: number | null;
  steps = 0;
  busy = 0;
  longestStep = 0;
  readonly waits = new Map<string, number>();
  readonly latencies: number[] = Array(LATENCIES).fill(0);
  /** When it became ready, in real time. */
  readyAt: number;

  constructor(parent: Task<unknown> | undefined, created: number | null, readyAt: number) {
    this.parent = parent;
    this.created = created;
    this.since = created;
    this.readyAt = readyAt;
  }
}

class Collector implements FactsShape {
  readonly #loop: Scheduler;
  readonly #since: number;
  /** Whether `ofTask` covers tasks older than this collector too, once they step, wait or wake. */
  readonly #adopts: boolean;
  readonly #facts = new Map<Task<unknown>, Facts>();
  /** When each step on the stack began. Steps nest if a task starts another one eagerly. */
  readonly #steps: number[] = [];
  readonly #counts = {
    ...{ turns: 0, slices: 0, steps: 0, callbacks: 0, tasksStarted: 0, tasksEnded: 0 },
    ...{ timersAdded: 0, timersFired: 0, timersRemoved: 0 },
    ...{ busy: 0, longestSlice: 0, longestLag: 0 },
  };
  #windowBegan = monotonicClock.now();
  #busyInWindow = 0;
  #lateInWindow = 0;
  #timersInWindow = 0;
  lag: number | null = null;
  utilization: number | null = null;

  constructor(loop: Scheduler, adopts = false) {
    this.#loop = loop;
    this.#since = loop.time();
    this.#adopts = adopts;
  }

  readonly hooks: LoopHooks = {
    taskStarted: (task, parent) => {
      this.#facts.set(task, new Facts(parent, this.#loop.time(), monotonicClock.now()));
      this.#counts.tasksStarted++;
    },
    stepBegins: (task) => {
      const now = monotonicClock.now();
      this.#steps.push(now);
      this.#counts.steps++;
      const facts = this.#factsOf(task);
      if (facts === undefined) return;
      facts.steps++;
      facts.since = this.#loop.time();
      const latency = bucketOf(now - facts.readyAt);
      facts.latencies[latency] = (facts.latencies[latency] as number) + 1;
    },
    stepEnds: (task) => {
      const now = monotonicClock.now();
      const took = now - (this.#steps.pop() ?? now);
      const facts = this.#factsOf(task);
      if (facts === undefined) return;
      facts.busy += took;
      facts.longestStep = Math.max(facts.longestStep, took);
      // From now on, the task is ready or waits. If it waits, `taskWakes` sets both fields again.
      facts.since = this.#loop.time();
      facts.readyAt = now;
    },
    taskWaits: (task, future) => {
      const facts = this.#factsOf(task);
      if (facts === undefined) return;
      const kind = kindOf(future);
      facts.waits.set(kind, (facts.waits.get(kind) ?? 0) + 1);
    },
    taskWakes: (task) => {
      const facts = this.#factsOf(task);
      if (facts === undefined) return;
      facts.since = this.#loop.time();
      facts.readyAt = monotonicClock.now();
    },
    taskEnds: (task) => {
      this.#facts.delete(task);
      this.#counts.tasksEnded++;
    },
    callbackBegins: () => void this.#counts.callbacks++,
    timerAdded: () => void this.#counts.timersAdded++,
    timerRemoved: () => void this.#counts.timersRemoved++,
    timerFired: (lateBy) => {
      this.#counts.timersFired++;
      this.#counts.longestLag = Math.max(this.#counts.longestLag, lateBy);
      this.#lateInWindow += lateBy;
      this.#timersInWindow++;
    },
    turnBegins: () => void this.#counts.turns++,
    sliceEnds: (busy) => {
      this.#counts.slices++;
      this.#counts.busy += busy;
      this.#counts.longestSlice = Math.max(this.#counts.longestSlice, busy);
      this.#busyInWindow += busy;
      this.#roll();
    },
  };

  #factsOf(task: Task<unknown>): Facts | undefined {
    const known = this.#facts.get(task);
    if (known !== undefined || !this.#adopts || task.done()) return known;
    const adopted = new Facts(undefined, null, monotonicClock.now());
    this.#facts.set(task, adopted);
    return adopted;
  }

  ofTask(task: object): TaskFacts | undefined {
    return this.#facts.get(task as Task<unknown>);
  }

  read(): LoopStatistics {
    this.#roll();
    return {
      since: this.#since,
      ...this.#counts,
      lag: this.lag,
      utilization: this.utilization,
      tasks: [...this.#facts].flatMap(([task, facts]) =>
        facts.created === null ? [] : [statisticsOf(task, facts, facts.created)],
      ),
    };
  }

  /** Ends the window if it has lasted a second. */
  #roll(): void {
    const now = monotonicClock.now();
    const elapsed = now - this.#windowBegan;
    if (elapsed < WINDOW) return;
    this.utilization = Math.min(1, this.#busyInWindow / elapsed);
    if (this.#timersInWindow > 0) this.lag = this.#lateInWindow / this.#timersInWindow;
    this.#windowBegan = now;
    this.#busyInWindow = 0;
    this.#lateInWindow = 0;
    this.#timersInWindow = 0;
  }
}

function statisticsOf(task: Task<unknown>, facts: Facts, created: number): TaskStatistics {
  return {
    name: task.getName(),
    parent: facts.parent?.getName() ?? null,
    created,
    steps: facts.steps,
    busy: facts.busy,
    longestStep: facts.longestStep,
    waits: Object.fromEntries(facts.waits),
    readyLatency: [...facts.latencies],
  };
}

const collectors = /* @__PURE__ */ new WeakMap<Scheduler, Collector>();

/**
 * Returns what a loop and its tasks have done. The first call starts to count, so it returns
 * zeros; later calls return what has happened since. Counting continues until the loop is closed,
 * and reads clocks before and after each step. Meanwhile, `snapshot(loop)` contains these numbers
 * too.
 *
 * A task that was started before the first call is not in `tasks` or `tasksStarted`, but its steps
 * and its end are counted.
 *
 * This function never waits, and calls none of the program's code.
 *
 * @throws TypeError if `loop` is not an event loop.
 */
export function statistics(loop: Scheduler): LoopStatistics {
  checkLoop(loop);
  const known = collectors.get(loop);
  if (known !== undefined) return known.read();
  startCounting(loop);
  return (collectors.get(loop) as Collector).read();
}

/**
 * Starts to count on a loop, which may belong to another copy of this package and isn't checked.
 * Returns a function that ends the counting.
 */
export function startCounting(loop: Scheduler): () => void {
  const collector = new Collector(loop);
  collectors.set(loop, collector);
  const remove = install(loop, collector);
  return () => {
    collectors.delete(loop);
    remove();
  };
}

/**
 * Counts what a loop does until `stop` is called. Meanwhile, snapshots also contain the facts of
 * tasks that existed before, but the result of `read` doesn't. The loop may belong to another copy
 * of this package.
 */
export function collect(loop: Scheduler): { read(): LoopStatistics; stop(): void } {
  const collector = new Collector(loop, true);
  return { read: () => collector.read(), stop: install(loop, collector) };
}

function install(loop: Scheduler, collector: Collector): () => void {
  const { hooks } = collector;
  // Not enumerable, because `instrument` takes each enumerable property for a hook. reader.ts looks
  // for it here.
  Object.defineProperty(hooks, "_facts", { value: collector });
  return instrument(loop, hooks as HookSet);
}

/** Returns the index of the histogram's entry that counts a latency. */
function bucketOf(milliseconds: number): number {
  const thousandths = milliseconds * 1_000;
  return thousandths < 1 ? 0 : Math.min(LATENCIES - 1, 1 + Math.floor(Math.log2(thousandths)));
}
