// The errors that callers may want to catch. A class per reason, recognised by class and never by text.

import { places } from "./places.ts";

/** The base of the errors that say "this cannot be done now": a closed loop, a loop that runs already, a task that awaits itself. Like Python's `RuntimeError`. */
export class RuntimeError extends Error {
  override name = "RuntimeError";
}

/** A future or coroutine is not in the state that the call needs: a second result, a result that is not there yet, a coroutine awaited twice. Like `asyncio.InvalidStateError`. */
export class InvalidStateError extends Error {
  override name = "InvalidStateError";
}

/**
 * What a cancelled task sees at the `yield*` at which it waits, and what awaiting a cancelled future throws.
 *
 * Catch it only to clean up, and throw it again; a `finally` block does both.
 * Unlike asyncio's, which derives from `BaseException`, it is an `Error`: JavaScript has no `catch` that could spare it.
 * Its stack, that of who cancelled, is recorded in debug mode only, as in Kotlin's coroutines.
 */
export class CancelledError extends Error {
  override name = "CancelledError";
}

const engine: { stackTraceLimit?: number } = Error;

/** The error of a cancel. To record a stack costs ten times as much as all the rest of it. */
export function newCancelledError(message: string): CancelledError {
  const limit = engine.stackTraceLimit;
  // Other engines record it at no such price. Nor is it ours to change where a program has frozen it.
  if (limit === undefined || places.watchers > 0 || !Reflect.set(engine, "stackTraceLimit", 0)) {
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

/** There is no such thing: a context variable without a value. Like Python's `LookupError`. */
export class LookupError extends Error {
  override name = "LookupError";
}

/** What a task waits for: an edge, or several, of the wait-for graph. */
export interface TaskWait {
  /** The task that waits. */
  readonly task: object;
  /** Its name. */
  readonly name: string;
  /** What it waits for, in words: `Lock 1`, `Task "b"`, `Gather`. */
  readonly what: string;
  /** The locks and queues that it waits for, through gathers and groups too. */
  readonly resources: readonly object[];
  /** The tasks that it waits for: those that it awaits, and those that hold what it waits for. */
  readonly tasks: readonly object[];
  /** In debug mode: file, line and column of the `yield*` at which it waits. */
  readonly location: string | undefined;
  /** Whether it is one of several tasks that wait for each other, or waits for itself. */
  readonly isInCycle: boolean;
}

/** Nothing can ever happen again: no callback is ready, no timer is pending, and nothing outside is awaited. */
export class DeadlockError extends RuntimeError {
  override name = "DeadlockError";
  /** Who waits for what, a task each; the message says the same. Empty unless the loop's clock is a `VirtualClock`. */
  readonly graph: readonly TaskWait[];

  /** @internal */
  constructor(message: string, graph: readonly TaskWait[] = []) {
    super(message);
    this.graph = graph;
  }
}

/**
 * A program failed in one of the orders in which it may run; or a replay found that it is not the same program any more.
 * Thrown by `explore` and `replay` of `mysyncio/testing`.
 */
export class ScheduleError extends RuntimeError {
  override name = "ScheduleError";
  /** The order, as `replay` takes it. */
  readonly schedule: string;
  /** How many runs it took to find it, those that made it shorter not counted. */
  readonly runs: number;

  /** @internal */
  constructor(message: string, schedule: string, runs: number, options?: ErrorOptions) {
    super(message, options);
    this.schedule = schedule;
    this.runs = runs;
  }
}
