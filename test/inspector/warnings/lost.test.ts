import { describe, expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  createTask,
  fromPromise,
  getRunningLoop,
  Lock,
  type LoopWarning,
  Queue,
  run,
  sleep,
  timeout,
} from "../../../src/index.ts";
import { warnings } from "../../../src/inspector.ts";
import { collectGarbage } from "../../support/garbage.ts";
import { idsOf, warningsOf } from "./watch.ts";

describe("swallowed-cancel", () => {
  test("is raised for a task that was cancelled and ends with a result", () => {
    const found = warningsOf(function* () {
      const stubborn = coroutine(function* goOn(): Coroutine<string> {
        try {
          yield* sleep(10_000);
        } catch {}
        return "done";
      });
      const task = createTask(stubborn, { name: "stubborn" });
      yield* sleep(1);
      task.cancel();
      yield* task;
    });

    expect(found).toMatchObject([
      {
        id: "swallowed-cancel",
        message: 'Task "stubborn" ignored its cancellation',
        evidence: "it was cancelled, and ended with a result",
        place: "goOn",
      },
    ]);
  });

  test.each<[string, (queue: Queue<number>) => Coroutine<unknown>]>([
    ["a sleep", () => sleep(100)],
    ["a queue", (queue) => queue.get()],
  ])("is raised for a task that ignores the cancellation and waits for %s again", (what, wait) => {
    const found = warningsOf(function* () {
      const queue = new Queue<number>();
      const task = createTask(
        function* () {
          for (;;) {
            try {
              yield* wait(queue);
            } catch {}
          }
        },
        { name: "stubborn" },
      );
      createTask(function* () {
        for (;;) {
          yield* sleep(90);
          queue.putNowait(1);
        }
      });
      yield* sleep(150);
      task.cancel();
      yield* sleep(3_000);
    });

    expect(found).toMatchObject([
      {
        id: "swallowed-cancel",
        evidence: expect.stringMatching(
          what === "a queue"
            ? /since, and waits for Queue 1 as before$/
            : /and waits for Sleep as before$/,
        ),
        tasks: [{ name: "stubborn" }],
        since: 150,
      },
    ]);
  });

  test("is not raised for timeouts, for long cleanups, or for tasks that call uncancel()", () => {
    expect(
      idsOf(function* () {
        const tasks = [
          function* () {
            try {
              yield* sleep(10_000);
            } finally {
              // Draining takes its time.
              for (let i = 0; i < 40; i++) yield* sleep(100);
            }
          },
          function* () {
            try {
              yield* sleep(10_000);
            } catch (error) {
              if (!(error instanceof CancelledError)) throw error;
              for (let i = 0; i < 20; i++) yield;
              throw error;
            }
          },
          function* () {
            try {
              yield* sleep(10_000);
            } catch {
              task?.uncancel();
            }
            for (;;) yield* sleep(100);
          },
        ].map((body) => createTask(body));
        const task = tasks[2];
        createTask(function* () {
          for (;;) {
            try {
              yield* timeout(100, () => sleep(1_000));
            } catch {}
          }
        });
        yield* sleep(1);
        for (const one of tasks) one.cancel();
        yield* sleep(3_000);
      }),
    ).toEqual([]);
  });

  test("is not raised for a task whose result came before the cancellation", () => {
    expect(
      idsOf(function* () {
        const lock = new Lock();
        const inner = createTask(() => sleep(10_000, "inner"));
        const outer = createTask(function* () {
          yield* lock.acquire();
          try {
            return yield* inner;
          } catch {
            // This is the cancellation of `inner`. The task's own cancellation never arrives.
            return "outer";
          }
        });
        yield* sleep(1);
        inner.cancel();
        yield* outer;
        outer.cancel();
      }),
    ).toEqual([]);
  });
});

describe("never-retrieved", () => {
  test("is raised when nobody retrieved the exception of a task", async () => {
    const found = warningsOf(function* (loop) {
      const failing = coroutine(function* fail(): Coroutine<void> {
        throw new Error("lost");
      });
      const task = createTask(failing, { name: "failing" });
      yield* sleep(1);
      // Reports what the loop reports when the task is collected.
      loop.callExceptionHandler({
        message: 'Task "failing" failed',
        exception: task.exception(),
        task,
      });
    });

    expect(found).toMatchObject([
      { id: "never-retrieved", evidence: 'Task "failing" failed', place: "fail" },
    ]);
  });

  test("is not raised for a retrieved exception, or for other reports to the exception handler", () => {
    expect(
      idsOf(function* (loop) {
        loop.callSoon(() => {
          throw new Error("of a callback");
        });
        loop.callExceptionHandler({ message: "The coroutine `x` was never awaited" });
        const task = createTask(function* () {
          throw new Error("retrieved");
        });
        yield* sleep(1);
        task.exception();
      }),
    ).toEqual([]);
  });
});

// On the host's clock, because the collector runs between tasks of the host.
describe("after garbage collection,", () => {
  /** The warnings of a loop in debug mode, once there is one about what `lose` leaves behind. */
  function found(lose: () => Coroutine<void>): Promise<LoopWarning[]> {
    const main = function* (): Coroutine<LoopWarning[]> {
      const loop = getRunningLoop();
      loop.setExceptionHandler(() => undefined);
      warnings(loop);
      yield* lose();
      const isFound = () => warnings(loop).length > 0;
      for (let i = 0; i < 20 && !isFound(); i++) {
        yield* fromPromise(collectGarbage(isFound));
        yield* sleep(100); // a sample is taken once a second
      }
      return warnings(loop);
    };
    return run(main, { debug: true });
  }

  test("a coroutine that nobody awaited is reported as never-awaited", async () => {
    const forgotten = coroutine(function* forgotten(): Coroutine<void> {});
    const lost = await found(function* () {
      forgotten();
    });

    expect(lost).toContainEqual(
      expect.objectContaining({
        id: "never-awaited",
        evidence: expect.stringContaining("The coroutine `forgotten"),
      }),
    );
  });

  test("a task whose exception nobody retrieved is reported as never-retrieved", async () => {
    const lost = await found(function* () {
      createTask(
        function* () {
          throw new Error("lost");
        },
        { name: "failing" },
      );
      yield* sleep(1);
    });

    expect(lost).toContainEqual(
      expect.objectContaining({
        id: "never-retrieved",
        evidence: expect.stringContaining('Task "failing"'),
      }),
    );
  });
});
