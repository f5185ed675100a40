// Calls in other threads with `mysyncio/node`.

import { run, TimeoutError, timeout, toThread } from "mysyncio/node";
import { sum, untilCancelled } from "./nodeTasks.ts";

export const call = (): Promise<number> =>
  run(function* () {
    return yield* toThread(sum, 1, 1_000);
  });

export const cancel = (): Promise<string> =>
  run(function* () {
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
