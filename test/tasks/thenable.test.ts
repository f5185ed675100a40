// A future as a promise.

import { describe, expect } from "vitest";
import { CancelledError, type Coroutine } from "../../src/index.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

const failure = new Error("failure");

describe("await of a future", () => {
  test("returns the result", async () => {
    const future = loop.createFuture<string>();
    queueMicrotask(() => future.setResult("result"));

    expect(await future).toBe("result");
  });

  test("throws the exception", async () => {
    const future = loop.createFuture();
    queueMicrotask(() => future.setException(failure));

    await expect(future).rejects.toBe(failure);
  });

  test("throws a CancelledError after a cancellation", async () => {
    const future = loop.createFuture();
    future.cancel();

    await expect(future).rejects.toThrow(CancelledError);
  });

  test("returns the result of a task", async () => {
    const task = loop.createTask(function* (): Coroutine<string> {
      yield;
      return "result";
    });
    const running = loop.runUntilComplete(task);

    expect([await task, await running]).toEqual(["result", "result"]);
  });

  test("works once the future is done, even if its loop never ran or is closed", async () => {
    const [waiting, done] = [loop.createFuture<string>(), loop.createFuture<string>()];
    const awaited = waiting.then((result) => result);
    waiting.setResult("a");
    done.setResult("b");
    loop.close();

    expect([await awaited, await waiting, await done]).toEqual(["a", "a", "b"]);
  });

  test("works for several awaiters", async () => {
    const future = loop.createFuture<string>();
    const awaited = [future.then((a) => `1${a}`), future.then((a) => `2${a}`)];
    future.setResult("a");

    expect(await Promise.all(awaited)).toEqual(["1a", "2a"]);
  });
});

describe("then", () => {
  test("never calls its callbacks synchronously", async () => {
    const future = loop.createFuture<void>();
    future.setResult();
    const called = future.then(() => trace.push("b"));
    trace.push("a");
    await called;

    expect(trace.join("")).toBe("ab");
  });

  test("calls its callbacks in the order in which they were added", async () => {
    const future = loop.createFuture<void>();
    const called = [..."abc"].map((letter) => future.then(() => trace.push(letter)));
    future.setResult();
    await Promise.all(called);

    expect(trace.join("")).toBe("abc");
  });

  test("returns a promise for the callback's result, even if that is a promise itself", async () => {
    const future = loop.createFuture<number>();
    future.setResult(1);

    expect(future.then()).toBeInstanceOf(Promise);
    expect(await future.then((n) => Promise.resolve(n + 1))).toBe(2);
  });

  test("returns a promise that rejects with what the callback throws", async () => {
    const future = loop.createFuture<void>();
    future.setResult();

    await expect(
      future.then(() => {
        throw failure;
      }),
    ).rejects.toBe(failure);
  });

  test("passes on an outcome that it has no callback for", async () => {
    const [good, bad] = [loop.createFuture<string>(), loop.createFuture<string>()];
    good.setResult("result");
    bad.setException(failure);

    expect(await good.then(undefined, () => "x")).toBe("result");
    await expect(bad.then(() => "x", null)).rejects.toBe(failure);
  });
});

test("catch calls its callback only for an exception", async () => {
  const [good, bad] = [loop.createFuture<string>(), loop.createFuture<string>()];
  good.setResult("result");
  bad.setException(failure);

  expect([await good.catch(() => "x"), await bad.catch((error) => error)]).toEqual([
    "result",
    failure,
  ]);
});

test("finally calls its callback for either outcome, and passes the outcome on", async () => {
  const [good, bad] = [loop.createFuture<string>(), loop.createFuture<string>()];
  good.setResult("result");
  bad.setException(failure);

  expect(await good.finally(() => trace.push("a"))).toBe("result");
  await expect(bad.finally(() => trace.push("b"))).rejects.toBe(failure);
  expect(trace).toEqual(["a", "b"]);
});
