// Several cancellations of one task, cancellations by the task itself, and ones that are taken
// back.

import { describe, expect } from "vitest";
import { type Coroutine, currentTask, sleep, type Task } from "../../src/index.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

/** Starts a task, and lets it run until it waits. */
function started<T>(body: () => Coroutine<T>): Task<T> {
  const task = loop.createTask(body);
  loop.callSoon(() => loop.stop());
  loop.runForeverSync();
  return task;
}

describe("a task that cancels itself", () => {
  test("ends cancelled if it returns without another wait", () => {
    const task = started(function* () {
      currentTask()?.cancel();
      return "result";
    });

    expect(task.cancelled()).toBe(true);
  });

  const waits: Record<string, () => Coroutine<void>> = {
    "a bare yield": function* () {
      yield;
    },
    "a sleep": () => sleep(100),
  };

  test.each(Object.entries(waits))("throws at its next wait: at %s", (_, wait) => {
    const task = loop.createTask(function* () {
      currentTask()?.cancel();
      try {
        yield* wait();
      } finally {
        trace.push(`at ${loop.time()}`);
      }
    });
    runDry(loop);

    expect([trace, task.cancelled()]).toEqual([["at 0"], true]);
  });

  test("throws at its next wait even if nothing completes the awaited future", () => {
    const task = loop.createTask(function* () {
      currentTask()?.cancel("by itself");
      yield* loop.createFuture();
    });
    runDry(loop);

    expect(task.done()).toBe(true);
    expect(() => task.result()).toThrow("by itself");
  });
});

describe("several calls of cancel", () => {
  test("cause a single error if made before its delivery, and are all counted", () => {
    const task = started(function* () {
      for (let turn = 0; turn < 3; turn++) {
        try {
          yield* sleep(1);
          trace.push("slept");
        } catch {
          trace.push(`caught at ${currentTask()?.cancelling()}`);
        }
      }
    });
    task.cancel();
    task.cancel();
    runDry(loop);

    expect([trace, task.cancelling()]).toEqual([["caught at 2", "slept", "slept"], 2]);
  });

  test("cause one error each if the previous error has been delivered", () => {
    const task = started(function* () {
      try {
        yield* sleep(100);
      } catch {
        trace.push("first");
      }
      try {
        yield* sleep(100);
      } finally {
        trace.push("second");
      }
    });
    task.cancel();
    loop.callLater(1, () => task.cancel());
    runDry(loop);

    expect([trace, task.cancelled()]).toEqual([["first", "second"], true]);
  });
});

describe("uncancel", () => {
  test("takes back one cancellation at a time, down to 0", () => {
    const task = started(() => sleep(100));
    task.cancel();
    task.cancel();

    expect([task.uncancel(), task.uncancel(), task.uncancel(), task.cancelling()]).toEqual([
      1, 0, 0, 0,
    ]);
  });

  test("withdraws a cancellation that has not been delivered yet", () => {
    const task = loop.createTask(sleep(1, "result"));
    task.cancel();
    task.uncancel();
    runDry(loop);

    expect(task.result()).toBe("result");
  });

  test("withdraws nothing while the count is above 0", () => {
    const task = loop.createTask(sleep(1));
    task.cancel();
    task.cancel();
    task.uncancel();
    runDry(loop);

    expect(task.cancelled()).toBe(true);
  });

  test("does not withdraw a cancellation that was passed on to a future", () => {
    const task = started(() => sleep(100));
    task.cancel();
    task.uncancel();
    runDry(loop);

    expect(task.cancelled()).toBe(true);
  });
});
