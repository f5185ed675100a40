// Tests that the baselines are correct, because a promise version that loses an item or a turn
// would not be a fair rival.

import { beforeEach, describe, expect, test } from "vitest";
import { AsyncQueue } from "../../../bench/native/asyncQueue.ts";
import {
  BareFuture,
  BareGroup,
  BareLock,
  BareLoop,
  BareQueue,
  BareTask,
  BareTimers,
  Callback,
  Get,
  Getter,
  PARKED,
  Put,
} from "../../../bench/native/bareLoop.ts";
import { Fifo } from "../../../bench/native/fifo.ts";
import { Group } from "../../../bench/native/group.ts";
import { Mutex } from "../../../bench/native/mutex.ts";
import { StopToken } from "../../../bench/native/stopToken.ts";
import { race, TooLate, withTimer } from "../../../bench/native/timeouts.ts";

describe("Fifo", () => {
  test("returns items in order, even when its ring has wrapped and grown", () => {
    const fifo = new Fifo<number>();
    const taken: (number | undefined)[] = [];
    for (let i = 0; i < 10; i++) fifo.push(i);
    for (let i = 0; i < 8; i++) taken.push(fifo.shift());
    for (let i = 10; i < 50; i++) fifo.push(i);
    while (fifo.size > 0) taken.push(fifo.shift());

    expect(taken).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(fifo.shift()).toBe(undefined);
  });
});

describe("Mutex", () => {
  test("admits one holder at a time, in the order of the calls", async () => {
    const mutex = new Mutex();
    const trace: string[] = [];
    const enter = async (name: string) => {
      const turn = mutex.acquire();
      if (turn !== undefined) await turn;
      trace.push(`+${name}`);
      await undefined;
      trace.push(`-${name}`);
      mutex.release();
    };
    await Promise.all(["a", "b", "c"].map(enter));

    expect(trace.join(" ")).toBe("+a -a +b -b +c -c");
    expect(mutex.acquire()).toBe(undefined);
  });
});

describe("AsyncQueue", () => {
  test("hands every item over in order, and makes putters wait at its bound", async () => {
    const queue = new AsyncQueue<number>(2);
    const waits = [1, 2, 3].map((item) => queue.put(item));

    expect(waits.map((wait) => wait !== undefined)).toEqual([false, false, true]);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([1, 2, 3]);
    await waits[2];
    const got = queue.get();
    queue.put(4);
    expect(await got).toBe(4);
  });
});

describe("Group", () => {
  test("waits for all of its children", async () => {
    const group = new Group();
    const trace: string[] = [];
    group.spawn(async () => trace.push("a"));
    group.spawn(async () => {
      await undefined;
      trace.push("b");
    });
    await group.join();

    expect(trace).toEqual(["a", "b"]);
  });

  test("aborts its signal with the first error, and throws that error", async () => {
    const group = new Group();
    const { signal } = group;
    const error = new Error("first");
    group.spawn(() => Promise.reject(error));
    group.spawn(
      () =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("second")));
        }),
    );

    await expect(group.join()).rejects.toBe(error);
    expect(signal.reason).toBe(error);
  });
});

describe("StopToken", () => {
  test("calls a listener once, even if it is added after the stop", () => {
    const token = new StopToken();
    const trace: unknown[] = [];
    token.onStop((reason) => trace.push(reason));
    token.stop("a");
    token.stop("b");
    token.onStop((reason) => trace.push(reason));

    expect(trace).toEqual(["a", "a"]);
  });
});

describe.each([
  ["race", race],
  ["withTimer", withTimer],
])("%s", (_, limit) => {
  test("returns the value or the error of work that ends in time", async () => {
    const error = new Error("of the work");

    expect(await limit(60_000, async () => 1)).toBe(1);
    await expect(limit(60_000, () => Promise.reject(error))).rejects.toBe(error);
  });

  test("throws when the time limit is reached", async () => {
    await expect(limit(1, () => new Promise(() => {}))).rejects.toBeInstanceOf(TooLate);
  });
});

