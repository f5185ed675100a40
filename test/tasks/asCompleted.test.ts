// `asCompleted`, however its iteration ends. One file, because the function has one contract.

import * as fc from "fast-check";
import { describe, expect } from "vitest";
import {
  asCompleted,
  type Coroutine,
  coroutine,
  createTask,
  type Future,
  gather,
  InvalidStateError,
  moveOnAfter,
  RuntimeError,
  sleep,
  TimeoutError,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

function onLoop<T>(main: () => Coroutine<T>): T {
  return loop.runUntilCompleteSync(main);
}

const failAfter = coroutine(function* (delay: number, error: unknown): Coroutine<never> {
  yield* sleep(delay);
  throw error;
});

/** Iterates, and records each result, or the name of the error, with its time. */
function* drain(items: Iterable<Coroutine<unknown>>): Coroutine<void> {
  for (const next of items) {
    let letter: unknown;
    try {
      letter = yield* next;
    } catch (error) {
      letter = error instanceof Error ? error.name : error;
    }
    trace.push(`${letter} ${loop.time()}`);
  }
}

/** Counts the waiters of a future. */
function counted(future: Future<unknown>): { waiters: number } {
  const count = { waiters: 0 };
  const { _addWaiter, _removeWaiter } = future;
  future._addWaiter = (waiter) => {
    count.waiters++;
    _addWaiter.call(future, waiter);
  };
  future._removeWaiter = (waiter) => {
    count.waiters--;
    _removeWaiter.call(future, waiter);
  };
  return count;
}

const slots = () => [...loop._slots].length;

describe("asCompleted", () => {
  test("yields results and errors in the order in which they arrive", () => {
    onLoop(() => drain(asCompleted([sleep(30, "c"), failAfter(10, "a"), sleep(20, "b")])));

    expect(trace).toEqual(["a 10", "b 20", "c 30"]);
  });

  test("starts its arguments in order, at the call, once each", () => {
    onLoop(function* () {
      const leave = function* (letter: string): Coroutine<void> {
        trace.push(letter);
      };
      const coro = leave("a");
      asCompleted([coro, leave("b"), coro, () => leave("c")]);
      yield;
    });

    expect(trace.join("")).toBe("abc");
  });

  test("yields arguments that are already done first, in their order", () => {
    onLoop(function* () {
      const futures = ["a", "b", "c"].map(() => loop.createFuture<string>());
      futures[2]?.setResult("c");
      futures[1]?.setResult("b");
      loop.callLater(10, () => futures[0]?.setResult("a"));
      yield* drain(asCompleted(futures));
    });

    expect(trace).toEqual(["b 0", "c 0", "a 10"]);
  });

  test("accepts everything that can be awaited", async () => {
    const letters = await loop.runUntilComplete(function* () {
      const all: string[] = [];
      for (const next of asCompleted(
        new Set([Promise.resolve("promise"), createTask(sleep(0, "task")), () => sleep(0, "call")]),
      )) {
        all.push(yield* next);
      }
      return all.sort();
    });

    expect(letters).toEqual(["call", "promise", "task"]);
  });

  test("yields as many items as there are arguments", () => {
    const counts = onLoop(function* () {
      const task = createTask(sleep(1));
      const items = asCompleted([task, sleep(1), task]);
      return [[...items].length, [...items].length, [...asCompleted([])].length];
    });

    expect(counts).toEqual([2, 0, 0]);
  });

  test("yields items that can be awaited later and concurrently, and serves their awaiters in order", () => {
    const outcome = onLoop(function* () {
      const items = [...asCompleted([sleep(30, "c"), sleep(10, "a"), sleep(20, "b")])];
      yield* sleep(15);
      return yield* gather(items);
    });

    expect(outcome).toEqual(["a", "b", "c"]);
  });

  test("yields items in order even if they were taken in advance", () => {
    onLoop(function* () {
      const items = [...asCompleted([sleep(30, "c"), sleep(20, "b"), sleep(10, "a")])];
      yield* sleep(15);
      trace.push(String(yield* items[0]!));
      yield* sleep(50);
      trace.push(String(yield* items[1]!), String(yield* items[2]!));
    });

    expect(trace.join("")).toBe("abc");
  });

  test("yields items that can be awaited only once", () => {
    expect(() =>
      onLoop(function* () {
        for (const next of asCompleted([sleep(1)])) {
          yield* next;
          yield* next;
        }
      }),
    ).toThrow(InvalidStateError);
  });

  test("reports an error that is never awaited", () => {
    const reports = collectReports(loop);
    onLoop(function* () {
      for (const next of asCompleted([sleep(1), failAfter(2, "missed")])) {
        yield* next;
        break;
      }
      yield* sleep(5);
    });
    loop.close();

    expect(reports.map(({ exception }) => exception)).toEqual(["missed"]);
  });
});

describe("asCompleted with a timeout", () => {
  test("throws a TimeoutError for each missing result, and cancels nothing", () => {
    const outcome = onLoop(function* () {
      const slow = createTask(sleep(100, "slow"));
      yield* drain(asCompleted([slow, sleep(10, "fast"), sleep(60)], { timeout: 50 }));
      return [trace, slots(), yield* slow];
    });

    // Slots are in use for this task, for the two tasks that continue, and for their sleeps.
    expect(outcome).toEqual([["fast 10", "TimeoutError 50", "TimeoutError 50"], 5, "slow"]);
  });

  test("still returns results that arrived in time when they are awaited late", () => {
    onLoop(function* () {
      const items = asCompleted([sleep(10, "fast"), sleep(100)], { timeout: 50 });
      yield* sleep(70);
      yield* drain(items);
    });

    expect(trace).toEqual(["fast 70", "TimeoutError 70"]);
  });

  test("removes its timer when all are done", () => {
    const left = onLoop(function* () {
      yield* drain(asCompleted([sleep(10)], { timeout: 50 }));
      return slots();
    });

    expect(left).toBe(1);
  });

  test("has no timer for an empty list", () => {
    const left = onLoop(function* () {
      asCompleted([], { timeout: 50 });
      return slots();
    });

    expect(left).toBe(1);
  });

  test.each([0, -10])("of %i returns what is already done", (timeout) => {
    onLoop(function* () {
      const done = loop.createFuture<string>();
      done.setResult("done");
      yield* drain(asCompleted([sleep(1), done], { timeout }));
    });

    expect(trace).toEqual(["done 0", "TimeoutError 0"]);
  });

  test("does not report TimeoutErrors that are never awaited", () => {
    const reports = collectReports(loop);
    onLoop(function* () {
      asCompleted([sleep(100)], { timeout: 50 });
      yield* sleep(200);
    });
    loop.close();

    expect(reports).toEqual([]);
  });
});

describe("leaving an iteration of asCompleted early", () => {
  test.each(["break", "throw"])("by %s leaves no timer and no waiter behind", (how) => {
    const outcome = onLoop(function* () {
      const future = loop.createFuture();
      const count = counted(future);
      try {
        for (const next of asCompleted([future, sleep(10)], { timeout: 50 })) {
          yield* next;
          if (how === "throw") throw "thrown";
          break;
        }
      } catch {}
      return [count.waiters, slots()];
    });

    expect(outcome).toEqual([0, 1]);
  });

  test("before awaiting a yielded item leaves nothing behind", () => {
    const outcome = onLoop(function* () {
      const future = loop.createFuture();
      const count = counted(future);
      for (const next of asCompleted([future], { timeout: 50 })) {
        if (next) break;
      }
      return [count.waiters, slots()];
    });

    expect(outcome).toEqual([0, 1]);
  });

  test("because the task was cancelled leaves nothing behind", () => {
    const outcome = onLoop(function* () {
      const future = loop.createFuture();
      const count = counted(future);
      yield* moveOnAfter(10, () => drainOrThrow(asCompleted([future], { timeout: 50 })));
      return [count.waiters, slots(), future.done()];
    });

    expect(outcome).toEqual([0, 1, false]);
  });

  test("leaves already yielded items usable", () => {
    const outcome = onLoop(function* () {
      const future = loop.createFuture<string>();
      const count = counted(future);
      const [first, second, third] = asCompleted(
        [sleep(30, "c"), sleep(20, "b"), sleep(10, "a"), future],
        { timeout: 100 },
      );
      const values = [yield* first!];
      yield* sleep(40);
      values.push(yield* second!, yield* third!);
      return [values, count.waiters, slots()];
    });

    expect(outcome).toEqual([["a", "b", "c"], 0, 1]);
  });

  test("leaves an item usable that is being awaited at that moment", () => {
    const outcome = onLoop(function* () {
      const items = asCompleted([sleep(20, "b"), sleep(10, "a")]);
      const tasks = [createTask(items.next().value as Coroutine<string>)];
      yield;
      items.return?.();
      return yield* gather(tasks);
    });

    expect(outcome).toEqual(["a"]);
  });

  test("keeps the deadline of the items already yielded", () => {
    onLoop(function* () {
      const [only] = asCompleted([sleep(100)], { timeout: 50 });
      yield* sleep(20);
      yield* drain([only!]);
    });

    expect(trace).toEqual(["TimeoutError 50"]);
  });

  test("ends the iteration for good, so that iterating again yields nothing", () => {
    const again = onLoop(function* () {
      const items = asCompleted([sleep(1), sleep(2)]);
      for (const next of items) {
        yield* next;
        break;
      }
      return [...items].length;
    });

    expect(again).toBe(0);
  });
});

/** Awaits all items, and lets errors through. */
function* drainOrThrow(items: Iterable<Coroutine<unknown>>): Coroutine<void> {
  for (const next of items) yield* next;
}

describe("a cancelled waiter of asCompleted", () => {
  test("leaves the result to the next waiter", () => {
    const future = loop.createFuture<string>();
    const items = [...asCompleted([future, loop.createFuture<string>()])];
    const tasks = items.map((item) => loop.createTask(item));
    loop.callLater(10, () => tasks[0]?.cancel());
    loop.callLater(20, () => future.setResult("result"));
    runDry(loop);

    expect([tasks[0]?.cancelled(), tasks[1]?.result()]).toEqual([true, "result"]);
  });

  test.each(["before", "after"])(
    "leaves the result to the next in line if it is cancelled in the same turn, just %s the result",
    (order) => {
      const future = loop.createFuture<string>();
      const items = [...asCompleted([future, loop.createFuture<string>()])];
      const tasks = items.map((item) => loop.createTask(item));
      loop.callLater(10, () => {
        if (order === "before") tasks[0]?.cancel();
        future.setResult("result");
        if (order === "after") tasks[0]?.cancel();
      });
      runDry(loop);

      expect([tasks[0]?.cancelled(), tasks[1]?.result()]).toEqual([true, "result"]);
    },
  );

  test("if closed rather than cancelled, leaves the result to the next waiter", () => {
    const future = loop.createFuture<string>();
    const [closed, other] = [...asCompleted([future, loop.createFuture<string>()])];
    closed?.next();
    closed?.return("closed");
    const task = loop.createTask(other!);
    loop.callLater(10, () => future.setResult("result"));
    runDry(loop);

    expect(task.result()).toBe("result");
  });

  test("leaves the result to the next task that waits, which gets it before all later results", () => {
    const futures = ["a", "b", "c"].map(() => loop.createFuture<string>());
    const items = [...asCompleted(futures)];
    const first = loop.createTask(items[0]!);
    loop.callLater(10, () => {
      futures[0]?.setResult("a");
      futures[1]?.setResult("b");
      first.cancel();
    });
    const rest = loop.createTask(function* () {
      yield* sleep(20);
      return [yield* items[1]!, yield* items[2]!];
    });
    runDry(loop);

    expect([first.cancelled(), rest.result()]).toEqual([true, ["a", "b"]]);
  });

  test.each([false, true])(
    "keeps the order of results that several waiters gave back (third waiter cancelled: %s)",
    (cancelsThird) => {
      const futures = ["a", "b", "c", "d", "e"].map(() => loop.createFuture<string>());
      const items = [...asCompleted(futures)];
      function* waitThenCancelThird(): Coroutine<void> {
        try {
          yield* items[0]!;
        } finally {
          // If it waits, it has just been handed the result that this one gave back.
          third?.cancel();
        }
      }
      const first = loop.createTask(waitThenCancelThird);
      const second = loop.createTask(items[1]!);
      const third = cancelsThird ? loop.createTask(items[2]!) : undefined;
      loop.callLater(10, () => {
        futures[0]?.setResult("a");
        futures[1]?.setResult("b");
        first.cancel();
        second.cancel();
      });
      const rest = loop.createTask(function* () {
        yield* sleep(20);
        return [yield* items[3]!, yield* items[4]!];
      });
      runDry(loop);

      expect([first.cancelled(), second.cancelled(), rest.result()]).toEqual([
        true,
        true,
        ["a", "b"],
      ]);
    },
  );

  test.each(["before", "after"])(
    "throws the cancellation if it is cancelled in the same turn, just %s the deadline",
    (order) => {
      const reports = collectReports(loop);
      const task = loop.createTask(function* () {
        yield* drainOrThrow(asCompleted([loop.createFuture()], { timeout: 10 }));
      });
      const cancel = () => task.cancel();
      if (order === "before") loop.callAt(10, cancel);
      else loop.callSoon(() => loop.callAt(10, cancel));
      runDry(loop);
      loop.close();

      expect([task.cancelled(), reports]).toEqual([true, []]);
    },
  );
});

describe("for await over asCompleted", () => {
  test("yields the values outside coroutines", async () => {
    const tasks = [loop.createTask(sleep(20, "b")), loop.createTask(sleep(10, "a"))];
    const reading = (async () => {
      for await (const value of asCompleted(tasks)) trace.push(value);
    })();
    runDry(loop);
    await reading;

    expect(trace.join("")).toBe("ab");
  });

  test("throws errors and timeouts, and leaves nothing behind", async () => {
    const future = loop.createFuture();
    const count = counted(future);
    const failing = loop.createTask(failAfter(10, "failed"));
    const names: unknown[] = [];
    const read = async (aws: Future<unknown>[], timeout: number) => {
      try {
        for await (const value of asCompleted(aws, { timeout })) trace.push(String(value));
      } catch (error) {
        names.push(error instanceof TimeoutError ? "timeout" : error);
      }
    };
    const readings = [read([future, failing], 1000), read([future], 50)];
    runDry(loop);
    await Promise.all(readings);

    expect([names.sort(), count.waiters, trace]).toEqual([["failed", "timeout"], 0, []]);
  });

  test("leaves nothing behind when it ends early", async () => {
    const future = loop.createFuture();
    const count = counted(future);
    const first = loop.createFuture<string>();
    first.setResult("first");
    for await (const value of asCompleted<Future<unknown>>([future, first], { timeout: 50 })) {
      trace.push(String(value));
      break;
    }

    expect([trace, count.waiters, slots()]).toEqual([["first"], 0, 0]);
  });
});

test("asCompleted yields results by arrival, simultaneous ones in argument order, until its timeout", () => {
  const durations = fc.array(fc.integer({ min: 1, max: 9 }));
  const timeouts = fc.option(fc.integer({ min: 0, max: 10 }), { nil: null });
  fc.assert(
    fc.property(durations, timeouts, fc.boolean(), (delays, timeout, isEager) => {
      const limit = timeout ?? Infinity;
      const inTime = delays
        .map((delay, index) => ({ delay, index }))
        .filter(({ delay }) => delay < limit)
        .sort((a, b) => a.delay - b.delay)
        .map(({ delay, index }) => `${index} at ${delay}`);
      const late = Array(delays.length - inTime.length).fill(`late at ${limit}`);

      const own = newVirtualLoop();
      const outcome = own.runUntilCompleteSync(function* () {
        const items = asCompleted(
          delays.map((delay, index) => sleep(delay, index)),
          { timeout },
        );
        function* account(next: Coroutine<number>): Coroutine<string> {
          let what: number | string;
          try {
            what = yield* next;
          } catch {
            what = "late";
          }
          return `${what} at ${own.time()}`;
        }
        if (isEager) return yield* gather(Array.from(items, account));
        const all: string[] = [];
        for (const next of items) all.push(yield* account(next));
        return all;
      });
      own.close();

      expect(outcome).toEqual([...inTime, ...late]);
    }),
  );
});

describe("an invalid call of asCompleted", () => {
  test("throws at the call, and the error names the argument", () => {
    const future = loop.createFuture();
    const calls: [() => unknown, new (message?: string) => Error, string][] = [
      [() => asCompleted(42 as never), TypeError, "`aws`"],
      [() => asCompleted(future as never), TypeError, "`aws`"],
      [() => asCompleted([future, 42 as never]), TypeError, "`aws[1]`"],
      [() => asCompleted([future], { timeout: "soon" as never }), TypeError, "`timeout`"],
      [() => asCompleted([future], { timeout: NaN }), RangeError, "`timeout`"],
      [() => asCompleted([future], 42 as never), TypeError, "`options`"],
    ];
    for (const [call, kind, name] of calls) {
      const error = caught(call) as Error;
      expect([error.constructor, error.message]).toEqual([kind, expect.stringContaining(name)]);
    }
  });

  test("throws a RuntimeError where no loop runs and no argument belongs to one", () => {
    expect(() => asCompleted([sleep(1)])).toThrow(RuntimeError);
  });
});
