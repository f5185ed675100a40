// The end of run(), after its main task has ended.

import { describe, expect } from "vitest";
import {
  type Coroutine,
  createTask,
  DeadlockError,
  getRunningLoop,
  run,
  runSync,
  sleep,
} from "../src/index.ts";
import { caught } from "./support/caught.ts";
import { collectReports } from "./support/reports.ts";
import { runVirtually } from "./support/virtualLoop.ts";
import { loop, test, trace } from "./support/virtualTest.ts";

const failure = new Error("failure");

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
  test("cancels the remaining tasks, and waits until they have cleaned up", () => {
    const result = runVirtually(function* (): Coroutine<string> {
      createTask(forgotten("b", 20));
      createTask(forgotten("a", 10));
      yield;
      return "result";
    });

    expect([result, trace.join("")]).toEqual(["result", "ab"]);
  });

  test("cancels the remaining tasks after a failure too", () => {
    const error = caught(() =>
      runVirtually(function* (): Coroutine<void> {
        createTask(forgotten("a", 10));
        yield;
        throw failure;
      }),
    );

    expect([error, trace.join("")]).toEqual([failure, "a"]);
  });

  test("cancels the remaining tasks on the host's clock too", async () => {
    await run(function* (): Coroutine<void> {
      createTask(forgotten("a", 1));
      yield;
    });

    expect(trace.join("")).toBe("a");
  });

  test.each([failure, undefined, null])(
    "reports the error of a task that it cancelled, once: %s",
    (thrown) => {
      const reports = collectReports(loop);
      runSync(
        function* (): Coroutine<void> {
          createTask(function* (): Coroutine<void> {
            try {
              yield* sleep(1e9);
            } finally {
              // biome-ignore lint/correctness/noUnsafeFinally: this is what happens to be tested
              throw thrown;
            }
          });
          yield;
        },
        { loop },
      );

      expect(reports).toEqual([
        { message: expect.any(String), exception: thrown, task: expect.anything() },
      ]);
    },
  );

  test("reports each error of a never-awaited task exactly once", () => {
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

  test("reports nothing if the remaining tasks end cancelled", () => {
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

  test("closes its loop even if a task can never finish its cleanup", () => {
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

  test("drops the remaining callbacks and timers", async () => {
    await run(function* (): Coroutine<void> {
      const running = getRunningLoop();
      running.callLater(200, () => trace.push("x"));
      yield;
      running.callSoon(() => running.callSoon(() => trace.push("x")));
    });
    await run(sleep(300));

    expect(trace).toEqual([]);
  });
});