describe("the bare loop", () => {
  let loop: BareLoop;
  let trace: string[];

  beforeEach(() => {
    loop = new BareLoop();
    trace = [];
  });

  test("runs tasks in order, and skips parked ones", () => {
    function* body(name: string) {
      trace.push(`+${name}`);
      yield name === "b" ? PARKED : undefined;
      trace.push(`-${name}`);
    }
    for (const name of ["a", "b", "c"]) loop.wake(body(name));
    loop.run();

    expect(trace.join(" ")).toBe("+a +b +c -a -c");
  });

  test("has a future that wakes its waiter", () => {
    const future = new BareFuture<number>(loop);
    function* wait() {
      if (!future.isDone) yield future.park();
      trace.push(`${future.value}`);
    }
    loop.wake(wait());
    loop.wake(new Callback(() => future.complete(7)));
    loop.run();
    loop.wake(wait());
    loop.run();

    expect(trace).toEqual(["7", "7"]);
  });

  test("has a lock that admits one task at a time, in order", () => {
    const lock = new BareLock(loop);
    function* enter(name: string) {
      if (!lock.take()) yield PARKED;
      trace.push(`+${name}`);
      yield;
      trace.push(`-${name}`);
      lock.release();
    }
    for (const name of ["a", "b", "c"]) loop.wake(enter(name));
    loop.run();

    expect(trace.join(" ")).toBe("+a -a +b -b +c -c");
    expect(lock.take()).toBe(true);
  });

  test.each([1, 3])("has a queue with room for %d that hands over every item in order", (size) => {
    const queue = new BareQueue<number>(loop, size);
    const got: (number | undefined)[] = [];
    function* produce() {
      for (let i = 0; i < 10; i++) if (!queue.put(i)) yield PARKED;
      trace.push("produced");
    }
    function* consume() {
      for (let i = 0; i < 10; i++) {
        const item = queue.get();
        if (item instanceof Getter) yield PARKED;
        got.push(item instanceof Getter ? item.item : item);
      }
    }
    loop.wake(produce());
    loop.wake(consume());
    loop.run();

    expect([got, trace]).toEqual([Array.from({ length: 10 }, (_, index) => index), ["produced"]]);
  });

  test.each([1, 3])(
    "has a queue with room for %d whose calls can be used with `yield*`",
    (size) => {
      const queue = new BareQueue<number>(loop, size);
      const got: number[] = [];
      function* produce() {
        for (let i = 0; i < 10; i++) yield* new Put(queue, i);
        trace.push("produced");
      }
      function* consume() {
        for (let i = 0; i < 10; i++) got.push(yield* new Get(queue));
      }
      for (const body of size === 1 ? [produce(), consume()] : [consume(), produce()]) {
        loop.wake(body);
      }
      loop.run();

      expect([got, trace]).toEqual([Array.from({ length: 10 }, (_, index) => index), ["produced"]]);
    },
  );

  test("has tasks with results, and groups that wait for them", () => {
    function* child(name: string) {
      yield;
      trace.push(name);
      return name.toUpperCase();
    }
    function* parent() {
      const group = new BareGroup(loop, 2);
      const tasks = ["a", "b"].map((name, index) => new BareTask(loop, index, child(name), group));
      yield group.park();
      trace.push(...tasks.map(({ isDone, result }) => `${isDone} ${result}`));
    }
    loop.wake(parent());
    loop.run();

    expect(trace).toEqual(["a", "b", "true A", "true B"]);
  });

  test("has timers that never fire early, nor after they are stopped", () => {
    const timers = new BareTimers(loop);
    function* sleep(delay: number) {
      const due = performance.now() + delay;
      timers.start(delay);
      yield PARKED;
      trace.push(`${delay} ${performance.now() >= due}`);
    }
    function* inTime() {
      const timer = timers.start(3);
      yield;
      timers.stop(timer);
    }
    for (const delay of [9, 3, 3]) loop.wake(sleep(delay));
    loop.wake(inTime());
    timers.run();

    // Sorted, because on a busy machine the first timer may be due before the others are started.
    expect(trace.sort()).toEqual(["3 true", "3 true", "9 true"]);
  });
});
