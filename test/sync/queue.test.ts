// A queue, as its users see it. One file, because the class has one contract.

import { describe, expect } from "vitest";
import {
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueEmpty,
  QueueFull,
  RuntimeError,
  sleep,
  type Task,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

function getter(queue: Queue<number>, name: string): Task<void> {
  return loop.createTask(function* () {
    const item = yield* queue.get();
    trace.push(`${name}${item}`);
  });
}

function putter(queue: Queue<number>, item: number): Task<void> {
  return loop.createTask(function* () {
    yield* queue.put(item);
    trace.push(`put ${item}`);
  });
}

/** Takes all items out. */
function drained<T>(queue: Queue<T>): T[] {
  const items: T[] = [];
  while (!queue.empty()) items.push(queue.getNowait());
  return items;
}

function filled<Q extends Queue<number>>(queue: Q, ...items: number[]): Q {
  for (const item of items) queue.putNowait(item);
  return queue;
}

describe("a queue", () => {
  test("returns the oldest item first", () => {
    expect(drained(filled(new Queue<number>(), 3, 1, 2))).toEqual([3, 1, 2]);
  });

  test("returns many items in order, for any sequence of puts and gets", () => {
    const queue = new Queue<number>();
    const items: number[] = [];
    let count = 0;
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < round % 7; i++) queue.putNowait(count++);
      for (let i = 0; i < round % 5 && !queue.empty(); i++) items.push(queue.getNowait());
    }
    items.push(...drained(queue));

    expect(items).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test("can be emptied in time proportional to the number of its items", () => {
    const queue = new Queue<number>();
    for (let i = 0; i < 300_000; i++) queue.putNowait(i);

    expect(drained(queue).length).toBe(300_000);
  });

  test("reports its number of items and its bound", () => {
    const queue = new Queue<number>(2);
    const states = [0, 1, 2].map((item) => {
      const state = [queue.qsize(), queue.empty(), queue.full()];
      if (!queue.full()) queue.putNowait(item);
      return state;
    });

    expect([queue.maxsize, ...states]).toEqual([
      2,
      [0, true, false],
      [1, false, false],
      [2, false, true],
    ]);
  });

  test.each([0, -1, Infinity, -Infinity, undefined])(
    "has no bound with a maxsize of %o",
    (maxsize) => {
      const queue = filled(new Queue<number>(maxsize), 1, 2, 3);

      expect([queue.full(), queue.maxsize]).toEqual([false, maxsize ?? 0]);
    },
  );

  test.each([NaN, 1.5])("throws a RangeError for a maxsize of %o", (maxsize) => {
    for (const Kind of [Queue, LifoQueue, PriorityQueue]) {
      expect(() => new Kind(maxsize)).toThrow(RangeError);
    }
  });

  test.each(["1", null, {}])("throws a TypeError for a maxsize of %o", (maxsize) => {
    const error = caught(() => new Queue(maxsize as never));

    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("`maxsize`");
  });

  test("does not suspend if the operation can complete immediately", () => {
    const queue = new Queue<number>(1);

    expect(queue.put(1).next()).toEqual({ done: true, value: undefined });
    expect(() => queue.putNowait(2)).toThrow(QueueFull);
    expect(queue.get().next()).toEqual({ done: true, value: 1 });
    expect(() => queue.getNowait()).toThrow(QueueEmpty);
  });

  test("accepts undefined as an item", () => {
    const queue = new Queue<undefined>();
    queue.putNowait(undefined);

    expect([queue.qsize(), queue.getNowait(), queue.qsize()]).toEqual([1, undefined, 0]);
  });

  test("belongs to the loop of the first task that waits in get, put or join", () => {
    const queue = new Queue<number>(1);
    getter(queue, "a");
    runDry(loop);
    const other = newVirtualLoop();
    filled(queue, 1, 2);

    expect(() => other.runUntilCompleteSync(() => queue.put(3))).toThrow(RuntimeError);
    expect(() => other.runUntilCompleteSync(() => queue.join())).toThrow(RuntimeError);
    expect(drained(queue)).toEqual([2]);
    expect(() => other.runUntilCompleteSync(() => queue.get())).toThrow(RuntimeError);
  });
});

describe("an item that is put while a getter waits", () => {
  test("belongs to that getter immediately", () => {
    const queue = new Queue<number>(1);
    for (const name of "ab") getter(queue, name);
    loop.callLater(1, () => {
      filled(queue, 1, 2, 3);
      trace.push(`${queue.qsize()} left`);
      getter(queue, "c");
    });
    runDry(loop);

    expect(trace).toEqual(["1 left", "a1", "b2", "c3"]);
  });

  test("cannot be taken by another getter", () => {
    const queue = new Queue<number>();
    getter(queue, "a");
    runDry(loop);
    queue.putNowait(1);

    expect([queue.qsize(), queue.empty()]).toEqual([0, true]);
    expect(() => queue.getNowait()).toThrow(QueueEmpty);
  });

  test("goes to the next getter if the first is cancelled in the same turn", () => {
    const queue = new Queue<number>();
    const cancelled = getter(queue, "a");
    getter(queue, "b");
    loop.callLater(1, () => {
      queue.putNowait(1);
      cancelled.cancel();
    });
    runDry(loop);

    expect([trace, cancelled.cancelled()]).toEqual([["b1"], true]);
  });

  test("goes to the second getter if the first was cancelled earlier", () => {
    const queue = new Queue<number>();
    const cancelled = getter(queue, "a");
    getter(queue, "b");
    loop.callLater(1, () => {
      cancelled.cancel();
      queue.putNowait(1);
    });
    runDry(loop);

    expect(trace).toEqual(["b1"]);
  });

  test.each([
    [Queue, [1, 2, 3, 4]],
    [LifoQueue, [4, 3, 2, 1]],
    [PriorityQueue, [1, 2, 3, 4]],
  ])("goes back as if it had never been taken, if no other getter waits: %o", (Kind, order) => {
    const queue = new Kind<number>(2);
    const getters = [..."ab"].map((name) => getter(queue, name));
    loop.callLater(1, () => {
      filled(queue, 1, 2, 3, 4);
      for (const task of getters) task.cancel();
    });
    loop.callLater(2, () => trace.push(`${queue.qsize()} of ${queue.maxsize}`));
    runDry(loop);

    expect([trace, queue.full(), drained(queue)]).toEqual([["4 of 2"], true, order]);
  });
});

describe("room that becomes free while a putter waits", () => {
  test("goes to that putter, whose item enters immediately", () => {
    const queue = filled(new Queue<number>(1), 1);
    putter(queue, 2);
    putter(queue, 3);
    loop.callLater(1, () => {
      trace.push(`got ${queue.getNowait()}`, `${queue.qsize()} left`);
      expect(() => queue.putNowait(4)).toThrow(QueueFull);
    });
    loop.callLater(2, () => trace.push(`got ${queue.getNowait()}`));
    runDry(loop);

    expect(trace).toEqual(["got 1", "1 left", "put 2", "got 2", "put 3"]);
    expect(drained(queue)).toEqual([3]);
  });

  test("does not go to a putter that was cancelled earlier", () => {
    const queue = filled(new Queue<number>(1), 1);
    const cancelled = putter(queue, 2);
    putter(queue, 3);
    loop.callLater(1, () => {
      cancelled.cancel();
      queue.getNowait();
    });
    runDry(loop);

    expect([trace, cancelled.cancelled(), drained(queue)]).toEqual([["put 3"], true, [3]]);
  });

  test("is filled with that putter's item even if the putter is cancelled in the same turn", () => {
    const queue = filled(new Queue<number>(1), 1);
    const cancelled = putter(queue, 2);
    loop.callLater(1, () => {
      queue.getNowait();
      cancelled.cancel();
    });
    runDry(loop);

    expect([cancelled.cancelled(), drained(queue)]).toEqual([true, [2]]);
  });

  test("goes to a putter only once there are fewer than maxsize items, even if a cancelled getter puts one back", () => {
    const queue = new Queue<number>(1);
    const cancelled = getter(queue, "a");
    loop.callLater(1, () => {
      filled(queue, 1, 2);
      cancelled.cancel();
    });
    loop.callLater(2, () => {
      putter(queue, 3);
    });
    for (const time of [3, 4]) loop.callLater(time, () => trace.push(`got ${queue.getNowait()}`));
    runDry(loop);

    expect(trace).toEqual(["got 1", "got 2", "put 3"]);
  });
});

describe("join", () => {
  test("waits until each item is marked as done", () => {
    const queue = filled(new Queue<number>(), 1, 2);
    for (const name of "ab") {
      loop.createTask(function* () {
        yield* queue.join();
        trace.push(`${name} at ${loop.time()}`);
      });
    }
    loop.createTask(function* () {
      for (;;) {
        yield* queue.get();
        yield* sleep(10);
        queue.taskDone();
      }
    });
    runDry(loop);

    expect(trace).toEqual(["a at 20", "b at 20"]);
  });

  test("does not wait if no items were put, or all are done", () => {
    const queue = new Queue<number>();
    const steps = [queue.join().next()];
    queue.putNowait(1);
    queue.taskDone();
    steps.push(queue.join().next());

    expect(steps.map(({ done }) => done)).toEqual([true, true]);
  });

  test("waits for an item that was handed over, and for one from a waiting putter", () => {
    const queue = new Queue<number>(1);
    getter(queue, "a");
    runDry(loop);
    filled(queue, 1, 2);
    putter(queue, 3);
    runDry(loop);
    queue.getNowait();
    runDry(loop);
    const counts = [1, 2, 3].map(() => {
      const isWaiting = !loop.runUntilCompleteSync(function* () {
        return queue.join().next().done;
      });
      queue.taskDone();
      return isWaiting;
    });

    expect([counts, queue.join().next().done]).toEqual([[true, true, true], true]);
  });

  test("returns even if another item is put in the same turn", () => {
    const queue = filled(new Queue<number>(), 1);
    loop.createTask(function* () {
      yield* queue.join();
      trace.push("joined");
    });
    loop.callLater(1, () => {
      queue.taskDone();
      queue.putNowait(2);
    });
    runDry(loop);

    expect(trace).toEqual(["joined"]);
  });

  test("counts calls of taskDone(), which throws a RangeError if called too often", () => {
    const queue = filled(new Queue<number>(), 1);
    queue.taskDone();

    expect(() => queue.taskDone()).toThrow(RangeError);
    expect(() => new Queue().taskDone()).toThrow("more often");
  });
});

describe("a LIFO queue", () => {
  test("returns the newest item first", () => {
    const queue = filled(new LifoQueue<number>(), 1, 3, 2);
    const first = queue.getNowait();
    queue.putNowait(4);

    expect([first, ...drained(queue)]).toEqual([2, 4, 3, 1]);
  });

  test("is bounded, and waits, like any queue", () => {
    const queue = filled(new LifoQueue<number>(2), 1, 2);
    putter(queue, 3);
    runDry(loop);

    expect(() => queue.putNowait(4)).toThrow(QueueFull);
    expect(drained(queue)).toEqual([2, 3, 1]);
  });
});
