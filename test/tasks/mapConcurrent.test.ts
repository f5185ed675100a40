// `mapConcurrent`, its errors and its end. One file, because the function has one contract.

import * as fc from "fast-check";
import { beforeEach, describe, expect } from "vitest";
import {
  allTasks,
  CancelledError,
  type Coroutine,
  coroutine,
  currentTask,
  type ExceptionContext,
  Future,
  mapConcurrent,
  Queue,
  RuntimeError,
  sleep,
  Task,
} from "../../src/index.ts";
import { hostTimer } from "../support/host.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

let reports: ExceptionContext[];

beforeEach(() => {
  reports = collectReports(loop);
});

function ended<T>(main: () => Coroutine<T>, cancelAt?: number): Task<T> {
  const task = loop.createTask(main);
  if (cancelAt !== undefined) loop.callLater(cancelAt, () => task.cancel());
  runDry(loop);
  expect([...loop._slots]).toEqual([]);
  return task;
}

const errorsReported = () => reports.map(({ exception }) => exception);

/** Waits for as long as the item says, and records letters for the events. */
const visit = coroutine(function* (delay: number): Coroutine<string> {
  trace.push(`start ${delay}`);
  try {
    yield* sleep(delay);
    trace.push(`end ${delay}`);
  } catch (error) {
    trace.push(`cancel ${delay}`);
    throw error;
  }
  return `was ${delay}`;
});

function* naturals(): Generator<number> {
  try {
    for (let n = 1; ; n++) yield n;
  } finally {
    trace.push("closed");
  }
}

async function* naturalsLater(): AsyncGenerator<number> {
  try {
    for (let n = 1; ; n++) {
      await undefined;
      yield n;
    }
  } finally {
    trace.push("closed");
  }
}

