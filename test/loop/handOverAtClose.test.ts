// Tests what happens to an item, lock or permit that a task is handed in the last turn of its loop,
// so that the task can no longer take it.

import { describe, expect } from "vitest";
import {
  Condition,
  type Coroutine,
  gather,
  LifoQueue,
  Lock,
  mapConcurrent,
  moveOnAfter,
  PriorityQueue,
  Queue,
  RateLimiter,
  race,
  Semaphore,
  sleep,
  taskGroup,
  timeout,
  waitFor,
} from "../../src/index.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

const LONG = 1_000_000;

const GETS: Readonly<Record<string, (queue: Queue<string>) => Coroutine<unknown>>> = {
  "`get`": (queue) => queue.get(),
  "`get` in another coroutine": function* (queue) {
    return yield* queue.get();
  },
  "`race`": (queue) => race([sleep(LONG), queue.get()]),
  "nested races": (queue) => race([sleep(LONG), race([sleep(LONG), queue.get()])]),
  "`timeout`": (queue) => timeout(LONG, () => queue.get()),
  "`waitFor`": (queue) => waitFor(queue.get(), LONG),
  "`moveOnAfter` around `race`": (queue) => moveOnAfter(LONG, () => race([queue.get()])),
  "`gather`": function* (queue) {
    return yield* gather([queue.get(), sleep(LONG)]);
  },
  "a task group": (queue) =>
    taskGroup(function* (group) {
      return yield* group.createTask(queue.get());
    }),
  "`mapConcurrent`": (queue) =>
    mapConcurrent(queue, function* (item) {
      trace.push(item);
    }),
};

/** Runs `coros`, calls `handOver` in the last turn of the run, and closes the loop. */
function closeAfter(coros: Coroutine<unknown>[], handOver: () => void): void {
  for (const coro of coros) loop.createTask(coro);
  loop.callLater(1, () => {
    handOver();
    loop.stop();
  });
  loop.runForeverSync();
  loop.close();
}

describe("closing the loop in the turn of a hand-over", () => {
  describe.each(Object.entries(GETS))("to %s", (_, get) => {
    test.for([Queue, PriorityQueue, LifoQueue])("returns the item to the queue: %o", (Kind) => {
      const queue = new Kind<string>();
      closeAfter([get(queue)], () => queue.putNowait("item"));

      expect([queue.qsize(), queue.getNowait(), trace]).toEqual([1, "item", []]);
    });
  });

  test("returns items in their order", () => {
    const queue = new Queue<string>();
    closeAfter([queue.get(), queue.get()], () => {
      for (const item of "abc") queue.putNowait(item);
    });

    expect([queue.getNowait(), queue.getNowait(), queue.getNowait()].join("")).toBe("abc");
  });

  test("hands the item on to a reader outside the loop", async () => {
    const queue = new Queue<string>();
    const reader = queue[Symbol.asyncIterator]();
    let next: Promise<IteratorResult<string>> | undefined;
    closeAfter([queue.get()], () => {
      next = reader.next();
      queue.putNowait("item");
    });

    expect(await next).toEqual({ done: false, value: "item" });
  });

  test("frees a lock, a semaphore and a condition", () => {
    const locks = [new Lock(), new Semaphore(1), new Condition()];
    function* acquireAll(): Coroutine<void> {
      for (const lock of locks) yield* lock.acquire();
      for (const lock of locks) loop.createTask(race([sleep(LONG), lock.acquire()]));
    }
    closeAfter([acquireAll()], () => {
      for (const lock of locks) lock.release();
    });

    expect(locks.map((lock) => lock.locked())).toEqual([false, false, false]);
  });

  test("does not start a rate limiter's timer again", () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1 });
    closeAfter([limiter.acquire(), limiter.acquire(), limiter.acquire()], () => undefined);

    expect([...loop._slots]).toEqual([]);
  });
});
