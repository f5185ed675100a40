import { describe, expect } from "vitest";
import type { Coroutine, Future } from "../../src/index.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

const failure = new Error("failure");

/** A callback that records a letter. */
function leave(letter: string): () => void {
  return () => trace.push(letter);
}

describe("done callbacks", () => {
  test("run in a later turn of the loop, in the order in which they were added", () => {
    const future = loop.createFuture<string>();
    for (const letter of "abc") future.addDoneCallback(leave(letter));
    loop.callSoon(() => {
      future.setResult("result");
      trace.push("|");
    });
    loop.callSoon(leave("x"));
    runDry(loop);

    expect(trace.join("")).toBe("|xabc");
  });

  test("run in the order in which callbacks were added and tasks began to wait", () => {
    const future = loop.createFuture<void>();
    future.addDoneCallback(leave("a"));
    loop.createTask(function* (): Coroutine<void> {
      yield* future;
      trace.push("b");
    });
    loop.callSoon(() => future.addDoneCallback(leave("c")));
    loop.callLater(1, () => future.setResult());
    runDry(loop);

    expect(trace.join("")).toBe("abc");
  });

  test("receive the future", () => {
    const future = loop.createFuture<void>();
    const got: unknown[] = [];
    future.addDoneCallback((done) => got.push(done));
    future.setResult();
    runDry(loop);

    expect(got[0]).toBe(future);
  });

  test("run in the next turn if the future is already done", () => {
    const future = loop.createFuture<void>();
    future.setResult();
    future.addDoneCallback(leave("a"));
    trace.push("|");
    runDry(loop);

    expect(trace.join("")).toBe("|a");
  });

  test.each<[string, (future: Future<unknown>) => unknown]>([
    ["a result", (future) => future.setResult(1)],
    ["an exception", (future) => future.setException(failure)],
    ["a cancellation", (future) => future.cancel()],
  ])("run after %s", (_, end) => {
    const future = loop.createFuture();
    future.addDoneCallback(() => trace.push("a"));
    end(future);
    runDry(loop);

    expect(trace).toEqual(["a"]);
  });

  test("do not run once removed, and removing them returns how many there were", () => {
    const future = loop.createFuture<void>();
    const [once, twice, never] = [leave("a"), leave("b"), leave("c")];
    for (const callback of [twice, once, twice]) future.addDoneCallback(callback);
    const removed = [
      future.removeDoneCallback(never),
      future.removeDoneCallback(twice),
      future.removeDoneCallback(twice),
    ];
    future.setResult();
    runDry(loop);

    expect([removed, trace]).toEqual([[0, 2, 0], ["a"]]);
  });

  test("can be removed without affecting the tasks that wait", () => {
    const future = loop.createFuture<string>();
    const callback = leave("x");
    future.addDoneCallback(callback);
    const task = loop.createTask(function* (): Coroutine<string> {
      return yield* future;
    });
    loop.callLater(1, () => {
      future.removeDoneCallback(callback);
      future.setResult("result");
    });
    runDry(loop);

    expect([task.result(), trace]).toEqual(["result", []]);
  });
});

describe("removing many callbacks one by one", () => {
  const COUNT = 2_000;
  const random = (seed: number): number => (seed * 7919 + 13) % COUNT;
  const orders: Record<string, (index: number) => number> = {
    "the first to the last": (index) => index,
    "the last to the first": (index) => COUNT - 1 - index,
    "in a mixed order": random,
  };

  test.each(Object.keys(orders))("compares each of them only a few times: %s", (name) => {
    const future = loop.createFuture<void>();
    const callbacks = Array.from({ length: COUNT }, (_, i) => leave(`${i} `));
    for (const callback of callbacks) future.addDoneCallback(callback);
    const { filter } = Array.prototype;
    let looks = 0;
    Array.prototype.filter = function (this: unknown[], ...args: [never]) {
      looks += this.length;
      return filter.apply(this, args);
    };
    try {
      for (let i = 0; i < COUNT - 3; i++) {
        const index = (orders[name] as (index: number) => number)(i);
        expect(future.removeDoneCallback(callbacks[index] as () => void)).toBe(1);
      }
    } finally {
      Array.prototype.filter = filter;
    }
    future.setResult();
    runDry(loop);

    expect(trace).toHaveLength(3);
    expect(looks).toBeLessThan(4 * COUNT);
  });

  test("removes all registrations of a callback in one call, even after others were removed", () => {
    const future = loop.createFuture<void>();
    const [a, b, c] = [leave("a"), leave("b"), leave("c")] as const;
    for (let i = 0; i < 50; i++) for (const each of [a, b, c]) future.addDoneCallback(each);
    const removed = [future.removeDoneCallback(b), future.removeDoneCallback(b)];
    future.addDoneCallback(b);
    removed.push(future.removeDoneCallback(a), future.removeDoneCallback(leave("d")));
    future.addDoneCallback(a);
    removed.push(future.removeDoneCallback(c));
    future.setResult();
    runDry(loop);

    expect(removed).toEqual([50, 0, 50, 0, 50]);
    expect(trace.join("")).toBe("ba");
  });
});
