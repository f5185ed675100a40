// The errors that callers may want to catch. Each reason has its own class, and none is recognized
// by its message.

import { locations } from "./locations.ts";

/**
 * An operation is not possible now, for example because its loop is closed or already running, or
 * because a task awaits itself. Like Python's `RuntimeError`.
 */
export class RuntimeError extends Error {
  override name = "RuntimeError";
}

/**
 * A future or coroutine is in the wrong state for an operation, such as setting a second result,
 * reading a result that is not there yet, or awaiting a coroutine twice. Like
 * `asyncio.InvalidStateError`.
 */
export class InvalidStateError extends Error {
  override name = "InvalidStateError";
}

/**
 * Thrown in a cancelled task at the `yield*` where it waits, and by awaiting a cancelled future.
 *
 * Catch it only to clean up, and rethrow it. A `finally` block does both. (Unlike asyncio's, which
 * derives from `BaseException`, it is an `Error`, because JavaScript has no `catch` that could let
 * it through.) Its stack, which shows where the cancellation was requested, is recorded only in
 * debug mode, as in Kotlin's coroutines.
 */
export class CancelledError extends Error {
  override name = "CancelledError";
}

const engine: { stackTraceLimit?: number } = Error;

/**
 * Creates the error of a cancellation. Outside debug mode, doesn't record its stack in engines that
 * have a `stackTraceLimit`, because that would take longer than the rest of the cancellation.
 */
export function newCancelledError(message: string): CancelledError {
  const limit = engine.stackTraceLimit;
  // Engines without this limit record stacks cheaply. If the program has frozen `Error`, the limit
  // can't be changed, and the stack is recorded.
  if (limit === undefined || locations.watchers > 0 || !Reflect.set(engine, "stackTraceLimit", 0)) {
    return new CancelledError(message);
  }
  try {
    return new CancelledError(message);
  } finally {
    engine.stackTraceLimit = limit;
  }
}

/** A deadline passed. Like Python's `TimeoutError`. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/**
 * Something is missing that was looked up, such as the value of a context variable. Like Python's
 * `LookupError`.
 */
export class LookupError extends Error {
  override name = "LookupError";
}

/** The wait of one task: one or several edges of the wait-for graph. */
export interface TaskWait {
  /** The waiting task. */
  readonly task: object;
  /** The name of the task. */
  readonly name: string;
  /** A description of what the task awaits: `Lock 1`, `Task "b"`, `Gather`. */
  readonly what: string;
  /** The locks and queues that the task awaits, including those inside gathers and groups. */
  readonly resources: readonly object[];
  /** The tasks that the task awaits, and the holders of the locks that it awaits. */
  readonly tasks: readonly object[];
  /** In debug mode: file, line and column of the `yield*` at which the task waits. */
  readonly location: string | undefined;
  /** Whether the task waits for itself, directly or through other tasks. */
  readonly isInCycle: boolean;
}

/**
 * The loop is deadlocked: nothing is ready, no timer is pending, and nothing outside the loop is
 * awaited. Also thrown if the loop awaits something outside that can't happen, because the thread
 * is blocked, or that hasn't happened within the `externalTimeout` of its `VirtualClock`.
 */
export class DeadlockError extends RuntimeError {
  override name = "DeadlockError";
  /**
   * What each task waits for, as in the message. Empty if no `VirtualClock` has been created.
   */
  readonly graph: readonly TaskWait[];

  /** @internal */
  constructor(message: string, graph: readonly TaskWait[] = []) {
    super(message);
    this.graph = graph;
  }
}

/**
 * A program failed in one of its possible orders, or a replay found that the program has changed
 * since its order was recorded.
 * Thrown by `explore` and `replay`, from `mysyncio/testing`.
 */
export class ScheduleError extends RuntimeError {
  override name = "ScheduleError";
  /** The order, for `replay`. */
  readonly schedule: string;
  /** The number of runs it took to find the order. Runs that made it shorter don't count. */
  readonly runs: number;

  /** @internal */
  constructor(message: string, schedule: string, runs: number, options?: ErrorOptions) {
    super(message, options);
    this.schedule = schedule;
    this.runs = runs;
  }
}
