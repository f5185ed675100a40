import { TimeoutError } from "../loop/errors.ts";
import {
  type AwaitableLike,
  callAndAwait,
  checkAwaitable,
  dismiss,
  ensureFutureOn,
  giverOf,
  isThenable,
} from "./awaitable.ts";
import { type Coroutine, coroutine, isCoroutine } from "./coroutine.ts";
import { currentScheduler } from "./future.ts";
import { checkTimeout, timeout as withTimeout } from "./timeout.ts";
import { ALL_COMPLETED, watch } from "./wait.ts";

/**
 * Awaits anything awaitable, for `timeout` milliseconds at most. Gives its result. Like `asyncio.wait_for`.
 *
 * A coroutine runs in the calling task, so a primitive such as `queue.get()` never loses what it has taken. At the
 * deadline what is awaited is cancelled, and waited for: that may take longer than the timeout, and if it swallows the
 * cancel, its value is the result. `null` and `undefined` wait for ever. With a timeout of 0 or less a coroutine is
 * closed and never starts; a future that is done gives its result, and one that is not is cancelled and waited for.
 *
 * A cancel goes on to what is awaited. It wins over a result of the same turn, which then stays in the future.
 *
 * @throws TypeError if `aw` is not awaitable. @throws TypeError, RangeError if `timeout` is not a time.
 * @throws TimeoutError if the deadline passed. @throws RuntimeError outside of a task.
 * @example
 * const answer = yield* waitFor(queue.get(), 500);
 */
export function waitFor<T>(aw: AwaitableLike<T>, timeout: number | null | undefined): Coroutine<T> {
  checkAwaitable("aw", aw);
  checkTimeout("timeout", timeout);
  if (typeof timeout === "number" && timeout <= 0) return atOnce(aw);
  return withTimeout(timeout, () => callAndAwait(giverOf(aw)));
}

const atOnce = /* @__PURE__ */ coroutine(function* waitFor<T>(aw: AwaitableLike<T>): Coroutine<T> {
  if (isCoroutine(aw)) {
    dismiss(aw);
  } else if (typeof aw !== "function" || isThenable(aw)) {
    const loop = currentScheduler("waitFor()");
    const future = ensureFutureOn<T>(loop, aw as AwaitableLike<T>);
    if (future.done()) return future.result();
    future.cancel("The timeout expired");
    yield* watch(loop, [future], ALL_COMPLETED);
    if (!future.cancelled()) return future.result();
    throw new TimeoutError("The timeout expired", { cause: future._reason() });
  }
  throw new TimeoutError("The timeout expired before it began");
});
