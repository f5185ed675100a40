// Reading queues outside coroutines, or to their end.

import { beforeEach, describe, expect, test } from "vitest";
import {
  CancelledError,
  type EventLoop,
  newEventLoop,
  PriorityQueue,
  Queue,
  sleep,
} from "../../src/index.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let queue: Queue<number>;

beforeEach(() => {
  queue = new Queue();
});

const END = { done: true, value: undefined };

/** All items until the end. */
async function collected<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe("for await over a queue", () => {
  test("yields the items, and ends once the queue is shut down and empty", async () => {
    for (const item of [1, 2, 3]) queue.putNowait(item);
    queue.shutdown();

    expect(await collected(queue)).toEqual([1, 2, 3]);
    expect(await collected(queue)).toEqual([]);
  });

  test("waits for later items, even if no loop has used the queue", async () => {
    const items = collected(queue);
    for (const item of [1, 2]) {
      await Promise.resolve();
      queue.putNowait(item);
      queue.putNowait(item + 10);
    }
    queue.shutdown();

    expect(await items).toEqual([1, 11, 2, 12]);
  });

  test("alternates with the tasks of a loop", async () => {
    queue = new Queue(1);
    const items = collected(queue);
    await newEventLoop().runUntilComplete(function* () {
      for (let item = 0; item < 5; item++) yield* queue.put(item);
      yield* sleep(1);
      queue.shutdown();
    });

    expect(await items).toEqual([0, 1, 2, 3, 4]);
  });

  test("leaves the remaining items in the queue when it ends early", async () => {
    for (const item of [1, 2, 3]) queue.putNowait(item);
    for await (const item of queue) if (item === 2) break;

    expect([queue.qsize(), queue.getNowait()]).toEqual([1, 3]);
  });

  test("follows the order of the queue", async () => {
    queue = new PriorityQueue();
    for (const item of [3, 1, 2]) queue.putNowait(item);
    queue.shutdown();

    expect(await collected(queue)).toEqual([1, 2, 3]);
  });

  test("shares the items with other getters, in order of arrival", async () => {
    const loop: EventLoop = newVirtualLoop();
    const before = loop.createTask(queue.get());
    runDry(loop);
    const outside = queue[Symbol.asyncIterator]().next();
    const after = loop.createTask(queue.get());
    runDry(loop);
    for (const item of [1, 2, 3]) queue.putNowait(item);
    runDry(loop);

    expect([before.result(), await outside, after.result()]).toEqual([
      1,
      { done: false, value: 2 },
      3,
    ]);
  });
});

describe("an iterator of a queue", () => {
  test("accepts several requests at once", async () => {
    const iterator = queue[Symbol.asyncIterator]();
    const results = [iterator.next(), iterator.next(), iterator.next()];
    queue.putNowait(1);
    queue.putNowait(2);
    queue.shutdown();

    expect(await Promise.all(results)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      END,
    ]);
  });

  test("leaves its item to the next getter if it is closed while it waits", async () => {
    const iterator = queue[Symbol.asyncIterator]();
    const pending = [iterator.next(), iterator.next()];
    const closed = await iterator.return?.();
    queue.putNowait(1);

    expect([closed, ...(await Promise.all(pending))]).toEqual([END, END, END]);
    expect([queue.qsize(), await iterator.next(), queue.getNowait()]).toEqual([1, END, 1]);
  });

  test("still returns an item that was handed to it before it was closed", async () => {
    const iterator = queue[Symbol.asyncIterator]();
    const pending = iterator.next();
    queue.putNowait(1);
    await iterator.return?.();

    expect(await pending).toEqual({ done: false, value: 1 });
  });

  test("is itself iterable", async () => {
    queue.putNowait(1);
    queue.shutdown();

    expect(await collected(queue[Symbol.asyncIterator]())).toEqual([1]);
  });

  test("rejects with the error of the queue's compare function, and loses nothing", async () => {
    let isFailing = false;
    const failing = new PriorityQueue<number>(0, {
      compare: (a, b) => {
        if (isFailing) throw new RangeError("no order");
        return a - b;
      },
    });
    for (const item of [3, 1, 2]) failing.putNowait(item);
    const iterator = failing[Symbol.asyncIterator]();
    isFailing = true;
    await expect(iterator.next()).rejects.toThrow("no order");
    isFailing = false;
    failing.shutdown();

    expect(await collected(iterator)).toEqual([1, 2, 3]);
  });
});

describe("reading a queue in a coroutine", () => {
  test("yields items until the queue is shut down and empty", () => {
    const loop = newVirtualLoop();
    const task = loop.createTask(function* () {
      const results: unknown[] = [];
      for (let i = 0; i < 3; i++) results.push(yield* queue._pull());
      return results;
    });
    loop.callLater(1, () => {
      queue.putNowait(1);
      queue.putNowait(2);
    });
    loop.callLater(2, () => queue.shutdown());
    runDry(loop);

    expect(task.result()).toEqual([{ done: false, value: 1 }, { done: false, value: 2 }, END]);
  });

  test("loses no item to a cancellation", () => {
    const loop = newVirtualLoop();
    const task = loop.createTask(queue._pull());
    loop.callLater(1, () => {
      queue.putNowait(1);
      task.cancel();
    });
    runDry(loop);

    expect(() => task.result()).toThrow(CancelledError);
    expect(queue.getNowait()).toBe(1);
  });
});
