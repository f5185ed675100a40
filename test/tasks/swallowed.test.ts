// Debug mode detects the classic mistake: a bare `catch` around a `yield*`.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  coroutine,
  currentTask,
  type EventLoop,
  type ExceptionContext,
  Lock,
  sleep,
} from "../../src/index.ts";
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
  test("that swallows a cancellation and ends with a result, once, with the location", () => {
    const task = cancelled(retry);
    expect(reports).toEqual([
      { task, message: expect.stringContaining('Task "victim" was cancelled') },
    ]);
    expect(task.result()).toBe("went on");
  });

  test("with the location of the wait in the user's own file, not inside the lock", () => {
    const lock = new Lock();
    cancelled(function* careless() {
      yield* lock.acquire();
      try {
        yield* lock.acquire();
      } catch {
        // the mistake
      }
    });
    // In the sources each module is a file. In the package all are in one file, which is left out.
    expect(reports[0]?.message).toMatch(/while it waited at \S+ \(.*\.ts.*\), and ended with/);
  });

  test("that swallows a cancellation and continues, after 10 steps and at its end", () => {
    cancelled(function* () {
      for (let i = 0; i < 100; i++) yield* retry();
    });
    expect(reports.map(({ message }) => / and (.*?)\./.exec(message)?.[1])).toEqual([
      "is still running 10 steps later",
      "ended with a result",
    ]);
  });

  test("whose cancellation is swallowed by a caller at any depth", () => {
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

describe("debug mode does not report a task", () => {
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

  test("that ends its cancellation with uncancel()", () => {
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

  test("that is cancelled before it starts, or cancels itself in its last step", () => {
    loop.createTask(retry).cancel();
    loop.createTask(function* () {
      yield;
      currentTask()?.cancel();
    });
    runDry(loop);
    expect(reports).toEqual([]);
  });

  test("of another loop, which is not in debug mode", () => {
    const quiet = newVirtualLoop();
    const heard = collectReports(quiet);
    const task = quiet.createTask(retry);
    quiet.callLater(10, () => task.cancel());
    runDry(quiet);
    expect([heard, reports]).toEqual([[], []]);
  });
});
