import type { Scheduler } from "../loop/scheduler.ts";
import { createTaskOn } from "../tasks/createTask.ts";
import type { CoroutineSource } from "../tasks/iterate.ts";

/**
 * Yields the items of `source` to `for await` in async functions. A task of `loop` takes each item,
 * so the loop must be running. Ending the iteration early loses no items, and the source stays
 * open.
 */
export function asyncIterator<T>(
  loop: Scheduler,
  source: CoroutineSource<T>,
): AsyncIterableIterator<T, undefined> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => createTaskOn(loop, source._pull()),
    return: async () => ({ done: true, value: undefined }),
  };
}
