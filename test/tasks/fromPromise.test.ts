// `fromPromise` of promises and of functions. One file, because the function has one contract.

import { describe, expect, vi } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  fromPromise,
  gather,
  getRunningLoop,
  run,
  sleep,
  wrapFuture,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { hostTimer } from "../support/host.ts";
import { runVirtually } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

const failure = new Error("failure");

describe("fromPromise of a promise", () => {
  test("returns its result", async () => {
    expect(await run(fromPromise(Promise.resolve("result")))).toBe("result");
    expect(await run(fromPromise(hostTimer(1).then(() => "later")))).toBe("later");
  });

  test("throws its rejection", async () => {
    const caught = await run(function* (): Coroutine<unknown> {
      try {
        yield* fromPromise(Promise.reject(failure));
      } catch (error) {
        return error;
      }
      return "nothing";
    });

    expect(caught).toBe(failure);
  });

  test("never returns the result in the step that awaits it", async () => {
    const trace: string[] = [];
    await run(function* (): Coroutine<void> {
      createTask(function* (): Coroutine<void> {
        trace.push("b");
      });
      trace.push("a");
      yield* fromPromise(Promise.resolve());
      trace.push("c");
    });

    expect(trace.join("")).toBe("abc");
  });

  test("returns many results, one after the other, in several concurrent tasks", async () => {
    function* add(count: number): Coroutine<number> {
      let sum = 0;
      for (let n = 1; n <= count; n++) {
        sum += yield* fromPromise(n % 3 === 0 ? hostTimer().then(() => n) : Promise.resolve(n));
      }
      return sum;
    }
    const sums = await run(function* (): Coroutine<number[]> {
      const tasks = [1, 10, 50].map((count) => createTask(add(count)));
      const results: number[] = [];
      for (const task of tasks) results.push(yield* task);
      return results;
    });

    expect(sums).toEqual([1, 55, 1275]);
  });

  test("can be cancelled without affecting the promise, whose outcome is then ignored", async () => {
    let reject: (reason: unknown) => void = () => {};
    const promise = new Promise((_, rejectIt) => {
      reject = rejectIt;
    });
    const task = loop.createTask(fromPromise(promise));
    loop.callLater(0, () => task.cancel());
    await expect(loop.runUntilComplete(task)).rejects.toThrow(CancelledError);
    reject(failure);
    await hostTimer();

    expect(task.cancelled()).toBe(true);
  });

  test("lets a virtual clock continue once it is cancelled", () => {
    const isCancelled = runVirtually(function* (): Coroutine<boolean> {
      const task = createTask(fromPromise(new Promise(() => {})));
      yield;
      yield;
      task.cancel();
      yield;
      yield;
      yield* sleep(1_000);
      return task.cancelled();
    });

    expect(isCancelled).toBe(true);
  });

  test.each(["resolve", "reject"] as const)(
    "ignores a promise that is settled (%s) after the loop was closed",
    async (how) => {
      let settle: (value: unknown) => void = () => {};
      const promise = new Promise((resolve, reject) => {
        settle = how === "resolve" ? resolve : reject;
      });
      const task = loop.createTask(fromPromise(promise));
      loop.callLater(0, () => loop.stop());
      await loop.runForever();
      loop.close();
      settle(failure);
      await hostTimer();

      expect(task.done()).toBe(false);
    },
  );
});

