// What run() does at the end of its main task.

import { beforeEach, describe, expect, test } from "vitest";
import { type EventLoop, getRunningLoop } from "../src/eventLoop.ts";
import { DeadlockError } from "../src/loop/errors.ts";
import { run, runSync } from "../src/run.ts";
import { createTask } from "../src/tasks/awaitable.ts";
import type { Coroutine } from "../src/tasks/coroutine.ts";
import { sleep } from "../src/tasks/sleep.ts";
import { caught } from "./support/caught.ts";
import { collectReports } from "./support/reports.ts";
import { newVirtualLoop, runVirtually } from "./support/virtualLoop.ts";

const failure = new Error("failure");

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

/** Sleeps for ages, then cleans up for a while. */
function* forgotten(name: string, cleaning: number): Coroutine<void> {
  try {
    yield* sleep(1e9);
  } finally {
    yield* sleep(cleaning);
    trace.push(name);
  }
}

describe("at the end of its main task, run", () => {
  test("cancels the tasks that are left, and waits until they have cleaned up", () => {
    const result = runVirtually(function* (): Coroutine<string> {
      createTask(forgotten("b", 20));
      createTask(forgotten("a", 10));
      yield;
      return "result";
    });

    expect([result, trace.join("")]).toEqual(["result", "ab"]);
  });

  test("does so after a failure too", () => {
    const error = caught(() =>
      runVirtually(function* (): Coroutine<void> {
        createTask(forgotten("a", 10));
        yield;
        throw failure;
      }),
    );

    expect([error, trace.join("")]).toEqual([failure, "a"]);
  });

  test("does so on the host's clock too", async () => {
    await run(function* (): Coroutine<void> {
      createTask(forgotten("a", 1));
      yield;
    });

    expect(trace.join("")).toBe("a");
  });

  test("reports errors of the tasks that it cancelled, once", () => {
    const reports = collectReports(loop);
    runSync(
      function* (): Coroutine<void> {
        createTask(function* (): Coroutine<void> {
          try {
            yield* sleep(1e9);
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: this is what happens to be tested
            throw failure;
          }
        });
        yield;
      },
      { loop },
    );

    expect(reports).toEqual([
      { message: expect.any(String), exception: failure, task: expect.anything() },
    ]);
  });

  test("reports errors of tasks that nobody awaited, once", () => {
    const reports = collectReports(loop);
    runSync(
      function* (): Coroutine<void> {
        createTask(function* (): Coroutine<void> {
          throw failure;
        });
        yield* sleep(1);
      },
      { loop },
    );

    expect(reports.map(({ exception }) => exception)).toEqual([failure]);
  });

  test("reports nothing else", () => {
    const reports = collectReports(loop);
    runSync(
      function* (): Coroutine<void> {
        createTask(forgotten("a", 1));
        yield;
      },
      { loop },
    );

    expect(reports).toEqual([]);
  });

  test("closes its loop though a task can never clean up", () => {
    const error = caught(() =>
      runSync(
        function* (): Coroutine<void> {
          createTask(function* (): Coroutine<void> {
            try {
              yield* sleep(1e9);
            } finally {
              yield* loop.createFuture<void>();
            }
          });
          yield;
        },
        { loop },
      ),
    );

    expect([error, loop.isClosed()]).toEqual([expect.any(DeadlockError), true]);
  });

  test("drops the callbacks and timers that are left", async () => {
    await run(function* (): Coroutine<void> {
      const running = getRunningLoop();
      running.callLater(1, () => trace.push("x"));
      yield;
      running.callSoon(() => running.callSoon(() => trace.push("x")));
    });
    await run(sleep(5));

    expect(trace).toEqual([]);
  });
});
