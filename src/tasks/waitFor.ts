import { TimeoutError } from "../lang/errors.ts";
import { currentScheduler } from "../loop/current.ts";
import { type AwaitableLike, checkAwaitable, isThenable } from "./awaitable.ts";
import { awaiting, ensureFutureOn } from "./ensureFuture.ts";
import { type Coroutine, closeUnstarted, coroutine, isCoroutine } from "./kernel/coroutine.ts";
import { checkTimeout, timeout as withTimeout } from "./timeout.ts";
import { ALL_COMPLETED, waitUntilEnough } from "./wait.ts";

/**
 * Awaits `aw` for at most `timeout` milliseconds, and returns its result. Like `asyncio.wait_for`.
 *
 * A coroutine runs in the calling task, so an operation such as `queue.get()` never loses what it
 * has taken. At the deadline, `aw` is cancelled and waited for, which may take longer than the
 * timeout. If `aw` swallows the cancellation, its value is the result. `null` and `undefined` set
 * no deadline.
 *
 * With a timeout of 0 or less, a coroutine is closed and never starts. A future that is done
 * returns its result; a pending one is cancelled and waited for.
 *
 * A cancellation is passed on to `aw`. The cancellation wins over a result of the same turn, which
 * stays in the future.
 *
 * @throws TypeError if `aw` is not awaitable. @throws TypeError, RangeError if `timeout` is not a
 * time.
 * @throws TimeoutError if the deadline passed. @throws RuntimeError outside a task.
 * @example
 * const item = yield* waitFor(queue.get(), 500);
 */
export function waitFor<T>(aw: AwaitableLike<T>, timeout: number | null | undefined): Coroutine<T> {
  checkAwaitable("aw", aw);
  checkTimeout("timeout", timeout);
  if (typeof timeout === "number" && timeout <= 0) return runImmediately(aw);
  return withTimeout(timeout, awaiting<T>, aw);
}

const runImmediately = /* @__PURE__ */ coroutine(function* waitFor<T>(
  aw: AwaitableLike<T>,
): Coroutine<T> {
  if (isCoroutine(aw)) {
    closeUnstarted(aw);
  } else if (typeof aw !== "function" || isThenable(aw)) {
    const loop = currentScheduler("waitFor()");
    const future = ensureFutureOn<T>(loop, aw as AwaitableLike<T>);
    if (future.done()) return future.result();
    future.cancel("The timeout expired");
    yield* waitUntilEnough(loop, [future], ALL_COMPLETED);
    if (!future.cancelled()) return future.result();
    throw new TimeoutError("The timeout expired", { cause: future._reason() });
  }
  throw new TimeoutError("The timeout expired before it began");
});
