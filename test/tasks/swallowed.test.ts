// Debug mode finds the classic mistake: a bare `catch` around a `yield*`.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import type { ExceptionContext } from "../../src/loop/scheduler.ts";
import { Lock } from "../../src/sync/lock.ts";
import { currentTask } from "../../src/tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../../src/tasks/coroutine.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let reports: ExceptionContext[];

beforeEach(() => {
  loop = newVirtualLoop({ debug: true });
  loop.slowCallbackDuration = Infinity;
  reports = collectReports(loop);
});

afterEach(() => {
  loop.close();
});

function* retry(): Coroutine<string> {
  try {
    yield* sleep(100);
  } catch {
    // the mistake
  }
  return "went on";
}

/** Runs `body` as a task that is cancelled while it waits. */
function cancelled(body: () => Coroutine<unknown>) {
  const task = loop.createTask(body, { name: "victim" });
  loop.callLater(10, () => task.cancel());
  runDry(loop);
  return task;
}

describe("debug mode reports a task", () => {
  test("that swallows a cancel and ends with a result, once, with the place", () => {
    const task = cancelled(retry);
    expect(reports).toEqual([
      { task, message: expect.stringContaining('Task "victim" was cancelled') },
    ]);
    expect(task.result()).toBe("went on");
  });

  test("and tells the place in the user's own file, however deep in a lock the wait is", () => {
    const lock = new Lock();
    cancelled(function* careless() {
      yield* lock.acquire();
      try {
        yield* lock.acquire();
      } catch {
        // the mistake
      }
    });
    // In the sources every file is one of its own; in the package all are in one, which is left out.
    expect(reports[0]?.message).toMatch(/while it waited at \S+ \(.*\.ts.*\), and ended with/);
  });

  test("that swallows a cancel and goes on and on, while it does", () => {
    cancelled(function* () {
      for (let i = 0; i < 100; i++) yield* retry();
    });
    expect(reports.map(({ message }) => / and (.*?)\./.exec(message)?.[1])).toEqual([
      "still goes on 10 steps later",
      "ended with a result",
    ]);
  });

  test("whose caller swallows, at any depth", () => {
    const deep = coroutine(function* (depth: number): Coroutine<void> {
      yield* depth === 0 ? sleep(100) : deep(depth - 1);
    });
    cancelled(function* () {
      try {
        yield* deep(100);
      } catch {
        // the mistake
      }
    });
    expect(reports).toHaveLength(1);
  });
});

describe("debug mode says nothing of a task", () => {
  test("that cleans up and ends cancelled", () => {
    cancelled(function* () {
      try {
        yield* sleep(100);
      } finally {
        yield* sleep(10);
      }
    });
    expect(reports).toEqual([]);
  });

  test("that ends its cancel by uncancel()", () => {
    cancelled(function* () {
      try {
        yield* sleep(100);
      } catch {
        currentTask()?.uncancel();
      }
      for (let i = 0; i < 100; i++) yield;
    });
    expect(reports).toEqual([]);
  });

  test("that is cancelled before it begins, or by itself in its last step", () => {
    loop.createTask(retry).cancel();
    loop.createTask(function* () {
      yield;
      currentTask()?.cancel();
    });
    runDry(loop);
    expect(reports).toEqual([]);
  });

  test("on a loop that is not in debug mode", () => {
    const quiet = newVirtualLoop();
    const heard = collectReports(quiet);
    const task = quiet.createTask(retry);
    quiet.callLater(10, () => task.cancel());
    runDry(quiet);
    expect([heard, reports]).toEqual([[], []]);
  });
});
