// The errors that callers may want to catch. A class per reason, recognised by class and never by text.

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
 */
export class CancelledError extends Error {
  override name = "CancelledError";
}

/** A deadline passed. Like Python's `TimeoutError`. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/** There is no such thing: a context variable without a value. Like Python's `LookupError`. */
export class LookupError extends Error {
  override name = "LookupError";
}

/** Nothing can ever happen again: no callback is ready, no timer is pending, and nothing outside is awaited. */
export class DeadlockError extends RuntimeError {
  override name = "DeadlockError";
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
