import type { Scheduler } from "../loop/scheduler.ts";
import { type AwaitableLike, ensureFuture } from "./awaitable.ts";

/**
 * Gives the promise of anything awaitable, for functions that want one. A coroutine starts as a task.
 *
 * The promise cannot be cancelled. If the task is, it rejects with the CancelledError.
 *
 * @param options.loop where a coroutine runs, by default on the running loop.
 * @throws TypeError if `aw` is not awaitable. @throws RuntimeError if a loop is needed and none runs.
 */
export function toPromise<T>(
  aw: AwaitableLike<T>,
  options?: { readonly loop?: Scheduler | undefined },
): Promise<T> {
  return ensureFuture(aw, options).then();
}