describe("fromPromise of several promises", () => {
  /** How often the loop is entered for tasks whose promises settle one after the other. */
  async function entriesFor(tasks: number): Promise<[entries: number, order: number[]]> {
    let entries = 0;
    const order: number[] = [];
    await run(function* () {
      const resolvers: (() => void)[] = [];
      const children = Array.from({ length: tasks }, (_, index) =>
        createTask(function* () {
          yield* fromPromise(new Promise<void>((resolve) => resolvers.push(resolve)));
          order.push(index);
        }),
      );
      yield;
      const stop = getRunningLoop().instrument({ sliceEnds: () => entries++ });
      hostTimer(1).then(() => {
        for (const resolve of resolvers) resolve();
      });
      yield* gather(children);
      stop();
    });
    return [entries, order];
  }

  test("enters the loop only once for promises that settle one right after another", async () => {
    const [entries, order] = await entriesFor(100);

    expect(entries).toBeLessThan(20);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order.length).toBe(100);
  });

  test("continues after each promise, even if others never settle", async () => {
    const never = new Promise(() => undefined);
    const values = await run(function* () {
      for (let i = 0; i < 10; i++) createTask(fromPromise(never));
      const found: number[] = [];
      for (let i = 0; i < 10; i++) found.push(yield* fromPromise(hostTimer().then(() => i)));
      return found;
    });

    expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

test("a virtual clock continues once promises that nothing awaits have settled", async () => {
  const never = new Promise(() => undefined);
  const end = await run(
    function* () {
      const abandoned = Array.from({ length: 10 }, () => createTask(fromPromise(never)));
      yield;
      for (const task of abandoned) task.cancel();
      for (const delay of [1, 50]) wrapFuture(hostTimer(delay));
      yield* sleep(1_000);
      return getRunningLoop().time();
    },
    { clock: new VirtualClock(0, { externalTimeout: Infinity }) },
  );

  expect(end).toBe(1_000);
});

describe("fromPromise of a promise that was tampered with", () => {
  test("ignores the promise's own `then`, as `await` does", async () => {
    const promise = Object.assign(Promise.resolve("result"), {
      then: () => expect.unreachable(),
    });

    expect(await run(() => fromPromise(promise))).toBe("result");
  });

  test("throws what the getter of the promise's `constructor` throws", async () => {
    const promise = Object.defineProperty(Promise.resolve(), "constructor", {
      get: () => {
        throw failure;
      },
    });

    await expect(run(() => fromPromise(promise))).rejects.toBe(failure);
  });
});

describe("fromPromise of a thenable", () => {
  /** The outcome of each, the same as with `await`. */
  const thenables: Record<string, [(give: (value: unknown) => void) => void, unknown]> = {
    "that calls back at once returns its result": [(give) => give("result"), "result"],
    "that calls back twice returns its first result": [
      (give) => {
        give("first");
        give("second");
      },
      "first",
    ],
    "that resolves with a promise returns that promise's result": [
      (give) => give(Promise.resolve("inner")),
      "inner",
    ],
  };

  test.each(Object.entries(thenables))("%s", async (_, [then, expected]) => {
    const thenable = { then } as PromiseLike<unknown>;

    // On a virtual clock, which must not wait for results that have arrived, but must wait for
    // pending ones.
    const result = await loop.runUntilComplete(function* (): Coroutine<unknown> {
      const value = yield* fromPromise(thenable);
      yield* sleep(1);
      yield* fromPromise(hostTimer(1));
      yield* sleep(1);
      return value;
    });

    expect([result, loop.time()]).toEqual([expected, 2]);
  });

  test("calls `then` only once, because each call may start the work again", async () => {
    let began = 0;
    const query: PromiseLike<string> = {
      then: (onFulfilled, onRejected) => {
        began++;
        return Promise.resolve("rows").then(onFulfilled, onRejected);
      },
    };
    expect([await run(fromPromise(query)), began]).toEqual(["rows", 1]);
  });

  test("throws what its `then` throws, where it is awaited", async () => {
    const thenable = {
      then() {
        throw failure;
      },
    } as PromiseLike<unknown>;
    const result = await loop.runUntilComplete(function* (): Coroutine<unknown> {
      try {
        yield* fromPromise(thenable);
      } catch (error) {
        yield* sleep(1);
        return error;
      }
      return "nothing";
    });

    expect(result).toBe(failure);
  });
});

describe("fromPromise of a function", () => {
  test("calls it when the wait begins, and returns the result", async () => {
    const start = vi.fn(() => Promise.resolve("result"));
    const coro = fromPromise(start);
    const before = start.mock.calls.length;

    expect([before, await run(coro), start.mock.calls.length]).toEqual([0, "result", 1]);
  });

  test("aborts its signal when the task is cancelled", async () => {
    let signal: AbortSignal | undefined;
    const task = loop.createTask(
      fromPromise((given) => {
        signal = given;
        return new Promise(() => {});
      }),
    );
    loop.callLater(0, () => task.cancel());
    await expect(loop.runUntilComplete(task)).rejects.toThrow(CancelledError);

    expect(signal?.aborted).toBe(true);
  });

  test("ignores the rejection that the abort causes", async () => {
    const task = loop.createTask(
      fromPromise(
        (signal) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
      ),
    );
    loop.callLater(0, () => task.cancel());
    await expect(loop.runUntilComplete(task)).rejects.toThrow(CancelledError);
    await hostTimer();

    expect(task.cancelled()).toBe(true);
  });

  test.each([
    ["result", () => Promise.resolve()],
    ["rejection", () => Promise.reject(failure)],
  ])("does not abort its signal after a %s", async (_, start) => {
    let signal: AbortSignal | undefined;
    const result = run(
      fromPromise((given) => {
        signal = given;
        return start();
      }),
    );
    await result.catch(() => {});

    expect(signal?.aborted).toBe(false);
  });

  test("throws what the function throws", async () => {
    const result = run(
      fromPromise(() => {
        throw failure;
      }),
    );

    await expect(result).rejects.toBe(failure);
  });

  test("throws a TypeError if the function returns no promise", async () => {
    await expect(run(fromPromise((() => 42) as never))).rejects.toThrow(
      "Expected `source` to return a promise, got `42` (number)",
    );
  });
});
