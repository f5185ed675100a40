// Calls in other threads of a page, by the form of docs/threads.md that bundlers understand.

import {
  type Coroutine,
  getRunningLoop,
  run,
  ThreadExecutor,
  TimeoutError,
  timeout,
  toThread,
} from "mysyncio/browser";

const url = new URL("./browserTasks.ts", import.meta.url);

/** Runs `main` on a loop whose threads are the bundle's own. */
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

function* sum(from: number, to: number): Coroutine<number> {
  return (yield* toThread({ url, name: "sum" }, from, to)) as number;
}

export const call = (): Promise<number> => runWithThreads(() => sum(1, 1_000));

export const cancel = (): Promise<string> =>
  runWithThreads(function* () {
    // The thread has started when the deadline begins.
    yield* sum(1, 1);
    try {
      yield* timeout(200, () => toThread({ url, name: "untilCancelled" }));
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      return "cancelled";
    }
    return "returned";
  });
