// Tests that items keep their order when cancelled getters give them back, even if an item was
// handed to several getters in turn, and so is given back later than its neighbours.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Coroutine, LifoQueue, PriorityQueue, Queue, type Task } from "../../src/index.ts";
import { scale } from "../support/effort.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

interface Pipe {
  get(): Coroutine<unknown>;
  putNowait(item: string): void;
  getNowait(): unknown;
  qsize(): number;
}

const kinds = [
  { name: "Queue", make: (): Pipe => new Queue<string>(), rest: ["1", "2", "3", "4"] },
  { name: "LifoQueue", make: (): Pipe => new LifoQueue<string>(), rest: ["4", "3", "2", "1"] },
  {
    name: "PriorityQueue of equal items",
    make: (): Pipe => new PriorityQueue<string>(0, { compare: () => 0 }),
    rest: ["1", "2", "3", "4"],
  },
];

describe.each(kinds)("$name", ({ make, rest }) => {
  test("keeps two returned items in order even if a third getter is handed the older one", () => {
    const loop = newVirtualLoop();
    const queue = make();
    function* getThenCancelThird(): Coroutine<void> {
      try {
        yield* queue.get();
      } finally {
        // The third getter has just been handed the item that the cancelled one gave back.
        third.cancel();
      }
    }
    const first = loop.createTask(getThenCancelThird);
    const second = loop.createTask(() => queue.get());
    const third = loop.createTask(() => queue.get());
    loop.callLater(1, () => {
      queue.putNowait("1");
      queue.putNowait("2");
      first.cancel();
      second.cancel();
    });
    runDry(loop);

    expect([first, second, third].map((task) => task.cancelled())).toEqual([true, true, true]);
    expect(drained(queue)).toEqual(rest.filter((item) => item <= "2"));
  });

  test("keeps the order whichever getters are cancelled, and whenever", () => {
    const cancels = fc.array(fc.array(fc.nat(9), { maxLength: 4 }), {
      minLength: 5,
      maxLength: 10,
    });
    fc.assert(
      fc.property(cancels, fc.nat(4), (cancelledBy, early) => {
        const loop = newVirtualLoop();
        const queue = make();
        const received: unknown[] = [];
        const getters: Task<void>[] = cancelledBy.map((others) =>
          loop.createTask(function* () {
            try {
              received.push(yield* queue.get());
            } finally {
              for (const other of others) getters[other]?.cancel();
            }
          }),
        );
        loop.callLater(1, () => {
          for (const item of ["1", "2", "3", "4"]) queue.putNowait(item);
          for (let i = 0; i <= early; i++) getters[i]!.cancel();
        });
        runDry(loop);
        const left = drained(queue);

        expect([...received, ...left].sort()).toEqual(["1", "2", "3", "4"]);
        expect(left).toEqual(rest.filter((item) => left.includes(item)));
        loop.close();
      }),
      { numRuns: scale(200, 2_000, 500) },
    );
  });
});

function drained(queue: Pipe): unknown[] {
  return Array.from({ length: queue.qsize() }, () => queue.getNowait());
}
