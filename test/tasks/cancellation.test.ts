// The effects of cancelling a task.

import { describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  type Future,
  sleep,
  type Task,
} from "../../src/index.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

/** Starts a task, and lets it run until it waits. */
function started<T>(body: () => Coroutine<T>): Task<T> {
  const task = loop.createTask(body);
  loop.callSoon(() => loop.stop());
  loop.runForeverSync();
  return task;
}

/** Waits, and records a letter for its outcome. */
function* wait(): Coroutine<string> {
  try {
    yield* sleep(100);
    return "result";
  } catch (error) {
    trace.push(error instanceof CancelledError ? "cancelled" : "other");
    throw error;
  } finally {
    trace.push("finally");
  }
}

describe("cancel", () => {
  test("throws a CancelledError where the task waits, and the task ends cancelled", () => {
    const task = started(wait);
    const states = [task.cancel(), task.cancelled()];
    runDry(loop);

    expect([...states, task.cancelled(), trace]).toEqual([
      true,
      false,
      true,
      ["cancelled", "finally"],
    ]);
    expect(() => task.result()).toThrow(CancelledError);
    expect(() => task.exception()).toThrow(CancelledError);
  });

  const places: Record<string, () => Coroutine<unknown>> = {
    "a bare yield": function* () {
      for (;;) yield;
    },
    "a future": function* () {
      return yield* loop.createFuture();
    },
    "a sleep that never ends": () => sleep(Infinity),
    "a task": function* () {
      return yield* loop.createTask(sleep(100));
    },
    "a decorated coroutine": coroutine(function* () {
      return yield* sleep(100);
    }),
  };

  test.each(Object.entries(places))("ends a task that waits at %s", (_, body) => {
    const task = started(body);
    task.cancel();
    runDry(loop);

    expect([task.cancelled(), loop.time()]).toEqual([true, 0]);
  });

  test("does nothing to a task that is done", () => {
    const task = loop.createTask(sleep(1, "result"));
    runDry(loop);

    expect([task.cancel(), task.cancelled(), task.cancelling(), task.result()]).toEqual([
      false,
      false,
      0,
      "result",
    ]);
  });

  test("prevents the body from running if called before the first step", () => {
    const task = loop.createTask(wait);
    task.cancel();
    runDry(loop);

    expect([task.cancelled(), trace]).toEqual([true, []]);
  });

  test("passes its message to the CancelledError", () => {
    const tasks = [started(wait), loop.createTask(wait), started(places["a bare yield"]!)];
    for (const task of tasks) task.cancel("too late");
    runDry(loop);

    for (const task of tasks) expect(() => task.result()).toThrow("too late");
  });

  test("cancels the innermost future that the task waits for, at any depth", () => {
    const bottom = loop.createFuture<string>();
    const middle = loop.createTask(function* () {
      return yield* bottom;
    });
    const top = started(function* () {
      return yield* middle;
    });
    top.cancel();
    const atOnce = [bottom, middle, top].map((future: Future<unknown>) => future.cancelled());
    runDry(loop);

    expect(atOnce).toEqual([true, false, false]);
    expect([middle.cancelled(), top.cancelled()]).toEqual([true, true]);
  });

  test("ends the task only once the task that it awaits has cleaned up", () => {
    const child = loop.createTask(function* () {
      try {
        yield* sleep(100);
      } finally {
        yield* sleep(5);
      }
    });
    const parent = started(function* () {
      return yield* child;
    });
    parent.addDoneCallback(() => trace.push(`done at ${loop.time()}`));
    parent.cancel();
    runDry(loop);

    expect(trace).toEqual(["done at 5"]);
  });

  test("lets the task continue with the result of an awaited task that swallows the cancellation", () => {
    const child = loop.createTask(function* () {
      try {
        yield* sleep(100);
      } catch {}
      return "survived";
    });
    const parent = started(function* () {
      return yield* child;
    });
    parent.cancel();
    runDry(loop);

    expect(parent.result()).toBe("survived");
  });

  test("takes precedence over a result that arrives in the same turn", () => {
    const future = loop.createFuture<string>();
    const task = started(function* () {
      return yield* future;
    });
    future.setResult("result");
    task.cancel();
    runDry(loop);

    expect(task.cancelled()).toBe(true);
  });
});

describe("a cancelled task", () => {
  test("may wait while it cleans up", () => {
    const task = started(function* () {
      try {
        yield* sleep(100);
      } finally {
        yield* sleep(5);
        trace.push(`cleaned up at ${loop.time()}`);
      }
    });
    task.cancel();
    runDry(loop);

    expect([trace, task.cancelled()]).toEqual([["cleaned up at 5"], true]);
  });

  test("may swallow the error and continue", () => {
    const task = started(function* () {
      try {
        yield* sleep(100);
      } catch {}
      return yield* sleep(1, "went on");
    });
    task.cancel();
    runDry(loop);

    expect([task.result(), task.cancelled(), task.cancelling()]).toEqual(["went on", false, 1]);
  });

  test("fails if it throws another error", () => {
    const task = started(function* () {
      try {
        yield* sleep(100);
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: this is what happens to be tested
        throw "another";
      }
    });
    task.cancel();
    runDry(loop);

    expect([task.cancelled(), task.exception()]).toEqual([false, "another"]);
  });

  test("cancels the tasks that await it, unless they catch the error", () => {
    const task = loop.createTask(wait);
    const [careless, careful] = [
      loop.createTask(function* (): Coroutine<string> {
        return yield* task;
      }),
      loop.createTask(function* (): Coroutine<string> {
        try {
          return yield* task;
        } catch {
          return "caught";
        }
      }),
    ];
    loop.callLater(1, () => task.cancel());
    runDry(loop);

    expect([careless.cancelled(), careful.result()]).toEqual([true, "caught"]);
  });

  test("removes its timer immediately", () => {
    started(wait).cancel();
    runDry(loop);

    expect([loop.time(), [...loop._slots]]).toEqual([0, []]);
  });
});
