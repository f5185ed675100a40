// The conditions of a run, apart from its order.

import { checkBoolean, checkCount, checkTime, outOfRange } from "../lang/arguments.ts";

/** What counts as a failure of a run. */
export interface RunConditions {
  /**
   * Whether a run fails if tasks are still running when `main` has ended, by default true. If
   * false, they are cancelled, as `run` does.
   */
  readonly leaks?: boolean | undefined;
  /**
   * Whether a run fails if locks or semaphore permits are still held after `main` and its tasks
   * have ended, by default true. Releasing a permit that was never acquired makes up for one that
   * is still held.
   */
  readonly heldLocks?: boolean | undefined;
  /**
   * After this many steps, tasks run in FIFO order; after twice as many, the run fails. By default
   * 10,000.
   */
  readonly maxSteps?: number | undefined;
  /**
   * Whether awaits that a plugin marked may be delayed, by default true. If false, only the order
   * of external calls, timers and tasks varies.
   */
  readonly awaits?: boolean | undefined;
  /**
   * The longest delay of an await, and of a call of `io` or `external` without `max`, in
   * milliseconds. By default 1,000. A timer that is due after the longest delay can't fire before
   * the await or call completes.
   */
  readonly latency?: number | undefined;
}

export interface Conditions {
  readonly leaks: boolean;
  readonly heldLocks: boolean;
  readonly maxSteps: number;
  readonly awaits: boolean;
  readonly latency: number;
  /** Whether the run is a `virtualTest`, which takes no options and runs only once. */
  readonly isTest: boolean;
  /** Which task is cancelled, and when; undefined if none is. */
  readonly cancel: Cancel | undefined;
}

export interface Cancel {
  /** The name of the task; `""` stands for `main` itself. */
  readonly target: string;
  /** The number of the suspension, from 1 on; 0 only counts suspensions and cancels nothing. */
  readonly at: number;
}

const MAX_STEPS = 10_000;
const LATENCY = 1_000;

/** Checks options and applies defaults. @throws TypeError or RangeError for invalid options. */
export function conditionsOf(conditions: RunConditions): Conditions {
  const { leaks = true, heldLocks = true, maxSteps = MAX_STEPS } = conditions;
  checkBoolean("leaks", leaks);
  checkBoolean("heldLocks", heldLocks);
  checkCount("maxSteps", maxSteps, 1);
  const { awaits = true, latency = LATENCY } = conditions;
  checkBoolean("awaits", awaits);
  checkLatency("latency", latency);
  return { leaks, heldLocks, maxSteps, awaits, latency, isTest: false, cancel: undefined };
}

/** @throws TypeError or RangeError unless `value` is a number of milliseconds >= 0 */
export function checkLatency(name: string, value: unknown): void {
  checkTime(name, value);
  if ((value as number) < 0) throw outOfRange(name, "a number of milliseconds >= 0", value);
}
