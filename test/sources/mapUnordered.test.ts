// `mapUnordered` and its reader. One file, because the function has one contract.

import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import {
  allTasks,
  type Coroutine,
  coroutine,
  createTask,
  type EventLoop,
  type ExceptionContext,
  forEach,
  getRunningLoop,
  iterate,
  mapConcurrent,
  mapUnordered,
  Queue,
  run,
  sleep,
  type Task,
  toAsync,
} from "../../src/index.ts";
import { explore, VirtualClock } from "../../src/testing.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry, runVirtually } from "../support/virtualLoop.ts";

const FAILURE = new Error("failure");

function* fail(): Coroutine<never> {
  throw FAILURE;
}

let loop: EventLoop;
let reports: ExceptionContext[];
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  reports = collectReports(loop);
  trace = [];
});

function ended<T>(main: () => Coroutine<T>): Task<T> {
  const task = loop.createTask(main);
  runDry(loop);
  expect([...loop._slots]).toEqual([]);
  return task;
}

const visit = coroutine(function* (delay: number): Coroutine<number> {
  trace.push(`+${delay}`);
  try {
    yield* sleep(delay);
    return delay;
  } catch (error) {
    yield* sleep(2);
    trace.push(`-${delay} at ${loop.time()}`);
    throw error;
  }
});

function* naturals(): Generator<number> {
  try {
    for (let n = 1; ; n++) {
      trace.push(`take ${n}`);
      yield n;
    }
  } finally {
    trace.push(`closed at ${loop.time()}`);
  }
}

