import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import type { Future } from "../../src/tasks/future.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

const failure = new Error("failure");

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

/** A callback that leaves a letter. */
function leave(letter: string): () => void {
  return () => trace.push(letter);
}

describe("done callbacks", () => {
  test("run through the loop, in the order in which they were added", () => {
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

  test("run in line with the tasks that wait", () => {
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

  test("get the future", () => {
    const future = loop.createFuture<void>();
    const got: unknown[] = [];
    future.addDoneCallback((done) => got.push(done));
    future.setResult();
    runDry(loop);

    expect(got[0]).toBe(future);
  });

  test("of a future that is done run in the next turn", () => {
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
    ["a cancel", (future) => future.cancel()],
  ])("run after %s", (_, end) => {
    const future = loop.createFuture();
    future.addDoneCallback(() => trace.push("a"));
    end(future);
    runDry(loop);

    expect(trace).toEqual(["a"]);
  });

  test("that were taken back do not run, and are counted", () => {
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

  test("that were taken back leave the tasks that wait", () => {
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
