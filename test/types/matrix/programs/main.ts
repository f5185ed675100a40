import { type Coroutine, createTask, gather, Queue, run, sleep } from "mysyncio";
import { explore, VirtualClock } from "mysyncio/testing";

function* twice(value: string): Coroutine<string> {
  return (yield* sleep(1, value)) + (yield* createTask(() => sleep(1, value)));
}

export const result: Promise<[string, string]> = run(
  function* () {
    const queue = new Queue<string>(undefined);
    queue.putNowait("a");
    return yield* gather([twice(yield* queue.get()), twice("b")], { returnExceptions: undefined });
  },
  { debug: undefined, clock: new VirtualClock(), signals: undefined },
);
export const explored: Promise<unknown> = explore(() => twice("c"), { seed: undefined });