describe("mapUnordered", () => {
  test.each([
    [1, [30, 10, 20]],
    [2, [10, 20, 30]],
    [undefined, [10, 20, 30]],
  ])("with concurrency %s yields results as they arrive: %o", (concurrency, order) => {
    const got: number[] = [];
    ended(() =>
      forEach(mapUnordered([30, 10, 19], visit, { concurrency }), function* (value) {
        got.push(value === 19 ? 20 : value);
      }),
    );

    expect(got).toEqual(order);
  });

  test("does nothing until it is read", () => {
    ended(function* () {
      mapUnordered(naturals(), visit);
      yield* sleep(10);
    });

    expect(trace).toEqual([]);
  });

  test("takes an item only when there is room, and counts unread results as in progress", () => {
    ended(function* () {
      const results = iterate(mapUnordered(naturals(), (n) => sleep(1, n), { concurrency: 2 }));
      for (let n = 0; n < 3; n++) {
        const { value } = yield* results.next();
        yield* sleep(50);
        trace.push(`got ${value}`);
      }
      yield* results.return();
    });

    expect(trace).toEqual([
      ...["take 1", "take 2", "take 3", "got 1", "take 4", "got 2", "take 5", "got 3"],
      "closed at 151",
    ]);
  });

  test("always runs exactly as many calls at a time as allowed", () => {
    const delays = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 });
    fc.assert(
      fc.property(delays, fc.integer({ min: 1, max: 6 }), (list, concurrency) => {
        let running = 0;
        let most = 0;
        const got = runVirtually(function* () {
          const all: number[] = [];
          const body = function* (delay: number): Coroutine<number> {
            most = Math.max(most, ++running);
            yield* sleep(delay);
            running--;
            return delay;
          };
          yield* forEach(mapUnordered(list, body, { concurrency }), function* (value) {
            all.push(value);
          });
          return all;
        });
        expect(got.toSorted()).toEqual(list.toSorted());
        expect(most).toBe(Math.min(concurrency, list.length));
      }),
    );
  });

  test("cancels its calls when it is left early, waits for them, and closes its source", () => {
    const task = ended(function* () {
      const results = iterate(mapUnordered(naturals(), (n) => visit(n * 10), { concurrency: 3 }));
      trace.push(`got ${(yield* results.next()).value}`);
      yield* results.return();
      trace.push(`left at ${loop.time()}`);
      return (yield* results.next()).done;
    });

    expect(trace.slice(-4)).toEqual(["closed at 10", "-20 at 12", "-30 at 12", "left at 12"]);
    expect(task.result()).toBe(true);
    expect(reports).toEqual([]);
  });

  test.each<[string, () => Coroutine<void>]>([
    [
      "an error of the reader",
      function* () {
        throw FAILURE;
      },
    ],
    ["a cancellation of the reader", () => sleep(Infinity)],
  ])("cancels its calls after %s", (_, body) => {
    ended(function* () {
      const task = createTask(forEach(mapUnordered([5, 50, 60], visit), body));
      yield* sleep(7);
      task.cancel();
      while (!task.done()) yield* sleep(1);
      trace.push(`over at ${loop.time()}`);
      if (!task.cancelled()) task.exception();
    });

    expect(trace.slice(3).map((line) => line.replace(/ at.*/, ""))).toEqual(["-50", "-60", "over"]);
  });

  test("is closed at the end of the task if it was left open", () => {
    ended(function* () {
      createTask(function* () {
        yield* iterate(mapUnordered(naturals(), (n) => visit(n * 10), { concurrency: 2 })).next();
      });
      yield* sleep(100);
      trace.push(`tasks: ${allTasks().size}`);
    });

    expect(trace).toContain("tasks: 1");
    expect(trace).toContain("-20 at 12");
    expect(reports).toEqual([]);
  });

  test("yields the results from before an error, then throws the error, then ends", () => {
    const task = ended(function* () {
      const body = function* (delay: number): Coroutine<number> {
        yield* visit(delay);
        if (delay === 10) throw FAILURE;
        return delay;
      };
      const results = iterate(mapUnordered([5, 10, 8, 30, 40], body, { concurrency: 5 }));
      const ends: unknown[] = [];
      ends.push((yield* results.next()).value);
      yield* sleep(20);
      for (let n = 0; n < 4; n++) {
        try {
          ends.push(yield* results.next());
        } catch (error) {
          ends.push(error);
        }
      }
      return ends;
    });

    expect(task.result()).toEqual([
      5,
      { done: false, value: 8 },
      FAILURE,
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    expect(trace.slice(-2)).toEqual(["-30 at 12", "-40 at 12"]);
  });

  test("fails if its source throws, and if something else cancels what a call awaits", () => {
    const task = ended(function* () {
      const items = function* (): Generator<number> {
        yield 1;
        throw FAILURE;
      };
      const ends: unknown[] = [];
      try {
        yield* forEach(mapUnordered(items(), visit), () => sleep(0));
      } catch (error) {
        ends.push(error);
      }
      const victim = createTask(sleep(Infinity));
      loop.callLater(1, () => victim.cancel());
      try {
        yield* forEach(
          mapUnordered([1], function* () {
            yield* victim;
          }),
          () => sleep(0),
        );
      } catch (error) {
        ends.push((error as Error).name);
      }
      return ends;
    });

    expect(task.result()).toEqual([FAILURE, "CancelledError"]);
  });

  test("reports an error that nobody reads, and failures after the first error", () => {
    ended(function* () {
      const late = function* (delay: number): Coroutine<number> {
        yield* sleep(delay);
        throw new Error(`late ${delay}`);
      };
      const results = iterate(mapUnordered([1, 5, 5], (n) => (n === 1 ? sleep(1, n) : late(n))));
      yield* results.next();
      yield* sleep(10);
      yield* results.return();
    });
    loop.close();

    expect(reports.map(({ exception }) => (exception as Error).message)).toEqual([
      "late 5",
      "late 5",
    ]);
  });

  test("throws an error that occurs while it is closed", () => {
    const task = ended(function* () {
      const results = iterate(
        mapUnordered([1, 5], function* (delay) {
          try {
            yield* sleep(delay);
          } catch {
            yield* fail();
          }
          return delay;
        }),
      );
      yield* results.next();
      yield* results.return();
    });

    expect(task.exception()).toBe(FAILURE);
  });

  test("reads queues, async iterables and other sources, and leaves untaken items in a queue", () => {
    const task = ended(function* () {
      const queue = new Queue<number>();
      for (const n of [1, 2, 3, 4]) queue.putNowait(n);
      const doubled = mapUnordered(queue, (n) => sleep(n, 2 * n), { concurrency: 1 });
      const again = mapUnordered(doubled, (n) => sleep(n, n + 1), { concurrency: 1 });
      const results = iterate(again);
      const got = [(yield* results.next()).value];
      yield* results.return();
      return [...got, queue.qsize()];
    });

    expect(task.result()).toEqual([3, 2]);
    expect(reports).toEqual([]);
  });

  test("can be the source of mapConcurrent", () => {
    const task = ended(function* () {
      const source = mapUnordered([3, 1, 2], visit);
      return yield* mapConcurrent(source, (n) => sleep(1, n * 10), { concurrency: 1 });
    });

    expect(task.result()).toEqual([10, 20, 30]);
  });

  test("yields its results to `for await`, on the running loop and without one", async () => {
    const body = (delay: number) => sleep(delay, delay);
    const inRun: number[] = [];
    await run(async () => {
      await undefined;
      for await (const value of mapUnordered([200, 1, 100], body)) inRun.push(value);
    });
    const onItsOwn: number[] = [];
    for await (const value of mapUnordered([200, 1, 100], body, { concurrency: 3 }))
      onItsOwn.push(value);
    const inToAsync = await toAsync(async () => {
      const all: number[] = [];
      for await (const value of mapUnordered([200, 1, 100], body)) all.push(value);
      return all;
    })();

    expect([inRun, onItsOwn, inToAsync]).toEqual([
      [1, 100, 200],
      [1, 100, 200],
      [1, 100, 200],
    ]);
  });

  test("has cleaned up once `break` leaves a `for await`", async () => {
    await run(
      async () => {
        for await (const value of mapUnordered([5, 50, 60], visit)) {
          trace.push(`got ${value}`);
          break;
        }
        trace.push("left");
      },
      { clock: new VirtualClock() },
    );

    expect(trace.map((line) => line.replace(/ at.*/, ""))).toEqual([
      "+5",
      "+50",
      "+60",
      "got 5",
      "-50",
      "-60",
      "left",
    ]);
  });

  test("rethrows an error of the body of a `for await`", async () => {
    const main = async (): Promise<void> => {
      for await (const _ of mapUnordered([1], function* () {
        throw FAILURE;
      }))
        trace.push("item");
    };

    await expect(main()).rejects.toBe(FAILURE);
    expect(trace).toEqual([]);
  });

  test("belongs to the loop on which it was first read", () => {
    const source = mapUnordered([1, 2], (n) => sleep(n, n));
    loop.createTask(iterate(source).next());
    loop.callLater(1, () => {
      trace.push("read elsewhere");
      expect(() => runVirtually(iterate(source).next())).toThrow(
        "being read on another event loop",
      );
    });
    runDry(loop);

    expect(trace).toEqual(["read elsewhere"]);
  });

  test("loses nothing and leaves nothing behind in any order of steps, with a cancellation at any point", async () => {
    const main = function* (): Coroutine<void> {
      let running = 0;
      const taken: number[] = [];
      const body = function* (n: number): Coroutine<number> {
        running++;
        try {
          yield* sleep(n);
          return n;
        } finally {
          running--;
        }
      };
      const victim = createTask(
        forEach(mapUnordered([1, 2, 1], body, { concurrency: 2 }), function* (n) {
          taken.push(n);
          yield;
        }),
        { name: "victim" },
      );
      while (!victim.done()) yield* sleep(1);
      expect(running).toBe(0);
      if (!victim.cancelled()) expect(taken.toSorted()).toEqual([1, 1, 2]);
    };

    await explore(main, { runs: 300, cancelPoints: "victim" });
  });

  test("checks its arguments when it is called, not when it is awaited", () => {
    expect(() => mapUnordered(42 as never, visit)).toThrow("`items`");
    expect(() => mapUnordered([], visit(1) as never)).toThrow("`body`");
    expect(() => mapUnordered([], visit, { concurrency: 0 })).toThrow("`concurrency`");
    expect(() => mapUnordered([], visit, 3 as never)).toThrow("`options`");
    const main = forEach(mapUnordered([1], (() => 1) as never), () => sleep(0));
    expect(() => runVirtually(main)).toThrow("Expected `body` to return a coroutine");
  });
});

test("getRunningLoop returns the reader's loop in a body of mapUnordered", () => {
  const same = runVirtually(function* () {
    const loops = yield* mapConcurrent(
      mapUnordered([1], function* () {
        return getRunningLoop();
      }),
      function* (inner) {
        return inner === getRunningLoop();
      },
    );
    return loops;
  });

  expect(same).toEqual([true]);
});
