// Calls in other threads of a page, in the form of docs/threads.md that bundlers understand.

import {
  type Coroutine,
  getRunningLoop,
  run,
  ThreadExecutor,
  TimeoutError,
  timeout,
  toThread,
} from "mysyncio/browser";
import { sum, untilCancelled } from "./browserTasks.ts";

/** Runs `main` on a loop whose threads come from the bundle itself. */
function runWithThreads<T>(main: () => Coroutine<T>): Promise<T> {
  return run(function* () {
    getRunningLoop().setDefaultExecutor(
      new ThreadExecutor({
        worker: () => new Worker(new URL("./thread.ts", import.meta.url), { type: "module" }),
      }),
    );
    return yield* main();
  });
}

export const call = (): Promise<number> => runWithThreads(() => toThread(sum, 1, 1_000));

export const cancel = (): Promise<string> =>
  runWithThreads(function* () {
    // The thread has started before the deadline begins.
    yield* toThread(sum, 1, 1);
    try {
      yield* timeout(200, () => toThread(untilCancelled));
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      return "cancelled";
    }
    return "returned";
  });
