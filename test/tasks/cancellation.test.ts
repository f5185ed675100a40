// What a cancel does to a task.

import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { CancelledError } from "../../src/loop/errors.ts";
import { type Coroutine, coroutine } from "../../src/tasks/coroutine.ts";
import type { Future } from "../../src/tasks/future.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import type { Task } from "../../src/tasks/task.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

/** Starts a task, and lets it run until it waits. */
function started<T>(body: () => Coroutine<T>): Task<T> {
  const task = loop.createTask(body);
  loop.callSoon(() => loop.stop());
  loop.runForeverSync();
  return task;
}

/** Waits, and leaves a letter for whatever happens to it. */
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

  test("before the first step keeps the body from running", () => {
    const task = loop.createTask(wait);
    task.cancel();
    runDry(loop);

    expect([task.cancelled(), trace]).toEqual([true, []]);
  });

  test("passes its message on", () => {
    const tasks = [started(wait), loop.createTask(wait), started(places["a bare yield"]!)];
    for (const task of tasks) task.cancel("too late");
    runDry(loop);

    for (const task of tasks) expect(() => task.result()).toThrow("too late");
  });

  test("cancels what the task waits for, however far down", () => {
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

  test("waits until what it was passed on to has cleaned up", () => {
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

  test("that what it was passed on to swallows gives the result of that", () => {
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

  test("wins over a result of the same turn", () => {
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

  test("may swallow the error and go on", () => {
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

  test("fails if it answers with another error", () => {
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

  test("cancels those that await it, unless they catch it", () => {
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

  test("takes its timer out at once", () => {
    started(wait).cancel();
    runDry(loop);

    expect([loop.time(), [...loop._slots]]).toEqual([0, []]);
  });
});
