import { currentScheduler } from "../loop/current.ts";
import { currentTask } from "./currentTask.ts";
import type { Coroutine } from "./kernel/coroutine.ts";
import type { Future } from "./kernel/future.ts";
import { ALL_COMPLETED, waitUntilEnough } from "./wait.ts";
import { thoseThatWaitFor } from "./waitsFor.ts";

/**
 * Waits until all `futures` are done, even if the running task is cancelled in the meantime. Then
 * throws the cancellation, if any, and otherwise the error of the first future in the list that
 * failed during the wait.
 *
 * Leaves out futures that wait for the running task, because they could never complete.
 */
export function* joinAll(futures: readonly Future<unknown>[]): Coroutine<void> {
  const loop = currentScheduler("A wait");
  const task = currentTask(loop);
  const stuck = new Set(thoseThatWaitFor(task, futures));
  const joined = futures.filter((future) => !future.done() && !stuck.has(future));
  let cancel: { readonly error: unknown } | undefined;
  for (let left = joined; left.length > 0; left = left.filter((future) => !future.done())) {
    try {
      yield* waitUntilEnough(loop, left, ALL_COMPLETED);
    } catch (error) {
      cancel ??= { error };
    }
  }
  if (cancel !== undefined) throw cancel.error;
  const failed = joined.find((future) => future._hasFailed() && !future.cancelled());
  if (failed !== undefined) throw failed._reason();
}
