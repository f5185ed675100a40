import { type AwaitableLike, checkSomeAwaitables, startAll } from "./awaitable.ts";
import { type Coroutine, coroutine } from "./coroutine.ts";
import { currentScheduler, type Future } from "./future.ts";
import type { AwaitedBy } from "./gather.ts";
import { ALL_COMPLETED, FIRST_COMPLETED, watch } from "./wait.ts";

/**
 * Starts all of `aws`, and gives the result of the first that is done, or throws its error. The others are cancelled
 * and waited for before that.
 *
 * Coroutines and functions start as tasks, in order. Of those that are done in the same turn, the one that was done
 * first wins; of those that were done before, the one that comes first in `aws`. A loser that throws an error when it
 * is cancelled is reported as an exception that nobody retrieved.
 *
 * A cancel cancels all and waits for them too; one that comes while the losers are waited for is not passed on to them.
 * Either is thrown at the end, and wins over a result and an error, which is then reported.
 *
 * Like `asyncio.wait` with `FIRST_COMPLETED`, with the tidying that everybody has to write after it.
 *
 * @throws TypeError if one of `aws` is not awaitable. @throws RangeError if `aws` is empty.
 * @throws RuntimeError for a future of another loop.
 * @example
 * const reply = yield* race([ask(primary), ask(replica)]);
 */
export function race<A extends AwaitableLike<unknown>>(aws: Iterable<A>): Coroutine<AwaitedBy<A>> {
  return racing(checkSomeAwaitables(aws)) as Coroutine<never>;
}

const racing = /* @__PURE__ */ coroutine(function* race(
  aws: readonly AwaitableLike<unknown>[],
): Coroutine<unknown> {
  const loop = currentScheduler("race()");
  let left = [...new Set(startAll(loop, aws))];
  let winner: Future<unknown> | undefined;
  /** The first error that was thrown in here: a cancel of the task. */
  let cancel: { readonly error: unknown } | undefined;
  try {
    winner = yield* watch(loop, left, FIRST_COMPLETED);
  } catch (error) {
    cancel = { error };
  }
  const reason = winner ? "Another won the race" : "The race was cancelled";
  for (const future of left) future.cancel(reason);
  for (;;) {
    left = left.filter((future) => !future.done());
    if (left.length === 0) break;
    try {
      yield* watch(loop, left, ALL_COMPLETED);
    } catch (error) {
      cancel ??= { error };
    }
  }
  if (cancel !== undefined) throw cancel.error;
  return (winner as Future<unknown>).result();
});
