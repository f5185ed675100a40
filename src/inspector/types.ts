// What a snapshot of a loop contains: plain data that survives JSON.
//
// The command, the page and programs all get the same data. Ids are positive integers, and the same
// object has the same id in each snapshot of a process. Times are milliseconds of the loop's clock.
// `null` stands for what doesn't exist or isn't known: most facts about the past are known only
// while statistics are collected.

import type { LoopWarning } from "../program/loopHooks.ts";

/** A loop at one moment. Returned by `snapshot(loop)`. */
export interface LoopSnapshot {
  /** The version of this format. */
  readonly version: 1;
  readonly loop: LoopFacts;
  /** All tasks that are not done, in no particular order. */
  readonly tasks: readonly TaskSnapshot[];
  /** The entries of the ready queue, in the order in which they will run. */
  readonly ready: readonly ReadySnapshot[];
  /**
   * The timers in the order of the heap's array: the parent of the entry at i is at (i - 1) >> 2.
   */
  readonly timers: readonly TimerSnapshot[];
  /** The locks, queues and other primitives for which tasks wait. */
  readonly resources: readonly ResourceSnapshot[];
  /** Pending calls in other threads, loops and machines. */
  readonly calls: readonly CallSnapshot[];
  /** The calls that tasks of this loop run for callers elsewhere. */
  readonly serving: readonly ServedSnapshot[];
  readonly warnings: readonly LoopWarning[];
}

/** The loop itself. */
export interface LoopFacts {
  readonly id: number;
  readonly time: number;
  readonly core: "wasm" | "js";
  readonly isRunning: boolean;
  readonly isDebug: boolean;
  /** The number of entries of the ready queue. */
  readonly ready: number;
  readonly timers: number;
  /** The number of slots of the core that are in use. */
  readonly slots: number;
  /** The number of waits that something outside the loop will end. */
  readonly externals: number;
  /** How late timers were on average, in the latest second in which some fired. */
  readonly lag: number | null;
  /** The part of the last second in which the loop was busy, from 0 to 1. */
  readonly utilization: number | null;
}

export type TaskPhase = "ready" | "waiting" | "running";

/** A task that is not done. */
export interface TaskSnapshot {
  readonly id: number;
  /** The name of the task, or its first 500 characters. */
  readonly name: string;
  /** The name of its coroutine function; empty if unknown. */
  readonly coroutine: string;
  /** The task that created it; null if something else did, or if that is unknown. */
  readonly parent: number | null;
  /** The tasks that await it, directly or through `gather`, `taskGroup` and so on. */
  readonly awaitedBy: readonly number[];
  readonly state: TaskPhase;
  /** When it entered this state. */
  readonly since: number | null;
  readonly created: number | null;
  readonly waitsFor: WaitSnapshot | null;
  /** The functions that it is in, innermost last. */
  readonly stack: readonly FrameSnapshot[];
  /** How many of its cancellation requests were not taken back. */
  readonly cancelling: number;
  readonly steps: number | null;
  /** How many milliseconds its steps took together. */
  readonly busy: number | null;
  readonly longestStep: number | null;
}

/** What a task waits for. */
export interface WaitSnapshot {
  /** The kind, such as `"Lock"`, `"Queue"`, `"Sleep"`, `"Gather"`, `"Promise"` or `"Task"`. */
  readonly kind: string;
  /** A description for people, such as `Lock 1` or `Task "worker"`. */
  readonly label: string;
  /** The tasks that it awaits, through any composition. */
  readonly tasks: readonly number[];
  /** The primitives in whose line it waits, through any composition. */
  readonly resources: readonly number[];
  /** The pending calls that it awaits, through any composition. */
  readonly calls: readonly number[];
  /** When the wait ends, if it is a sleep; otherwise null. */
  readonly until: number | null;
}

/** A function that a task is in. */
export interface FrameSnapshot {
  readonly functionName: string;
  /** A path or URL. */
  readonly file: string | null;
  /** Counted from 1. */
  readonly line: number | null;
  /** Counted from 1. */
  readonly column: number | null;
  /** Whether it is a function of this package. Left out if it isn't, or if that is unknown. */
  readonly isLibrary?: boolean;
}

/** An entry of the ready queue. */
export interface ReadySnapshot {
  readonly kind: "task" | "callback" | "timer";
  /** The id of the task; null for a callback or a timer. */
  readonly task: number | null;
  readonly label: string;
  readonly priority: "user-blocking" | "user-visible" | "background";
}

/** A timer that is not in the ready queue yet. */
export interface TimerSnapshot {
  readonly when: number;
  /** `"sleep"`, `"timeout"` or `"callback"`. */
  readonly kind: string;
  /** The task that sleeps, or that the timeout cancels; null for a callback. */
  readonly task: number | null;
  readonly label: string;
}

/** A lock, a queue or another primitive. */
export interface ResourceSnapshot {
  readonly id: number;
  readonly kind: string;
  /** Its kind and a number, such as `Lock 1`. */
  readonly label: string;
  /** The tasks that hold it, as far as they are known. */
  readonly holders: readonly number[];
  /** The tasks in its line, in order of arrival. */
  readonly line: readonly number[];
  /** The number of items in a queue; null for other primitives. */
  readonly size: number | null;
  /** The most items that a queue can hold; null if there is no limit, and for other primitives. */
  readonly limit: number | null;
}

/** A pending call that runs elsewhere. */
export interface CallSnapshot {
  readonly id: number;
  /** `"thread"`, `"remote"` or `"fleet"`. */
  readonly kind: string;
  readonly label: string;
  /** The id of the thread, or the name of the fleet's worker, that runs it; null if unknown. */
  readonly worker: string | null;
  /** The tasks that await it. */
  readonly awaitedBy: readonly number[];
  /** Identifies the call on both sides: see `ServedSnapshot`. Null if it is unknown. */
  readonly key: string | null;
}

/** A call that runs here, for a caller in another thread or on another machine. */
export interface ServedSnapshot {
  /** The `key` that the call has in the caller's snapshot. */
  readonly key: string;
  /** The name of its function. */
  readonly name: string;
  /** How many milliseconds ago it began. */
  readonly age: number;
  /** The task that runs it; null if it has its thread to itself. */
  readonly task: number | null;
}
