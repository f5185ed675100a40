import type { Scheduler } from "../loop/scheduler.ts";
import type { AwaitableLike } from "./awaitable.ts";
import { ensureFuture } from "./ensureFuture.ts";

/**
 * Returns a promise of `aw`, for functions that need one. A coroutine starts as a task.
 *
 * The promise can't be cancelled. If the task is cancelled, the promise rejects with the
 * CancelledError. A coroutine that awaits the promise then gets a RuntimeError with this error as
 * its `cause`, because the coroutine itself was not cancelled.
 *
 * @param options.loop the loop to run a coroutine on, by default the running one.
 * @throws TypeError if `aw` is not awaitable. @throws RuntimeError if a loop is needed and none is
 * running, or if `aw` is a future of another loop than `options.loop`.
 */
export function toPromise<T>(
  aw: AwaitableLike<T>,
  options?: { readonly loop?: Scheduler | undefined },
): Promise<T> {
  return ensureFuture(aw, options).then();
}
