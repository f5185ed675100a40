// `waitFor` and its deadline. One file, because the function has one contract.

import { describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  type Future,
  InvalidStateError,
  RuntimeError,
  sleep,
  TimeoutError,
  waitFor,
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

const state = () => [loop.time(), [...loop._slots].length, currentTask()?.cancelling()];

describe("waitFor", () => {
  test("returns the result of everything that can be awaited", async () => {
    const done = loop.createFuture<string>();
    done.setResult("future");
    const results = await loop.runUntilComplete(function* (): Coroutine<string[]> {
      return [
        yield* waitFor(sleep(1, "coroutine"), 10),
        yield* waitFor(done, 10),
        yield* waitFor(createTask(sleep(1, "task")), 10),
        yield* waitFor(Promise.resolve("promise"), 10),
        yield* waitFor(() => sleep(1, "function"), 10),
        yield* waitFor(function* () {
          return "generator function";
        }, 10),
        yield* waitFor(() => done, 10),
      ];
    });

    expect(results).toEqual([
      "coroutine",
      "future",
      "task",
      "promise",
      "function",
      "generator function",
      "future",
    ]);
  });

  test("runs a coroutine in the calling task", () => {
    const isSame = onLoop(function* () {
      const outside = currentTask();
      return yield* waitFor(function* () {
        yield;
        return currentTask() === outside;
      }, 10);
    });

    expect(isSame).toBe(true);
  });

  test("leaves nothing behind after a result or an error", () => {
    const error = new Error("inner");
    const outcome = onLoop(function* () {
      const value = yield* waitFor(sleep(1, "value"), 10);
      const thrown = yield* thrownBy(
        waitFor(function* () {
          yield* sleep(1);
          throw error;
        }, 10),
      );
      return [value, thrown === error, state()];
    });

    expect(outcome).toEqual(["value", true, [2, 1, 0]]);
  });

  test.each([null, undefined])("waits forever with %s", (timeout) => {
    const outcome = onLoop(function* () {
      return [yield* waitFor(sleep(1e9, "value"), timeout), state()];
    });

    expect(outcome).toEqual(["value", [1e9, 1, 0]]);
  });
});

describe("a waitFor's deadline", () => {
  test.each<[string, () => Coroutine<unknown> | Future<unknown>]>([
    ["coroutine", () => sleep(100)],
    ["future", () => loop.createFuture()],
    ["task", () => createTask(sleep(100))],
  ])("cancels a %s, and throws a TimeoutError with the cancellation as its cause", (_, make) => {
    const [error, ...rest] = onLoop(function* () {
      const thrown = yield* thrownBy(waitFor(make(), 10));
      return [thrown as TimeoutError, ...state()] as const;
    });

    expect([error.constructor, error.cause, ...rest]).toEqual([
      TimeoutError,
      expect.any(CancelledError),
      10,
      1,
      0,
    ]);
  });

  test("ends the wait for a promise, and ignores the promise's outcome", async () => {
    const reports = collectReports(loop);
    let reject: (reason: unknown) => void = () => {};
    const promise = new Promise((_, no) => {
      reject = no;
    });
    // The virtual clock stands still while a promise is awaited, so no later deadline would come.
    const thrown = onLoop(() => thrownBy(waitFor(promise, 0)));
    reject("too late");
    await promise.catch(() => {});
    loop.close();

    expect([thrown, reports]).toEqual([expect.any(TimeoutError), []]);
  });

  test("waits for a task that cleans up", () => {
    const outcome = onLoop(function* () {
      const inner = createTask(function* () {
        try {
          yield* sleep(100);
        } finally {
          yield* sleep(50);
        }
      });
      const thrown = yield* thrownBy(waitFor(inner, 10));
      return [thrown instanceof TimeoutError, inner.cancelled(), state()];
    });

    expect(outcome).toEqual([true, true, [60, 1, 0]]);
  });

  test.each([10, 0])(
    "returns the value of a task that swallows the cancellation (timeout: %i)",
    (timeout) => {
      const outcome = onLoop(function* () {
        const inner = createTask(function* () {
          try {
            yield* sleep(100);
          } catch {}
          return "swallowed";
        });
        yield;
        return [yield* waitFor(inner, timeout), state()];
      });

      expect(outcome).toEqual(["swallowed", [timeout, 1, 0]]);
    },
  );

  test.each([10, 0])(
    "throws the error that a task throws in response to the cancellation (timeout: %i)",
    (timeout) => {
      const reports = collectReports(loop);
      const thrown = onLoop(function* () {
        const inner = createTask(function* () {
          try {
            yield* sleep(100);
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: this is what happens to be tested
            throw "answer";
          }
        });
        yield;
        return yield* thrownBy(waitFor(inner, timeout));
      });
      loop.close();

      expect([thrown, reports]).toEqual(["answer", []]);
    },
  );

  test.each(["before", "after"])(
    "leaves an item in its source if the item arrives in the same turn, %s the deadline",
    (order) => {
      const left = onLoop(function* () {
        const items: string[] = [];
        const future = loop.createFuture<string>();
        function* get(): Coroutine<string> {
          let isTaken = false;
          try {
            const item = yield* future;
            isTaken = true;
            return item;
          } finally {
            if (!isTaken && !future.cancelled()) items.push(future.result());
          }
        }
        const put = () => (future.done() ? items.push("item") : future.setResult("item"));
        if (order === "after") loop.callAt(10, put);
        else loop.callSoon(() => loop.callAt(10, put));
        const thrown = yield* thrownBy(waitFor(get(), 10));
        return [(thrown as Error).name, items];
      });

      expect(left).toEqual(["TimeoutError", ["item"]]);
    },
  );

  test("leaves the result in the future if the result arrives in the same turn", () => {
    const outcome = onLoop(function* () {
      const future = loop.createFuture<string>();
      loop.callLater(10, () => future.setResult("result"));
      const thrown = yield* thrownBy(waitFor(future, 10));
      return [thrown instanceof TimeoutError, future.result()];
    });

    expect(outcome).toEqual([true, "result"]);
  });
});

describe("waitFor with a timeout of 0 or less", () => {
  test.each([0, -1, -Infinity])("never starts a coroutine (%d)", (timeout) => {
    const body = function* (letter: string): Coroutine<void> {
      trace.push(letter);
    };
    const names = onLoop(function* () {
      const errors: unknown[] = [];
      for (const aw of [body("a"), coroutine(body)("b"), () => body("c"), () => sleep(0)]) {
        errors.push(yield* thrownBy(waitFor(aw, timeout)));
      }
      return errors.map((error) => (error as Error).name);
    });

    expect([names, trace]).toEqual([Array(4).fill("TimeoutError"), []]);
  });

  test("closes the coroutine, so that it cannot be started later", () => {
    const outcome = onLoop(function* () {
      const plain = (function* () {
        trace.push("started");
        yield;
      })();
      const decorated = sleep(1);
      yield* thrownBy(waitFor(plain, 0));
      yield* thrownBy(waitFor(decorated, 0));
      return [plain.next(), yield* thrownBy(decorated), trace];
    });

    expect(outcome).toEqual([{ done: true, value: undefined }, expect.any(InvalidStateError), []]);
  });

  test("does not close a decorated coroutine that is awaited elsewhere", () => {
    const outcome = onLoop(function* () {
      const shared = sleep(10, "value");
      const task = createTask(shared);
      yield;
      return [yield* thrownBy(waitFor(shared, 0)), yield* task];
    });

    expect(outcome).toEqual([expect.any(InvalidStateError), "value"]);
  });

  test("returns the outcome of a completed future", () => {
    const outcome = onLoop(function* () {
      const [good, bad, cancelled] = [
        loop.createFuture<string>(),
        loop.createFuture(),
        loop.createFuture(),
      ];
      good.setResult("result");
      bad.setException("exception");
      cancelled.cancel();
      return [
        yield* waitFor(good, 0),
        yield* thrownBy(waitFor(bad, 0)),
        yield* thrownBy(waitFor(cancelled, 0)),
      ];
    });

    expect(outcome).toEqual(["result", "exception", expect.any(CancelledError)]);
  });

  test("cancels a task and waits for it", () => {
    const outcome = onLoop(function* () {
      const inner = createTask(function* () {
        try {
          yield* sleep(100);
        } finally {
          yield* sleep(50);
        }
      });
      yield;
      const thrown = (yield* thrownBy(waitFor(inner, 0))) as TimeoutError;
      return [thrown.name, thrown.cause instanceof CancelledError, inner.cancelled(), state()];
    });

    expect(outcome).toEqual(["TimeoutError", true, true, [50, 1, 0]]);
  });

  test("passes a cancellation through while it waits, and cancels the inner task only once", () => {
    const inner = loop.createTask(function* () {
      try {
        yield* sleep(100);
      } finally {
        yield* sleep(50);
      }
    });
    const outer = loop.createTask(function* () {
      yield;
      yield* waitFor(inner, 0);
    });
    loop.callLater(10, () => outer.cancel());
    outer.addDoneCallback(() => trace.push(`outer at ${loop.time()}`));
    inner.addDoneCallback(() => trace.push(`inner at ${loop.time()}`));
    runDry(loop);

    expect([trace, outer.cancelled(), inner.cancelling()]).toEqual([
      ["outer at 10", "inner at 50"],
      true,
      1,
    ]);
  });
});

describe("cancelling a waitFor from outside", () => {
  test("cancels the awaited operation, and reaches the caller", () => {
    const inner = loop.createTask(sleep(100));
    const outer = loop.createTask(() => waitFor(inner, 50));
    loop.callLater(10, () => outer.cancel());
    runDry(loop);

    expect([inner.cancelled(), outer.cancelled(), outer.cancelling(), loop.time()]).toEqual([
      true,
      true,
      1,
      10,
    ]);
  });

  test.each(["before", "after"])(
    "replaces a result of the same turn that arrived %s the cancellation",
    (order) => {
      const future = loop.createFuture<string>();
      const outer = loop.createTask(() => waitFor(future, 50));
      loop.callLater(10, () => {
        if (order === "before") future.setResult("result");
        outer.cancel();
        if (order === "after" && !future.done()) future.setResult("result");
      });
      runDry(loop);

      expect([outer.cancelled(), outer.cancelling()]).toEqual([true, 1]);
    },
  );

  test.each(["before", "after"])(
    "in the turn of the deadline, %s the deadline, passes through",
    (order) => {
      const outer = loop.createTask(() => waitFor(loop.createFuture(), 10));
      const cancel = () => outer.cancel();
      if (order === "before") loop.callAt(10, cancel);
      else loop.callSoon(() => loop.callAt(10, cancel));
      runDry(loop);

      expect([outer.cancelled(), outer.cancelling()]).toEqual([true, 1]);
    },
  );

  test("is not lost in an inner task that swallows its cancellation", () => {
    const inner = loop.createTask(function* () {
      try {
        yield* sleep(100);
      } catch {}
      return "swallowed";
    });
    const outer = loop.createTask(() => waitFor(inner, 50));
    loop.callLater(10, () => outer.cancel());
    runDry(loop);

    expect([outer.result(), outer.cancelling()]).toEqual(["swallowed", 1]);
  });
});

test("waitFor throws at the call for an invalid argument, and the error names that argument", () => {
  const calls: [() => unknown, new (message?: string) => Error, string][] = [
    [() => waitFor(42 as never, 1), TypeError, "`aw`"],
    [() => waitFor(sleep(1), "soon" as never), TypeError, "`timeout`"],
    [() => waitFor(sleep(1), NaN), RangeError, "`timeout`"],
  ];
  for (const [call, kind, name] of calls) {
    const error = caught(call) as Error;
    expect([error.constructor, error.message]).toEqual([kind, expect.stringContaining(name)]);
  }
});

test("waitFor throws a RuntimeError for a future of another loop, and leaves it pending", () => {
  const foreign = newVirtualLoop().createFuture();
  const errors = onLoop(function* (): Coroutine<unknown[]> {
    return [yield* thrownBy(waitFor(foreign, 10)), yield* thrownBy(waitFor(foreign, 0))];
  });

  expect([errors, foreign.done()]).toEqual([Array(2).fill(expect.any(RuntimeError)), false]);
});
