// Races of tasks and futures. One file, because the function has one contract.

import * as fc from "fast-check";
import { describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  RuntimeError,
  race,
  sleep,
  timeout,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

function onLoop<T>(main: () => Coroutine<T>): T {
  return loop.runUntilCompleteSync(main);
}

/** The name of the error that `body` throws, or "nothing". */
function* thrownBy(body: Coroutine<unknown>): Coroutine<unknown> {
  try {
    yield* body;
  } catch (error) {
    return error;
  }
  return "nothing";
}

/** Sleeps, and then cleans up for a while, whatever the outcome. */
const runner = coroutine(function* <T>(delay: number, cleanup: number, value: T): Coroutine<T> {
  try {
    return yield* sleep(delay, value);
  } catch (error) {
    if (cleanup > 0) yield* sleep(cleanup);
    trace.push(`${value} out at ${loop.time()}`);
    throw error;
  }
});

const failAfter = coroutine(function* (delay: number, error: unknown): Coroutine<never> {
  yield* sleep(delay);
  throw error;
});

/** Fails when it is cancelled. */
const failWhenCancelled = coroutine(function* (error: unknown): Coroutine<never> {
  try {
    yield* sleep(Infinity);
  } catch {}
  throw error;
});

describe("race", () => {
  test("returns the first result, once the others are cancelled and have cleaned up", () => {
    const outcome = onLoop(function* () {
      const value = yield* race([runner(30, 0, "a"), runner(10, 0, "b"), runner(20, 5, "c")]);
      return [value, trace, loop.time(), [...loop._slots].length, currentTask()?.cancelling()];
    });

    expect(outcome).toEqual(["b", ["a out at 10", "c out at 15"], 15, 1, 0]);
  });

  test("throws the first error, once the others have ended", () => {
    const outcome = onLoop(function* () {
      const thrown = yield* thrownBy(race([runner(30, 5, "a"), failAfter(10, "failed")]));
      return [thrown, trace, loop.time()];
    });

    expect(outcome).toEqual(["failed", ["a out at 15"], 15]);
  });

  test("throws the CancelledError if something else cancels the operation that ends first", () => {
    const outcome = onLoop(function* () {
      const task = createTask(sleep(100));
      loop.callLater(10, () => task.cancel("by somebody"));
      return [yield* thrownBy(race([task, sleep(50)])), currentTask()?.cancelling(), loop.time()];
    });

    expect(outcome).toEqual([new CancelledError("by somebody"), 0, 10]);
  });

  test("accepts everything that can be awaited, and cancels the losers", async () => {
    const future = loop.createFuture<string>();
    const outcome = await loop.runUntilComplete(function* () {
      const task = createTask(sleep(Infinity, "task"));
      const value = yield* race(
        new Set([Promise.resolve("promise"), future, task, () => sleep(Infinity, "function")]),
      );
      return [value, future.cancelled(), task.cancelled()];
    });

    expect(outcome).toEqual(["promise", true, true]);
  });

  test("starts coroutines in the order of its arguments, once each", () => {
    onLoop(function* () {
      const leave = function* (letter: string): Coroutine<void> {
        trace.push(letter);
        yield* sleep(1);
      };
      const coro = leave("a");
      yield* race([coro, leave("b"), coro, () => leave("c")]);
    });

    expect(trace.join("")).toBe("abc");
  });

  test("returns the first of several that complete in the same turn", () => {
    const value = onLoop(function* () {
      const futures = ["a", "b", "c"].map(() => loop.createFuture<string>());
      loop.callLater(1, () => {
        futures[2]?.setResult("c");
        futures[0]?.setResult("a");
      });
      return yield* race(futures);
    });

    expect(value).toBe("c");
  });

  test("returns the first in the list if several were already done", () => {
    const value = onLoop(function* () {
      const futures = ["a", "b", "c"].map(() => loop.createFuture<string>());
      futures[2]?.setResult("c");
      futures[1]?.setResult("b");
      return yield* race(futures);
    });

    expect(value).toBe("b");
  });

  test("of a single operation returns its result, even if it is listed several times", () => {
    const outcome = onLoop(function* () {
      const task = createTask(sleep(10, "value"));
      return [yield* race([task, task]), loop.time()];
    });

    expect(outcome).toEqual(["value", 10]);
  });
});

test("race cancels a loser once even if it is listed twice", () => {
  const count = onLoop(function* () {
    const task = createTask(sleep(20));
    yield* race([task, sleep(10), task]);
    return task.cancelling();
  });

  expect(count).toBe(1);
});

describe("a loser's error", () => {
  test("is reported, and does not change the result", () => {
    const reports = collectReports(loop);
    const value = onLoop(() => race<Coroutine<string>>([sleep(10, "a"), failWhenCancelled("x")]));
    loop.close();

    expect([value, reports.map(({ exception }) => exception)]).toEqual(["a", ["x"]]);
  });

  test("that is due in the turn of the result never occurs, because the loser is cancelled before its step", () => {
    const reports = collectReports(loop);
    onLoop(() => race([sleep(10), failAfter(10, "x")]));
    loop.close();

    expect(reports).toEqual([]);
  });

  test("is not reported if it is the loser's own cancellation", () => {
    const reports = collectReports(loop);
    onLoop(() => race([sleep(10), sleep(20)]));
    loop.close();

    expect(reports).toEqual([]);
  });
});

describe("a cancelled race", () => {
  test("cancels all operations, and waits for them", () => {
    const task = loop.createTask(() => race([runner(50, 5, "a"), runner(60, 10, "b")]));
    loop.callLater(20, () => task.cancel("stop"));
    runDry(loop);

    expect([caught(() => task.result()), trace, loop.time(), task.cancelling()]).toEqual([
      new CancelledError("stop"),
      ["a out at 25", "b out at 30"],
      30,
      1,
    ]);
  });

  test.each(["before", "after"])(
    "throws if it is cancelled in the turn of its result, %s the result",
    (order) => {
      const future = loop.createFuture<string>();
      const task = loop.createTask(() => race([future, runner(50, 5, "a")]));
      loop.callLater(10, () => {
        if (order === "before") task.cancel();
        future.setResult("result");
        if (order === "after") task.cancel();
      });
      runDry(loop);

      expect([task.cancelled(), trace, loop.time()]).toEqual([true, ["a out at 15"], 15]);
    },
  );

  test("continues to wait for the losers, does not cancel them twice, and throws", () => {
    const loser = loop.createTask(runner(50, 30, "a"));
    const task = loop.createTask(() => race([sleep(10, "result"), loser]));
    loop.callLater(15, () => task.cancel("first"));
    loop.callLater(20, () => task.cancel("second"));
    runDry(loop);

    expect([caught(() => task.result()), trace, loser.cancelling(), task.cancelling()]).toEqual([
      new CancelledError("first"),
      ["a out at 40"],
      1,
      2,
    ]);
  });

  test("reports the error that had ended it, and throws the CancelledError", () => {
    const reports = collectReports(loop);
    const task = loop.createTask(() => race([failAfter(10, "failed"), runner(50, 30, "a")]));
    loop.callLater(15, () => task.cancel());
    runDry(loop);
    loop.close();

    expect([task.cancelled(), reports.map(({ exception }) => exception)]).toEqual([
      true,
      ["failed"],
    ]);
  });

  test("throws a TimeoutError if a timeout cancelled it, once all have ended", () => {
    const outcome = onLoop(function* () {
      const thrown = yield* thrownBy(timeout(10, () => race([runner(50, 5, "a"), sleep(50)])));
      return [(thrown as Error).name, loop.time(), currentTask()?.cancelling()];
    });

    expect(outcome).toEqual(["TimeoutError", 15, 0]);
  });
});

test("a race returns its first result, once all losers have cleaned up", () => {
  const time = fc.integer({ min: 1, max: 12 });
  const entrant = fc.record({
    delay: time,
    cleanup: fc.integer({ min: 0, max: 9 }),
    fails: fc.boolean(),
  });
  const cancels = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(entrant, { minLength: 1 }), cancels, (entrants, instants) => {
      const first = Math.min(...entrants.map(({ delay }) => delay));
      const cancel = Math.min(...instants);
      // A cancellation at the same instant was scheduled before the sleeps, whose tasks take their
      // last step a turn later.
      const start = Math.min(first, cancel);
      const winner = entrants.findIndex(({ delay }) => delay === first);
      const losers = entrants.filter((_, index) => cancel <= first || index !== winner);
      const cleanups = losers.map(({ cleanup }) => cleanup);
      const end = start + Math.max(0, ...cleanups);
      const result = entrants[winner]?.fails ? `failed ${winner}` : winner;

      const own = newVirtualLoop();
      collectReports(own);
      const ends: number[] = [];
      const task = own.createTask(() =>
        race(
          entrants.map(function* ({ delay, cleanup, fails }, index): Coroutine<number> {
            try {
              yield* sleep(delay);
            } catch (error) {
              if (cleanup > 0) yield* sleep(cleanup);
              ends.push(own.time());
              throw error;
            }
            if (fails) throw `failed ${index}`;
            return index;
          }),
        ),
      );
      for (const when of instants) own.callAt(when, () => task.cancel());
      let endedAt = -1;
      task.addDoneCallback(() => {
        endedAt = own.time();
      });
      runDry(own);
      const outcome = task.cancelled() ? "cancelled" : (task.exception() ?? task.result());
      own.close();

      const late = instants.filter((when) => when <= end && when <= endedAt).length;
      expect([endedAt, ends.length, ends.every((at) => at <= endedAt)]).toEqual([
        end,
        cleanups.length,
        true,
      ]);
      // A cancellation at the instant of the end may come before or after it.
      if (cancel < end || cancel <= first) expect(outcome).toBe("cancelled");
      if (late === 0) expect(outcome).toBe(result);
    }),
    { numRuns: 300 },
  );
});

describe("an invalid race", () => {
  test("throws at the call, and the error names the argument", () => {
    const calls: [() => unknown, new (message?: string) => Error, string][] = [
      [() => race([]), RangeError, "`aws`"],
      [() => race(42 as never), TypeError, "`aws`"],
      [() => race([sleep(1), 42 as never]), TypeError, "`aws[1]`"],
    ];
    for (const [call, kind, name] of calls) {
      const error = caught(call) as Error;
      expect([error.constructor, error.message]).toEqual([kind, expect.stringContaining(name)]);
    }
  });

  test("starts none of its operations", () => {
    const future = loop.createFuture();
    const outcome = onLoop(function* () {
      const used = sleep(1);
      yield* used;
      const leave = function* (): Coroutine<void> {
        trace.push("never");
      };
      const thrown = yield* thrownBy(race([leave(), leave, future, used, leave()]));
      yield;
      return [(thrown as Error).name, trace, future.done()];
    });

    expect(outcome).toEqual(["InvalidStateError", [], false]);
  });

  test("throws a RuntimeError for a future of another loop", () => {
    const foreign = newVirtualLoop().createFuture();

    expect(() => onLoop(() => race([foreign]))).toThrow(RuntimeError);
  });
});