describe("mapConcurrent", () => {
  test("returns the results in the order of the items, and always runs as many calls as allowed", () => {
    const delays = fc.array(fc.nat(20), { maxLength: 100 });
    const limit = fc.option(fc.integer({ min: 1, max: 5 }), { nil: Infinity });
    fc.assert(
      fc.property(delays, limit, (items, concurrency) => {
        let running = 0;
        let most = 0;
        const started: number[] = [];
        const fn = function* (item: number, index: number): Coroutine<string> {
          started.push(index);
          most = Math.max(most, ++running);
          yield* sleep(item);
          running--;
          return `${index}: ${item}`;
        };
        const task = ended(() => mapConcurrent(items, fn, { concurrency }));

        expect(task.result()).toEqual(items.map((item, index) => `${index}: ${item}`));
        expect(started).toEqual([...items.keys()]);
        expect(most).toBeLessThanOrEqual(concurrency);
        if (items.every((item) => item > 0)) {
          expect(most).toBe(Math.min(concurrency, items.length));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("starts the next call as soon as one is finished", () => {
    ended(() => mapConcurrent([10, 20, 5, 5], visit, { concurrency: 2 }));

    expect(trace.join(", ")).toBe(
      "start 10, start 20, end 10, start 5, end 5, start 5, end 20, end 5",
    );
    expect(loop.time()).toBe(20);
  });

  test("runs all items concurrently by default", () => {
    ended(() => mapConcurrent(new Set([10, 20, 30]), visit));

    expect([trace.slice(0, 3), loop.time()]).toEqual([["start 10", "start 20", "start 30"], 30]);
  });

  test("takes the next item only when another call may start", () => {
    function* items(): Generator<number> {
      for (const item of [10, 20, 30]) {
        trace.push(`take ${item}`);
        yield item;
      }
    }
    ended(() => mapConcurrent(items(), visit, { concurrency: 1 }));

    expect(trace).toEqual([10, 20, 30].flatMap((n) => [`take ${n}`, `start ${n}`, `end ${n}`]));
  });

  test("accepts an async iterable and a stream", async () => {
    async function* items(): AsyncGenerator<string> {
      yield "a";
      await hostTimer();
      yield "b";
    }
    const stream = new ReadableStream<string>({
      start(controller) {
        controller.enqueue("c");
        controller.close();
      },
    });
    const fn = function* (item: string, index: number): Coroutine<string> {
      yield;
      return item + index;
    };
    const results = await loop.runUntilComplete(function* () {
      return [
        ...(yield* mapConcurrent(items(), fn)),
        ...(yield* mapConcurrent(stream, fn, { concurrency: 1 })),
      ];
    });

    expect(results).toEqual(["a0", "b1", "c0"]);
  });

  test("accepts a source that yields its items to coroutines", () => {
    const items = [1, 2];
    const source = {
      *_pull(): Coroutine<IteratorResult<number, undefined>> {
        yield* sleep(10);
        const value = items.shift();
        return value === undefined ? { done: true, value } : { done: false, value };
      },
    };
    const task = ended(() => mapConcurrent(source as never, visit));

    expect([task.result(), trace]).toEqual([
      ["was 1", "was 2"],
      ["start 1", "end 1", "start 2", "end 2"],
    ]);
  });

  test("returns an empty list for no items", () => {
    expect(ended(() => mapConcurrent([], visit)).result()).toEqual([]);
  });

  test("maps very many items", () => {
    const items = Array.from({ length: 100_000 }, (_, index) => index);
    const fn = function* (item: number): Coroutine<number> {
      return item;
    };
    const task = ended(function* () {
      const some = yield* mapConcurrent(items, fn, { concurrency: 10 });
      const all = yield* mapConcurrent(items, fn);
      return some.length === all.length && all.every((item, index) => item === index);
    });

    expect(task.result()).toBe(true);
  });

  test("checks its arguments when it is called, not when it is awaited", () => {
    expect(() => mapConcurrent(42 as never, visit)).toThrow(/^Expected `items` to be/);
    expect(() => mapConcurrent([], 42 as never)).toThrow(/^Expected `fn` to be a function/);
    expect(() => mapConcurrent([], visit, 42 as never)).toThrow(/^Expected `options` to be/);
    expect(() => mapConcurrent([], visit, { concurrency: "2" as never })).toThrow(TypeError);
    for (const concurrency of [0, -1, 1.5, NaN]) {
      expect(() => mapConcurrent([], visit, { concurrency })).toThrow(RangeError);
    }
  });

  test("throws a RuntimeError outside a task", () => {
    expect(() => mapConcurrent([], visit).next()).toThrow(RuntimeError);
  });
});

describe("the first error in mapConcurrent", () => {
  test("cancels the other calls, waits for them, and is thrown unchanged", () => {
    const failure = new Error("failure");
    const task = ended(function* () {
      yield* mapConcurrent([10, 20, 30], function* (item): Coroutine<void> {
        try {
          yield* visit(item);
          throw failure;
        } finally {
          yield* sleep(5);
        }
      });
    });

    expect(task.exception()).toBe(failure);
    expect(trace.slice(3)).toEqual(["end 10", "cancel 20", "cancel 30"]);
    expect([loop.time(), reports]).toEqual([20, []]);
  });

  test("leaves errors of the other calls to the exception handler", () => {
    const task = ended(() =>
      mapConcurrent([10, 20, 30], function* (item): Coroutine<void> {
        try {
          yield* sleep(item);
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: it fails either way
          throw item;
        }
      }),
    );

    expect([task.exception(), errorsReported()]).toEqual([10, [20, 30]]);
  });

  test("is the earliest in time, whatever the order of the items", () => {
    const task = ended(() =>
      mapConcurrent([20, 10, 30], function* (item): Coroutine<void> {
        yield* sleep(item);
        throw item;
      }),
    );

    expect([task.exception(), errorsReported()]).toEqual([10, []]);
  });

  for (const concurrency of [3, 1000, Infinity]) {
    test(`ends and closes an endless iterable at concurrency ${concurrency}`, () => {
      const task = ended(() =>
        mapConcurrent(
          naturals(),
          function* (n): Coroutine<void> {
            yield;
            if (n === 5) throw "failure";
          },
          { concurrency },
        ),
      );

      expect([task.exception(), trace, reports]).toEqual(["failure", ["closed"], []]);
    });

    test(`ends and closes an endless async iterable at concurrency ${concurrency}`, async () => {
      const mapped = loop.runUntilComplete(
        mapConcurrent(
          naturalsLater(),
          function* (n): Coroutine<void> {
            yield;
            if (n === 5) throw "failure";
          },
          { concurrency },
        ),
      );

      await expect(mapped).rejects.toBe("failure");
      expect([trace, reports]).toEqual([["closed"], []]);
    });
  }

  test("may come from the source", () => {
    function* items(): Generator<number> {
      yield 10;
      yield 20;
      throw "failure";
    }
    const task = ended(() => mapConcurrent(items(), visit, { concurrency: 2 }));

    expect([task.exception(), trace]).toEqual([
      "failure",
      ["start 10", "start 20", "end 10", "cancel 20"],
    ]);
  });

  test("may come from a function that returns no coroutine", () => {
    const task = ended(() => mapConcurrent(naturals(), ((n: number) => n) as never));

    expect(String(task.exception())).toContain("Expected `fn` to return a coroutine");
    expect(trace).toEqual(["closed"]);
  });

  test("may come from closing the source, and is not lost", () => {
    function* items(): Generator<number> {
      try {
        yield 10;
        yield 20;
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: a source that cannot be closed
        throw "not closed";
      }
    }
    const task = ended(() =>
      mapConcurrent(
        items(),
        function* (): Coroutine<void> {
          throw "failure";
        },
        { concurrency: 1 },
      ),
    );

    expect([task.exception(), errorsReported()]).toEqual(["failure", ["not closed"]]);
  });

  test("is a CancelledError if something else cancels one of the map's tasks", () => {
    const task = ended(function* () {
      loop.callLater(5, () => [...allTasks(loop)].find((t) => t.getName() === "victim")?.cancel());
      try {
        yield* mapConcurrent([10, 20], function* (item) {
          if (item === 10) currentTask()?.setName("victim");
          return yield* visit(item);
        });
      } catch (error) {
        trace.push(String(error instanceof CancelledError));
      }
      yield;
      return currentTask()?.cancelling();
    });

    expect(task.result()).toBe(0);
    expect(trace.slice(2)).toEqual(["cancel 10", "cancel 20", "true"]);
  });

  test("does not interrupt the closing of the source", async () => {
    async function* items(): AsyncGenerator<number> {
      try {
        yield 1;
        yield 2;
      } finally {
        await hostTimer(5);
        trace.push("closed");
      }
    }
    const mapped = loop.runUntilComplete(
      mapConcurrent(
        items(),
        function* (): Coroutine<void> {
          yield;
          throw "failure";
        },
        { concurrency: 1 },
      ),
    );

    await expect(mapped).rejects.toBe("failure");
    expect(trace).toEqual(["closed"]);
  });

  test("does not interrupt the closing of the source even if it occurs while an item is being taken", async () => {
    loop.setTaskFactory(
      (on, coro, options) => new Task(on, coro, { ...options, eagerStart: true }),
    );
    let taken = 0;
    const items = {
      [Symbol.asyncIterator]: () => ({
        next: () => ({ done: false, value: ++taken }),
        async return() {
          await hostTimer(5);
          trace.push("closed");
        },
      }),
    };
    const mapped = loop.runUntilComplete(
      mapConcurrent(items as never, function* (item): Coroutine<void> {
        if (item === 2) throw "failure";
        yield* visit(1000);
      }),
    );

    await expect(mapped).rejects.toBe("failure");
    expect([taken, trace]).toEqual([2, ["start 1000", "cancel 1000", "closed"]]);
  });

  test("leaves an item in its source if it arrives in the turn of the error", () => {
    const arrival = loop.createFuture<void>();
    const items = [10, 20];
    const source = {
      *_pull(): Coroutine<IteratorResult<number, undefined>> {
        if (items.length === 1) yield* arrival;
        return { done: false, value: items.shift()! };
      },
    };
    const task = ended(() =>
      mapConcurrent(source as never, function* (item: number): Coroutine<void> {
        yield* visit(item);
        // The item is there in the turn of the failure, but the failure comes first.
        arrival.setResult();
        throw "failure";
      }),
    );

    expect([task.exception(), trace, items]).toEqual(["failure", ["start 10", "end 10"], [20]]);
  });

  test.each([1, 2, Infinity])(
    "does not prevent `fn` from starting for an item that was taken from a queue, at concurrency %f",
    (concurrency) => {
      for (let turns = 0; turns < 8; turns++) {
        for (const isCancelled of [false, true]) {
          const own = newVirtualLoop();
          collectReports(own);
          const queue = new Queue<number>();
          for (let i = 0; i < 2; i++) queue.putNowait(i);
          let begun = 0;
          const task = own.createTask(() =>
            mapConcurrent(
              queue,
              function* (item): Coroutine<void> {
                begun++;
                if (item === 0) for (let turn = 0; turn < turns; turn++) yield;
                if (item === 0 && !isCancelled) throw "failure";
              },
              { concurrency },
            ),
          );
          for (let i = 0; i < 3; i++)
            own.callSoon(() => own.callSoon(() => queue.putNowait(i + 2)));
          let put: () => void = () => {
            queue.putNowait(9);
            if (isCancelled) task.cancel();
          };
          for (let turn = 0; turn < turns; turn++) {
            const then = put;
            put = () => own.callSoon(then);
          }
          put();
          if (!isCancelled) own.callLater(1, () => task.cancel());
          runDry(own);
          own.close();

          expect([turns, isCancelled, task.done(), begun + queue.qsize()]).toEqual([
            turns,
            isCancelled,
            true,
            6,
          ]);
        }
      }
    },
  );

  test("also cancels the call for an item that the source returns despite being cancelled", () => {
    const items = [10, 20];
    const source = {
      *_pull(): Coroutine<IteratorResult<number, undefined>> {
        try {
          if (items.length === 1) yield* new Future();
        } catch {}
        return { done: false, value: items.shift()! };
      },
    };
    const task = ended(() =>
      mapConcurrent(source as never, function* (item: number): Coroutine<void> {
        yield* visit(item);
        throw "failure";
      }),
    );

    expect([task.exception(), trace]).toEqual([
      "failure",
      ["start 10", "end 10", "start 20", "cancel 20"],
    ]);
  });
});

describe("cancelling mapConcurrent", () => {
  test("cancels all calls, waits for them, and closes the source", () => {
    const task = ended(function* () {
      yield* mapConcurrent(
        naturals(),
        function* (n) {
          try {
            yield* visit(n * 10);
          } finally {
            yield* sleep(5);
            trace.push(`over ${n}`);
          }
        },
        { concurrency: 2 },
      );
    }, 5);

    expect([task.cancelled(), task.cancelling(), loop.time()]).toEqual([true, 1, 10]);
    expect(trace).toEqual([
      "start 10",
      "start 20",
      "cancel 10",
      "cancel 20",
      "closed",
      "over 1",
      "over 2",
    ]);
  });

  test("cancels all calls even if all items are taken", () => {
    const task = ended(() => mapConcurrent([10, 20], visit), 5);

    expect([task.cancelled(), trace.slice(2)]).toEqual([true, ["cancel 10", "cancel 20"]]);
  });

  test("does not wait for an item that never comes", async () => {
    const never = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => undefined),
        return: () => new Promise<IteratorResult<number>>(() => trace.push("closed")),
      }),
    };
    const task = loop.createTask(mapConcurrent(never, visit));
    await loop.runUntilComplete(function* () {
      yield;
      yield;
      task.cancel();
      try {
        yield* task;
      } catch {}
    });

    expect([task.cancelled(), trace]).toEqual([true, ["closed"]]);
  });

  test("throws an error of the same turn instead of the CancelledError", () => {
    const task = ended(function* () {
      const parent = currentTask();
      try {
        yield* mapConcurrent([10, 20], function* (item): Coroutine<void> {
          yield* visit(item);
          parent?.cancel();
          throw "failure";
        });
      } catch (error) {
        trace.push(error as string);
      }
      yield* new Future();
    });

    expect([task.cancelled(), task.cancelling(), trace.slice(2)]).toEqual([
      true,
      1,
      ["end 10", "cancel 20", "failure"],
    ]);
  });
});
