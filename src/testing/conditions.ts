// What is asked of a run besides its order.

import { checkCount, wrongType } from "../loop/arguments.ts";

/** What counts as a failure of a run. */
export interface RunConditions {
  /** Whether it is a failure that `main` leaves tasks behind, by default true; else they are cancelled, as `run` does. */
  readonly leaks?: boolean | undefined;
  /**
   * Whether it is a failure that locks, or permits of semaphores, are still held when `main` and its tasks have ended, by
   * default true. A permit that was released without having been acquired counts against one that was.
   */
  readonly heldLocks?: boolean | undefined;
  /** After so many steps tasks run in order, after twice as many the run fails; by default 10,000. */
  readonly maxSteps?: number | undefined;
}

export interface Conditions {
  readonly leaks: boolean;
  readonly heldLocks: boolean;
  readonly maxSteps: number;
  /** Who is cancelled; undefined if nobody is. */
  readonly cancel: Cancel | undefined;
}

export interface Cancel {
  /** The name of the task; `""` is `main` itself. */
  readonly target: string;
  /** At which of its suspensions; 0 is never, but they are counted. */
  readonly at: number;
}

const MAX_STEPS = 10_000;

/** The conditions that `options` ask for. @throws TypeError, RangeError */
export function conditionsOf(conditions: RunConditions): Conditions {
  const { leaks = true, heldLocks = true, maxSteps = MAX_STEPS } = conditions;
  if (typeof leaks !== "boolean") throw wrongType("leaks", "a boolean", leaks);
  if (typeof heldLocks !== "boolean") throw wrongType("heldLocks", "a boolean", heldLocks);
  checkCount("maxSteps", maxSteps, 1);
  return { leaks, heldLocks, maxSteps, cancel: undefined };
}
