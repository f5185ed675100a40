// Queues that are read outside of coroutines, or until their end.

import { beforeEach, describe, expect, test } from "vitest";
import { type EventLoop, newEventLoop } from "../../src/eventLoop.ts";
import { CancelledError } from "../../src/loop/errors.ts";
import { PriorityQueue } from "../../src/sync/priorityQueue.ts";
import { Queue } from "../../src/sync/queue.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let queue: Queue<number>;

beforeEach(() => {
  queue = new Queue();
});

const END = { done: true, value: undefined };

/** All until the end. */
async function collected<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe("for await over a queue", () => {
  test("gives what is there, and ends once the queue was shut down and is empty", async () => {
    for (const item of [1, 2, 3]) queue.putNowait(item);
    queue.shutdown();

    expect(await collected(queue)).toEqual([1, 2, 3]);
    expect(await collected(queue)).toEqual([]);
  });

  test("waits for what is put later, where no loop has used the queue", async () => {
    const items = collected(queue);
    for (const item of [1, 2]) {
      await Promise.resolve();
      queue.putNowait(item);
      queue.putNowait(item + 10);
    }
    queue.shutdown();

    expect(await items).toEqual([1, 11, 2, 12]);
  });

  test("takes turns with the tasks of a loop", async () => {
    queue = new Queue(1);
    const items = collected(queue);
    await newEventLoop().runUntilComplete(function* () {
      for (let item = 0; item < 5; item++) yield* queue.put(item);
      yield* sleep(1);
      queue.shutdown();
    });

    expect(await items).toEqual([0, 1, 2, 3, 4]);
  });

  test("that is left early leaves the rest in", async () => {
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

  test("shares with other getters, first come, first served", async () => {
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
  test("may be asked several times at once", async () => {
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

  test("that is closed while it waits loses no item: it goes to the next one", async () => {
    const iterator = queue[Symbol.asyncIterator]();
    const pending = [iterator.next(), iterator.next()];
    const closed = await iterator.return?.();
    queue.putNowait(1);

    expect([closed, ...(await Promise.all(pending))]).toEqual([END, END, END]);
    expect([queue.qsize(), await iterator.next(), queue.getNowait()]).toEqual([1, END, 1]);
  });

  test("that is closed gives what it was handed before", async () => {
    const iterator = queue[Symbol.asyncIterator]();
    const pending = iterator.next();
    queue.putNowait(1);
    await iterator.return?.();

    expect(await pending).toEqual({ done: false, value: 1 });
  });

  test("is iterable itself", async () => {
    queue.putNowait(1);
    queue.shutdown();

    expect(await collected(queue[Symbol.asyncIterator]())).toEqual([1]);
  });

  test("rejects with what the order of the queue throws, and loses nothing", async () => {
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

describe("pulling from a queue in a coroutine", () => {
  test("gives items until the queue was shut down and is empty", () => {
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

  test("loses no item to a cancel", () => {
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
