import { beforeEach, describe, expect, test, vi } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { CancelledError } from "../../src/loop/errors.ts";
import { run } from "../../src/run.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { fromPromise } from "../../src/tasks/fromPromise.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { hostTimer } from "../support/host.ts";
import { newVirtualLoop, runVirtually } from "../support/virtualLoop.ts";

const failure = new Error("failure");

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

describe("fromPromise of a promise", () => {
  test("gives its result", async () => {
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

  test("never gives its result in the same step", async () => {
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

  test("gives many results, one after the other, in several tasks at once", async () => {
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

  test("is cancelled without the promise, whose outcome is ignored", async () => {
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

  test("lets a virtual clock go on once it is cancelled", () => {
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

describe("fromPromise of a thenable", () => {
  /** As `await` would: what each of them gives. */
  const thenables: Record<string, [(give: (value: unknown) => void) => void, unknown]> = {
    "that calls back at once gives its result": [(give) => give("result"), "result"],
    "that calls back twice gives its first result": [
      (give) => {
        give("first");
        give("second");
      },
      "first",
    ],
    "that gives a promise gives what that gives": [
      (give) => give(Promise.resolve("inner")),
      "inner",
    ],
  };

  test.each(Object.entries(thenables))("%s", async (_, [then, expected]) => {
    const thenable = { then } as PromiseLike<unknown>;

    // On a virtual clock, which must not wait for what has come, and must for what is to come.
    const result = await loop.runUntilComplete(function* (): Coroutine<unknown> {
      const value = yield* fromPromise(thenable);
      yield* sleep(1);
      yield* fromPromise(hostTimer(1));
      yield* sleep(1);
      return value;
    });

    expect([result, loop.time()]).toEqual([expected, 2]);
  });

  test("awaits it once, in a task too: it may begin its work when `then` is called", async () => {
    let began = 0;
    const query: PromiseLike<string> = {
      then: (onFulfilled, onRejected) => {
        began++;
        return Promise.resolve("rows").then(onFulfilled, onRejected);
      },
    };
    expect([await run(fromPromise(query)), began]).toEqual(["rows", 1]);
  });

  test("that throws throws where it is awaited", async () => {
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
  test("calls it when the wait begins, and gives the result", async () => {
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

  test("ignores the rejection that the abort leads to", async () => {
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
  ])("leaves its signal alone after a %s", async (_, start) => {
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

  test("throws a TypeError if the function gives no promise", async () => {
    await expect(run(fromPromise((() => 42) as never))).rejects.toThrow(
      "Expected `source` to return a promise, got `42` (number)",
    );
  });
});
