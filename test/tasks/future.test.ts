import { describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  Future,
  InvalidStateError,
  isFuture,
  RuntimeError,
  sleep,
} from "../../src/index.ts";
import { runDry, runVirtually } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

const failure = new Error("failure");

/** A callback that records a letter. */
function leave(letter: string): () => void {
  return () => trace.push(letter);
}

describe("a future", () => {
  test("is pending at first", () => {
    const future = loop.createFuture();

    expect([future.done(), future.cancelled()]).toEqual([false, false]);
    expect(() => future.result()).toThrow(InvalidStateError);
    expect(() => future.exception()).toThrow(InvalidStateError);
  });

  test("returns the result that was set", () => {
    const future = loop.createFuture<string>();
    future.setResult("result");

    expect([future.done(), future.cancelled(), future.result(), future.exception()]).toEqual([
      true,
      false,
      "result",
      undefined,
    ]);
  });

  test("throws the exception that was set", () => {
    const future = loop.createFuture();
    future.setException(failure);

    expect([future.done(), future.cancelled(), future.exception()]).toEqual([true, false, failure]);
    expect(() => future.result()).toThrow(failure);
  });

  test("accepts undefined as a result and as an exception", () => {
    const [result, exception] = [loop.createFuture<undefined>(), loop.createFuture()];
    result.setResult(undefined);
    exception.setException(undefined);
    let thrown: unknown = "nothing";
    try {
      exception.result();
    } catch (error) {
      thrown = error;
    }

    expect([result.result(), exception.done(), thrown]).toEqual([undefined, true, undefined]);
  });

  test("throws a CancelledError once it is cancelled", () => {
    const future = loop.createFuture();
    future.cancel("because");

    expect([future.done(), future.cancelled()]).toEqual([true, true]);
    expect(() => future.result()).toThrow(CancelledError);
    expect(() => future.exception()).toThrow("because");
  });

  const outcomes: Record<string, (future: Future<unknown>) => unknown> = {
    result: (future) => future.setResult("second"),
    exception: (future) => future.setException("second"),
  };
  const firsts: typeof outcomes = { ...outcomes, cancel: (future) => future.cancel() };
  const pairs = Object.entries(firsts).flatMap(([first, begin]) =>
    Object.entries(outcomes).map(([second, end]) => ({ first, second, begin, end })),
  );

  test.each(pairs)("rejects a second outcome: $first, then $second", ({ begin, end }) => {
    const future = loop.createFuture();
    begin(future);

    expect(() => end(future)).toThrow(InvalidStateError);
  });

  test("belongs to the running loop, or to the loop passed as an option", () => {
    let made: Future<unknown> | undefined;
    loop.callSoon(() => {
      made = new Future();
    });
    runDry(loop);
    const named = new Future({ loop });

    expect([made?.getLoop() === loop, named.getLoop() === loop]).toEqual([true, true]);
  });

  test("cannot be created where no loop runs", () => {
    expect(() => new Future()).toThrow(RuntimeError);
  });
});

describe("yield* of a future", () => {
  test("waits for the result", () => {
    const result = runVirtually(function* (): Coroutine<string> {
      const future = new Future<string>();
      future.getLoop().callLater(5, () => future.setResult("result"));
      return yield* future;
    });

    expect(result).toBe("result");
  });

  test("throws the exception", () => {
    const future = loop.createFuture();
    loop.callLater(5, () => future.setException(failure));

    expect(() => loop.runUntilCompleteSync(future)).toThrow(failure);
  });

  test("does not suspend if the future is done", () => {
    const future = loop.createFuture<string>();
    future.setResult("result");
    loop.createTask(function* (): Coroutine<void> {
      trace.push("a");
      yield* future;
      trace.push("b");
      yield;
      trace.push("d");
    });
    loop.callSoon(leave("c"));
    runDry(loop);

    expect(trace.join("")).toBe("abcd");
  });

  test("wakes tasks in the order in which they began to wait", () => {
    const future = loop.createFuture<void>();
    for (const letter of "abc") {
      loop.createTask(function* (): Coroutine<void> {
        yield* future;
        trace.push(letter);
      });
    }
    loop.callLater(1, () => future.setResult());
    runDry(loop);

    expect(trace.join("")).toBe("abc");
  });
});

test("cancelling a future wakes its waiters, which get a CancelledError", () => {
  const future = loop.createFuture<string>();
  const task = loop.createTask(function* (): Coroutine<string> {
    return yield* future;
  });
  loop.callLater(1, () => trace.push(`${future.cancel("no more")} ${future.cancel()}`));
  runDry(loop);

  expect(trace).toEqual(["true false"]);
  expect(() => task.result()).toThrow("no more");
});

test("a future's result reaches promises even if its loop is closed, but done callbacks don't run then", async () => {
  const future = loop.createFuture<number>();
  future.addDoneCallback(leave("x"));
  const promise = future.then((result) => trace.push(`${result}`));
  loop.close();
  future.setResult(1);
  await promise;

  expect(trace).toEqual(["1"]);
});

test("isFuture distinguishes futures and tasks from everything else", () => {
  const futures = [loop.createFuture(), loop.createTask(sleep(1))];
  const others = [Promise.resolve(), sleep(1), { then() {} }, null, undefined];

  expect(futures.map(isFuture)).toEqual([true, true]);
  expect(others.map(isFuture)).toEqual(others.map(() => false));
});
