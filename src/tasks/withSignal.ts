import { wrongType } from "../lang/arguments.ts";
import { CancelledError, RuntimeError } from "../lang/errors.ts";
import { type AwaitableLike, checkAwaitable } from "./awaitable.ts";
import { currentTask } from "./currentTask.ts";
import { awaiting, ensureFutureOn } from "./ensureFuture.ts";
import { CancelScope } from "./kernel/cancelScope.ts";
import { type Coroutine, closeUnstarted, coroutine, isCoroutine } from "./kernel/coroutine.ts";
import { isFuture } from "./kernel/future.ts";
import { asCoroutine, continueAs, type Wait, Wrapper } from "./lazyCall.ts";
import { onAbort } from "./onAbort.ts";

/**
 * Awaits `aw` until `signal` aborts, and returns its result.
 *
 * An abort cancels `aw` as a cancellation of the task would. When `aw` has ended, `withSignal`
 * throws a CancelledError whose `cause` is the signal's reason. The task itself is not cancelled,
 * so it may catch that error and continue. If `aw` swallows the cancellation, its value is the
 * result. If the signal has already aborted, a coroutine is closed and never starts, and a future
 * is cancelled. No listener stays on the signal.
 *
 * A CancelledError without that `cause` means that something else cancelled the task or `aw`. If a
 * promise rejects with a CancelledError but the signal has not aborted, this throws a RuntimeError,
 * as `fromPromise` does.
 *
 * @throws TypeError if `signal` is not an AbortSignal, or `aw` is not awaitable.
 * @throws CancelledError if the signal aborted, or the task was cancelled by others.
 * @throws RuntimeError outside a task, and for a future of another loop.
 * @example
 * const rows = yield* withSignal(request.signal, query(sql));
 */
export function withSignal<T>(signal: AbortSignal, aw: AwaitableLike<T>): Coroutine<T> {
  checkAwaitable("aw", aw);
  checkSignal(signal);
  return asCoroutine(new SignalCall(signal, aw));
}

/** @throws TypeError unless `value` is an abort signal */
export function checkSignal(value: unknown): void {
  if (!isSignal(value)) throw wrongType("signal", "an AbortSignal", value);
}

export function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}

/** Returns the error for a signal that has aborted. */
export function abortError(signal: AbortSignal): CancelledError {
  return new CancelledError("The signal was aborted", { cause: signal.reason });
}

/** The coroutine of `withSignal()`. */
class SignalCall<T> extends Wrapper<T> {
  declare readonly _signal: AbortSignal;
  declare readonly _aw: AwaitableLike<T>;

  constructor(signal: AbortSignal, aw: AwaitableLike<T>) {
    super();
    this._signal = signal;
    this._aw = aw;
  }

  override _start(): Wait<T> {
    return continueAs(this, runWithSignal(this));
  }
}

const runWithSignal = /* @__PURE__ */ coroutine(function* withSignal<T>(
  call: SignalCall<T>,
): Coroutine<T> {
  const { _signal: signal, _aw: aw } = call;
  const task = currentTask();
  if (task === undefined) throw new RuntimeError("withSignal() needs a task, which it can cancel");
  if (signal.aborted) {
    if (isFuture(aw)) ensureFutureOn(task._loop, aw).cancel("The signal was aborted");
    else if (isCoroutine(aw)) closeUnstarted(aw);
    throw abortError(signal);
  }
  const scope = new CancelScope(task);
  const forget = onAbort(signal, () => scope._cancel("The signal was aborted"));
  try {
    return yield* call._wrap(awaiting(aw));
  } catch (error) {
    if (scope._exitWith(error)) throw abortError(signal);
    throw error;
  } finally {
    forget();
    scope._exit();
  }
});
