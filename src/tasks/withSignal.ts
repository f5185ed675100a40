import { wrongType } from "../loop/arguments.ts";
import { CancelledError, RuntimeError } from "../loop/errors.ts";
import {
  type AwaitableLike,
  callAndAwait,
  checkAwaitable,
  currentTask,
  dismiss,
  giverOf,
} from "./awaitable.ts";
import { type Coroutine, coroutine, isCoroutine } from "./coroutine.ts";
import { isFuture } from "./future.ts";
import { onAbort } from "./onAbort.ts";

/**
 * Awaits anything awaitable, until `signal` aborts. Gives its result.
 *
 * An abort cancels what is awaited, as a cancel of the task would, and waits for that. The CancelledError that comes out
 * has the signal's reason as its `cause`, and is not a cancel of the task: who catches it goes on. If what is awaited
 * swallows it, its value is the result. Once the signal has aborted, a coroutine is closed and never starts, and a future
 * is cancelled. No listener stays on the signal.
 *
 * @throws TypeError if `signal` is no AbortSignal, or `aw` not awaitable. @throws CancelledError if the signal aborted, or
 * somebody else cancelled the task. @throws RuntimeError outside of a task.
 * @example
 * const rows = yield* withSignal(request.signal, query(sql));
 */
export function withSignal<T>(signal: AbortSignal, aw: AwaitableLike<T>): Coroutine<T> {
  checkSignal(signal);
  checkAwaitable("aw", aw);
  return bounded(signal, aw);
}

/** `TypeError` unless `value` is an abort signal. */
export function checkSignal(value: unknown): void {
  if (!isSignal(value)) throw wrongType("signal", "an AbortSignal", value);
}

export function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}

/** The error of a signal that has aborted. */
export function abortError(signal: AbortSignal): CancelledError {
  return new CancelledError("The signal was aborted", { cause: signal.reason });
}

const bounded = /* @__PURE__ */ coroutine(function* withSignal<T>(
  signal: AbortSignal,
  aw: AwaitableLike<T>,
): Coroutine<T> {
  const task = currentTask();
  if (task === undefined) throw new RuntimeError("withSignal() needs a task, which it can cancel");
  if (signal.aborted) {
    if (isFuture(aw)) aw.cancel("The signal was aborted");
    else if (isCoroutine(aw)) dismiss(aw);
    throw abortError(signal);
  }
  const cancelling = task.cancelling();
  let isAborted = false;
  const abort = (): void => {
    isAborted = true;
    task.cancel("The signal was aborted");
  };
  const leave = (): boolean => {
    forget();
    const isOwn = isAborted && task.uncancel() <= cancelling;
    isAborted = false;
    return isOwn;
  };
  const forget = onAbort(signal, abort);
  try {
    return yield* callAndAwait(giverOf(aw));
  } catch (error) {
    if (leave() && error instanceof CancelledError) throw abortError(signal);
    throw error;
  } finally {
    leave();
  }
});
