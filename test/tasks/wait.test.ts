// `wait` and its conditions. One file, because the function has one contract.

import * as fc from "fast-check";
import { describe, expect } from "vitest";
import {
  ALL_COMPLETED,
  type Coroutine,
  coroutine,
  createTask,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  type Future,
  type ReturnWhen,
  RuntimeError,
  sleep,
  wait,
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

const results = (futures: Iterable<Future<unknown>>) => Array.from(futures, (f) => f.result());
const slots = () => [...loop._slots].length;

describe("wait", () => {
  test("waits for all, and returns them in the order of its arguments", () => {
    const outcome = onLoop(function* () {
      const { done, pending } = yield* wait([sleep(30, "a"), sleep(10, "b"), sleep(20, "c")]);
      return [results(done), pending.size, loop.time(), slots()];
    });

    expect(outcome).toEqual([["a", "b", "c"], 0, 30, 1]);
  });

  test("starts coroutines in the order of its arguments, once each", () => {
    const leave = function* (letter: string): Coroutine<void> {
      trace.push(letter);
    };
    onLoop(function* () {
      const coro = leave("a");
      yield* wait([coro, leave("b"), coro, () => leave("c")]);
    });

    expect(trace.join("")).toBe("abc");
  });

  test("accepts everything that can be awaited, and keeps futures unchanged", async () => {
    const future = loop.createFuture<string>();
    future.setResult("future");
    const outcome = await loop.runUntilComplete(function* () {
      const task = createTask(sleep(1, "task"));
      const { done } = yield* wait(
        new Set([sleep(1, "coroutine"), future, task, Promise.resolve("promise")]),
      );
      return [results(done), done.has(task), done.has(future)];
    });

    expect(outcome).toEqual([["coroutine", "future", "task", "promise"], true, true]);
  });

  test("lists an argument once even if it is passed twice", () => {
    const size = onLoop(function* () {
      const task = createTask(sleep(1));
      const coro = sleep(1);
      return (yield* wait([task, coro, task, coro])).done.size;
    });

    expect(size).toBe(2);
  });

  test("yields to other tasks once, even if nothing is left to wait for", () => {
    onLoop(function* () {
      const future = loop.createFuture<void>();
      future.setResult();
      loop.callSoon(() => trace.push("a"));
      yield* wait([future]);
      trace.push("b");
    });

    expect(trace.join("")).toBe("ab");
  });

  test("does not retrieve exceptions", () => {
    const reports = collectReports(loop);
    onLoop(function* () {
      for (const returnWhen of [FIRST_EXCEPTION, ALL_COMPLETED] as const) {
        yield* wait([failAfter(1, returnWhen), sleep(2)], { returnWhen });
      }
    });
    loop.close();

    expect(reports.map(({ exception }) => exception)).toEqual([FIRST_EXCEPTION, ALL_COMPLETED]);
  });
});

describe("wait with returnWhen", () => {
  function waited(returnWhen: ReturnWhen, aws: () => Coroutine<unknown>[]): unknown[] {
    collectReports(loop);
    return onLoop(function* () {
      const { done, pending } = yield* wait(aws(), { returnWhen });
      return [done.size, pending.size, loop.time()];
    });
  }

  test("FIRST_COMPLETED ends with the first, and includes others that are done in the same turn", () => {
    const aws = () => [sleep(20), sleep(10), sleep(10), sleep(30)];

    expect(waited(FIRST_COMPLETED, aws)).toEqual([2, 2, 10]);
  });

  test("FIRST_EXCEPTION ends with the first failure", () => {
    expect(waited(FIRST_EXCEPTION, () => [sleep(10), failAfter(20, "x"), sleep(30)])).toEqual([
      2, 1, 20,
    ]);
  });

  test("FIRST_EXCEPTION does not end when a future is cancelled, but when all are done", () => {
    const outcome = onLoop(function* () {
      const task = createTask(sleep(100));
      loop.callLater(10, () => task.cancel());
      const { done } = yield* wait([sleep(20), task], { returnWhen: FIRST_EXCEPTION });
      return [done.size, loop.time()];
    });

    expect(outcome).toEqual([2, 20]);
  });

  test("ends in its first turn if one of the futures has already failed", () => {
    const outcome = onLoop(function* () {
      const done = loop.createFuture<void>();
      done.setException("failed");
      done.exception();
      const counts: number[] = [];
      for (const returnWhen of [FIRST_COMPLETED, FIRST_EXCEPTION] as const) {
        const task = createTask(sleep(10));
        counts.push((yield* wait([task, done], { returnWhen })).pending.size);
        task.cancel();
      }
      return [counts, loop.time()];
    });

    expect(outcome).toEqual([[1, 1], 0]);
  });

  test("accepts the pending set of the previous wait, until the set is empty", () => {
    const order = onLoop(function* () {
      const letters: string[] = [];
      let pending: Iterable<Future<string>> = [
        createTask(sleep(30, "c")),
        createTask(sleep(10, "a")),
        createTask(sleep(20, "b")),
      ];
      for (let size = 3; size > 0; ) {
        const waited = yield* wait(pending, { returnWhen: FIRST_COMPLETED });
        for (const future of waited.done) letters.push(future.result());
        pending = waited.pending;
        size = waited.pending.size;
      }
      return letters.join("");
    });

    expect(order).toBe("abc");
  });
});

describe("wait with a timeout", () => {
  test("returns the futures that are done by then, and cancels nothing", () => {
    const outcome = onLoop(function* () {
      const slow = createTask(sleep(100, "slow"));
      const { done, pending } = yield* wait([sleep(10, "fast"), slow], { timeout: 50 });
      return [results(done), pending.has(slow), loop.time(), yield* slow];
    });

    expect(outcome).toEqual([["fast"], true, 50, "slow"]);
  });

  test("removes its timer when all are done earlier", () => {
    const left = onLoop(function* () {
      yield* wait([sleep(10)], { timeout: 50 });
      return slots();
    });

    expect(left).toBe(1);
  });

  test.each([0, -10])("of %i lets everything that is ready run once", (timeout) => {
    const outcome = onLoop(function* () {
      const quick = (function* () {
        return "quick";
      })();
      const { done, pending } = yield* wait([quick, sleep(1)], { timeout });
      return [results(done), pending.size, loop.time()];
    });

    expect(outcome).toEqual([["quick"], 1, 0]);
  });

  test.each([null, undefined, Infinity])("of %s waits forever", (timeout) => {
    const pending = onLoop(function* () {
      return (yield* wait([sleep(1e9)], { timeout })).pending.size;
    });

    expect(pending).toBe(0);
  });
});

describe("a cancelled wait", () => {
  test("cancels nothing, and leaves neither timer nor waiter behind", () => {
    const future = loop.createFuture();
    let added = 0;
    const { _addWaiter, _removeWaiter } = future;
    future._addWaiter = (waiter) => {
      added++;
      _addWaiter.call(future, waiter);
    };
    future._removeWaiter = (waiter) => {
      added--;
      _removeWaiter.call(future, waiter);
    };
    const child = loop.createTask(sleep(100, "value"));
    const task = loop.createTask(function* () {
      yield* wait([future, child], { timeout: 50 });
    });
    loop.callLater(10, () => {
      trace.push(String(added));
      task.cancel();
    });
    loop.callLater(11, () => trace.push(String(added), String(slots()))); // the child and its sleep
    runDry(loop);

    expect([task.cancelled(), future.done(), child.result(), trace]).toEqual([
      true,
      false,
      "value",
      ["1", "0", "2"],
    ]);
  });
});

test("wait throws if it is cancelled in the turn of its timeout", () => {
  const task = loop.createTask(() => wait([sleep(100)], { timeout: 10 }));
  loop.callAt(10, () => task.cancel());
  runDry(loop);

  expect(task.cancelled()).toBe(true);
});

test("wait returns all futures that are done when its condition is met", () => {
  const plan = fc.record({
    delay: fc.integer({ min: 1, max: 8 }),
    fails: fc.boolean(),
  });
  const returnWhens = fc.constantFrom(FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED);
  const timeouts = fc.option(fc.integer({ min: 1, max: 9 }), { nil: null });
  fc.assert(
    fc.property(fc.array(plan, { minLength: 1 }), returnWhens, timeouts, (plans, when, timeout) => {
      const deciding = plans.filter(
        ({ fails }) => when === FIRST_COMPLETED || (when === FIRST_EXCEPTION && fails),
      );
      const last = Math.max(...plans.map(({ delay }) => delay));
      const enough = Math.min(last, ...deciding.map(({ delay }) => delay));
      // The timer was added before the sleeps, and the tasks that they wake end a turn later.
      const isLate = timeout !== null && timeout <= enough;
      const end = isLate ? timeout : enough;
      const expected = plans.map(({ delay }) => (isLate ? delay < end : delay <= end));

      const own = newVirtualLoop();
      collectReports(own);
      const outcome = own.runUntilCompleteSync(function* () {
        const tasks = plans.map(({ delay, fails }) =>
          createTask(fails ? failAfter(delay, "failed") : sleep(delay)),
        );
        const waited = yield* wait(tasks, { returnWhen: when, timeout });
        const inOrder = [waited.done, waited.pending].every((set) => {
          const places = Array.from(set, (future) => tasks.indexOf(future as never));
          return places.every((place, index) => index === 0 || places[index - 1]! < place);
        });
        const isDone = tasks.map((task) => waited.done.has(task));
        return [isDone, waited.done.size + waited.pending.size, inOrder, own.time()];
      });
      own.close();

      expect(outcome).toEqual([expected, plans.length, true, end]);
    }),
  );
});

describe("an invalid wait", () => {
  test("throws at the call, and the error names the argument", () => {
    const calls: [() => unknown, new (message?: string) => Error, string][] = [
      [() => wait([]), RangeError, "`aws`"],
      [() => wait(42 as never), TypeError, "`aws`"],
      [() => wait(loop.createFuture() as never), TypeError, "`aws`"],
      [() => wait([sleep(1), 42 as never]), TypeError, "`aws[1]`"],
      [() => wait([sleep(1)], { timeout: "soon" as never }), TypeError, "`timeout`"],
      [() => wait([sleep(1)], { timeout: NaN }), RangeError, "`timeout`"],
      [() => wait([sleep(1)], { returnWhen: "ANY" as never }), TypeError, "`returnWhen`"],
      [() => wait([sleep(1)], 42 as never), TypeError, "`options`"],
    ];
    for (const [call, kind, name] of calls) {
      const error = caught(call) as Error;
      expect([error.constructor, error.message]).toEqual([kind, expect.stringContaining(name)]);
    }
  });

  test("throws a TypeError for a coroutine instead of a list of awaitables", () => {
    const errors = onLoop(function* (): Coroutine<unknown[]> {
      const plain = function* (): Coroutine<void> {
        yield* sleep(1);
      };
      return [caught(() => wait(sleep(1) as never)), caught(() => wait(plain() as never)), slots()];
    });

    expect(errors).toEqual([
      new TypeError("Expected `aws` to be a list of awaitables, got `Generator` (object)"),
      new TypeError("Expected `aws` to be a list of awaitables, got `Generator` (object)"),
      1,
    ]);
  });

  test("throws a RuntimeError for a future of another loop", () => {
    const foreign = newVirtualLoop().createFuture();

    expect(() => onLoop(() => wait([foreign]))).toThrow(RuntimeError);
  });
});
