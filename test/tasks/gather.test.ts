import { describe, expect } from "vitest";
import {
  allTasks,
  CancelledError,
  type Coroutine,
  coroutine,
  createTask,
  gather,
  InvalidStateError,
  RuntimeError,
  sleep,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

const failAfter = coroutine(function* (delay: number, error: unknown): Coroutine<never> {
  yield* sleep(delay);
  throw error;
});

const leaveAfter = coroutine(function* (delay: number, letter: string): Coroutine<string> {
  yield* sleep(delay);
  trace.push(letter);
  return letter;
});

/** Runs `main` on the test's loop, so that its reports are seen. */
function onLoop<T>(main: () => Coroutine<T>): T {
  return loop.runUntilCompleteSync(main);
}

describe("gather", () => {
  test("runs everything concurrently, and returns the results in the order of its arguments", () => {
    const results = onLoop(function* () {
      return yield* gather([leaveAfter(30, "a"), leaveAfter(10, "b"), leaveAfter(20, "c")]);
    });

    expect([results, trace, loop.time()]).toEqual([["a", "b", "c"], ["b", "c", "a"], 30]);
  });

  test("starts coroutines in the order of its arguments", () => {
    onLoop(function* () {
      yield* gather([leaveAfter(0, "a"), leaveAfter(0, "b"), leaveAfter(0, "c")]);
    });

    expect(trace.join("")).toBe("abc");
  });

  test("accepts everything that can be awaited", async () => {
    const done = loop.createFuture<string>();
    done.setResult("future");
    const results = await loop.runUntilComplete(function* () {
      return yield* gather([
        sleep(1, "coroutine"),
        done,
        createTask(sleep(1, "task")),
        Promise.resolve("promise"),
        () => sleep(1, "function"),
      ]);
    });

    expect(results).toEqual(["coroutine", "future", "task", "promise", "function"]);
  });

  test("accepts any iterable", () => {
    const results = onLoop(function* () {
      return yield* gather(new Set([sleep(2, "a"), sleep(1, "b")]));
    });

    expect(results).toEqual(["a", "b"]);
  });

  test("returns an empty list for an empty list", () => {
    const results = onLoop(function* () {
      return yield* gather([]);
    });

    expect(results).toEqual([]);
  });

  test("awaits an argument once even if it is passed twice", () => {
    const results = onLoop(function* () {
      const coro = leaveAfter(1, "a");
      const task = createTask(leaveAfter(1, "b"));
      return yield* gather([coro, task, coro, task]);
    });

    expect([results, trace]).toEqual([
      ["a", "b", "a", "b"],
      ["b", "a"],
    ]);
  });

  test("in a long list, calls a function as often as it is passed, but starts a coroutine once", () => {
    let calls = 0;
    const results = onLoop(function* () {
      const coro = leaveAfter(1, "a");
      const task = createTask(leaveAfter(1, "b"));
      const call = function* (): Coroutine<number> {
        return ++calls;
      };
      return yield* gather(Array.from({ length: 12 }, () => [coro, call, task]).flat());
    });

    expect([results.slice(0, 6), results.slice(-3), trace]).toEqual([
      ["a", 1, "b", "a", 2, "b"],
      ["a", 12, "b"],
      ["b", "a"],
    ]);
  });

  test.each([3, 30])(
    "of %d arguments cancels each task it has started exactly once if an argument cannot be started",
    (length) => {
      let cancels = 0;
      const error = onLoop(function* () {
        const cancelled = function* (): Coroutine<void> {
          yield;
        };
        const first = cancelled();
        const before = createTask(leaveAfter(1, "before"));
        const begun = leaveAfter(1, "begun");
        yield* begun;
        const tasks = new Set(allTasks());
        const aws = Array.from({ length }, (_, index) => (index % 2 === 0 ? first : before));
        try {
          return yield* gather([...aws, begun]);
        } catch (caught) {
          for (const task of allTasks()) if (!tasks.has(task)) cancels += task.cancelling();
          return caught;
        }
      });

      expect(error).toBeInstanceOf(InvalidStateError);
      expect([cancels, trace]).toEqual([1, ["begun", "before"]]);
    },
  );

  test("calls a function once for each time it is passed", () => {
    let calls = 0;
    const count = function* (): Coroutine<number> {
      yield;
      return ++calls;
    };
    const results = onLoop(function* () {
      return yield* gather([count, count, count]);
    });

    expect(results).toEqual([1, 2, 3]);
  });

  test("throws a RuntimeError for futures of different loops", () => {
    expect(() => gather([loop.createFuture(), newVirtualLoop().createFuture()])).toThrow(
      RuntimeError,
    );
  });

  test("throws a RuntimeError where no loop runs and no argument belongs to one", () => {
    expect(() => gather([sleep(1)])).toThrow(RuntimeError);
    expect(() => gather([])).toThrow(RuntimeError);
  });
});

describe("an exception in a gather", () => {
  test("is thrown immediately; if there are several, the first", () => {
    const error = onLoop(function* (): Coroutine<unknown> {
      try {
        yield* gather([failAfter(20, "late"), failAfter(10, "early"), sleep(30)]);
      } catch (thrown) {
        return thrown;
      }
      return "nothing";
    });

    expect([error, loop.time()]).toEqual(["early", 10]);
  });

  test("does not cancel the other children", () => {
    onLoop(function* () {
      try {
        yield* gather([leaveAfter(20, "b"), failAfter(10, "failure")]);
      } catch {
        trace.push("a");
      }
      yield* sleep(20);
    });

    expect(trace.join("")).toBe("ab");
  });

  test("is thrown even if it occurred before the call; if there are several, the first in argument order", () => {
    const failed = ["first", "second"].map((error) => {
      const future = loop.createFuture();
      future.setException(error);
      return future;
    });

    expect(gather(failed).exception()).toBe("first");
  });

  test("counts as retrieved if it occurs after the gather has failed", () => {
    const reports = collectReports(loop);
    onLoop(function* () {
      try {
        yield* gather([failAfter(1, "first"), failAfter(2, "second"), failAfter(2, "third")]);
      } catch {}
      yield* sleep(5);
    });
    loop.close();

    expect(reports).toEqual([]);
  });

  test("is reported once if the gather is never awaited", () => {
    const reports = collectReports(loop);
    loop.callSoon(() => {
      gather([failAfter(1, "first"), failAfter(2, "second")]);
    });
    runDry(loop);
    loop.close();

    expect(reports.map(({ exception }) => exception)).toEqual(["first"]);
  });
});

describe("gather with returnExceptions", () => {
  test("returns exceptions in place of results", () => {
    const results = onLoop(function* () {
      return yield* gather([failAfter(2, "b"), sleep(1, "a"), failAfter(1, "c")], {
        returnExceptions: true,
      });
    });

    expect(results).toEqual(["b", "a", "c"]);
  });

  test("returns a CancelledError in place of a cancelled child's result", () => {
    const results = onLoop(function* () {
      const task = createTask(sleep(100));
      loop.callLater(1, () => task.cancel());
      return yield* gather([sleep(2, "a"), task], { returnExceptions: true });
    });

    expect(results).toEqual(["a", expect.any(CancelledError)]);
  });
});

describe("a gather's loop", () => {
  test("is its first future's loop, even where no loop is running", () => {
    const future = loop.createFuture<string>();
    const both = gather([future, leaveAfter(10, "a")]);
    const swapped = gather([leaveAfter(10, "b"), future]);
    future.setResult("future");
    runDry(loop);

    expect([both.result(), swapped.result()]).toEqual([
      ["future", "a"],
      ["b", "future"],
    ]);
  });

  test("is the running loop if the first argument is a coroutine, as in asyncio", () => {
    const foreign = newVirtualLoop().createFuture<string>();
    const error = onLoop(function* () {
      yield;
      expect(gather([foreign]).getLoop()).toBe(foreign.getLoop());
      return caught(() => gather([leaveAfter(10, "a"), foreign]));
    });

    expect(error).toEqual(new RuntimeError("The future belongs to another loop"));
    expect(allTasks(loop).size).toBe(0);
  });
});
