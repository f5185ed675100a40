// Sources for coroutines, in async functions.

import type { Scheduler } from "../loop/scheduler.ts";
import { createTaskOn } from "../tasks/awaitable.ts";
import type { CoroutineSource } from "../tasks/iterate.ts";

/**
 * Gives the items of `source` to `for await`, each taken by a task of `loop`, which has to run meanwhile. To leave the
 * loop early loses nothing, and leaves the source as it is.
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
