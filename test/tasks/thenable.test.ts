// A future as a promise.

import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { CancelledError } from "../../src/loop/errors.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

const failure = new Error("failure");

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

describe("await of a future", () => {
  test("gives the result", async () => {
    const future = loop.createFuture<string>();
    queueMicrotask(() => future.setResult("result"));

    expect(await future).toBe("result");
  });

  test("throws the exception", async () => {
    const future = loop.createFuture();
    queueMicrotask(() => future.setException(failure));

    await expect(future).rejects.toBe(failure);
  });

  test("throws a CancelledError after a cancel", async () => {
    const future = loop.createFuture();
    future.cancel();

    await expect(future).rejects.toThrow(CancelledError);
  });

  test("gives the result of a task", async () => {
    const task = loop.createTask(function* (): Coroutine<string> {
      yield;
      return "result";
    });
    const running = loop.runUntilComplete(task);

    expect([await task, await running]).toEqual(["result", "result"]);
  });

  test("needs no loop that runs, nor an open one, once it is done", async () => {
    const [waiting, done] = [loop.createFuture<string>(), loop.createFuture<string>()];
    const awaited = waiting.then((result) => result);
    waiting.setResult("a");
    done.setResult("b");
    loop.close();

    expect([await awaited, await waiting, await done]).toEqual(["a", "a", "b"]);
  });

  test("is possible in several places", async () => {
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

  test("gives a promise for what the callback returns, and unwraps it", async () => {
    const future = loop.createFuture<number>();
    future.setResult(1);

    expect(future.then()).toBeInstanceOf(Promise);
    expect(await future.then((n) => Promise.resolve(n + 1))).toBe(2);
  });

  test("gives a promise that is rejected with what the callback throws", async () => {
    const future = loop.createFuture<void>();
    future.setResult();

    await expect(
      future.then(() => {
        throw failure;
      }),
    ).rejects.toBe(failure);
  });

  test("passes on what it has no callback for", async () => {
    const [good, bad] = [loop.createFuture<string>(), loop.createFuture<string>()];
    good.setResult("result");
    bad.setException(failure);

    expect(await good.then(undefined, () => "x")).toBe("result");
    await expect(bad.then(() => "x", null)).rejects.toBe(failure);
  });
});

test("catch calls its callback for an exception only", async () => {
  const [good, bad] = [loop.createFuture<string>(), loop.createFuture<string>()];
  good.setResult("result");
  bad.setException(failure);

  expect([await good.catch(() => "x"), await bad.catch((error) => error)]).toEqual([
    "result",
    failure,
  ]);
});

test("finally calls its callback either way, and passes the outcome on", async () => {
  const [good, bad] = [loop.createFuture<string>(), loop.createFuture<string>()];
  good.setResult("result");
  bad.setException(failure);

  expect(await good.finally(() => trace.push("a"))).toBe("result");
  await expect(bad.finally(() => trace.push("b"))).rejects.toBe(failure);
  expect(trace).toEqual(["a", "b"]);
});
