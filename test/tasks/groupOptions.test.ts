// The options of task groups. One file, because they may be combined.

import { describe, expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  ExceptionGroup,
  getRunningLoop,
  sleep,
  type TaskGroup,
  taskGroup,
  timeout,
} from "../../src/index.ts";
import { explore } from "../../src/testing.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const FAILURE = new Error("failure");

/** Records its start and its end, and takes time to clean up. */
function* watch(trace: string[], name: string, delay = Infinity, cleanUp = 0): Coroutine<void> {
  try {
    yield* sleep(delay);
    trace.push(`${name} ended`);
  } catch (error) {
    trace.push(`${name} cancelled at ${getRunningLoop().time()}`);
    if (cleanUp > 0) yield* sleep(cleanUp);
    throw error;
  }
}

function* fail(delay: number, error: unknown = FAILURE): Coroutine<never> {
  yield* sleep(delay);
  throw error;
}

function traceOf(body: (group: TaskGroup, trace: string[]) => Coroutine<unknown>): string {
  const trace: string[] = [];
  runVirtually(function* () {
    try {
      const value = yield* taskGroup((group) => body(group, trace));
      trace.push(`value ${value}`);
    } catch (error) {
      const errors = error instanceof ExceptionGroup ? error.errors : [error];
      trace.push(`error ${errors.map((each) => (each as Error).message)}`);
    }
    trace.push(`over at ${getRunningLoop().time()}`);
  });
  return trace.join(", ");
}

describe("a background task", () => {
  test.each<[string, (group: TaskGroup, trace: string[]) => Coroutine<unknown>, string]>([
    [
      "ends with the body",
      function* (group, trace) {
        group.createTask(watch(trace, "background"), { background: true });
        yield* sleep(10);
        return 1;
      },
      "background cancelled at 10, value 1, over at 10",
    ],
    [
      "ends with the last of the other tasks, which the group waits for",
      function* (group, trace) {
        group.createTask(watch(trace, "background", Infinity, 5), { background: true });
        group.createTask(watch(trace, "task", 20));
        yield* sleep(10);
        return 1;
      },
      "task ended, background cancelled at 20, value 1, over at 25",
    ],
    [
      "may end by itself",
      function* (group, trace) {
        group.createTask(watch(trace, "background", 5), { background: true });
        yield* sleep(10);
      },
      "background ended, value undefined, over at 10",
    ],
    [
      "cancels the others when it fails",
      function* (group, trace) {
        group.createTask(fail(5), { background: true });
        group.createTask(watch(trace, "task"));
        yield* watch(trace, "body");
      },
      "task cancelled at 5, body cancelled at 5, error failure, over at 5",
    ],
    [
      "is cancelled with the others when one fails",
      function* (group, trace) {
        group.createTask(watch(trace, "background"), { background: true });
        group.createTask(fail(5));
        yield* watch(trace, "body");
      },
      "background cancelled at 5, body cancelled at 5, error failure, over at 5",
    ],
    [
      "can clean up when another task fails",
      function* (group, trace) {
        group.createTask(
          function* () {
            try {
              yield* sleep(Infinity);
            } finally {
              yield* sleep(20);
              trace.push("cleaned up");
            }
          },
          { background: true },
        );
        group.createTask(fail(5));
        yield* sleep(1);
      },
      "cleaned up, error failure, over at 25",
    ],
    [
      "adds the error of its cleanup to the group",
      function* (group, trace) {
        group.createTask(
          function* () {
            try {
              yield* watch(trace, "background");
            } finally {
              yield* fail(3);
            }
          },
          { background: true },
        );
        yield* sleep(1);
      },
      "background cancelled at 1, error failure, over at 4",
    ],
    [
      "is cancelled by group.cancel()",
      function* (group, trace) {
        group.createTask(watch(trace, "background"), { background: true });
        group.cancel();
        yield* watch(trace, "body");
      },
      "background cancelled at 0, body cancelled at 0, value undefined, over at 0",
    ],
    [
      "may start a task in its cleanup, and the group waits for that task",
      function* (group, trace) {
        group.createTask(
          function* () {
            try {
              yield* sleep(Infinity);
            } finally {
              group.createTask(watch(trace, "late task", 7));
              group.createTask(watch(trace, "late background", 99), { background: true });
              yield* sleep(1);
            }
          },
          { background: true },
        );
        yield* sleep(1);
      },
      "late task ended, value undefined, over at 8",
    ],
    [
      "is cancelled only after the tasks that were started while the group waited",
      function* (group, trace) {
        for (const name of ["a", "b"]) {
          group.createTask(watch(trace, name), { background: true });
        }
        group.createTask(function* () {
          yield* sleep(2);
          group.createTask(watch(trace, "late", 3));
        });
      },
      "late ended, a cancelled at 5, b cancelled at 5, value undefined, over at 5",
    ],
    [
      "may end at once",
      function* (group) {
        group.createTask(function* () {}, { background: true, eagerStart: true });
      },
      "value undefined, over at 0",
    ],
  ])("%s", (_, body, expected) => {
    expect(traceOf(body)).toBe(expected);
  });

  test("is cancelled at the body's end, and again if its group is cancelled from outside", () => {
    const trace: string[] = [];
    runVirtually(function* () {
      const task = createTask(
        taskGroup(function* (group) {
          group.createTask(watch(trace, "background", Infinity, 10), { background: true });
          yield* sleep(5);
        }),
      );
      yield* sleep(8);
      task.cancel();
      try {
        yield* task;
      } catch (error) {
        trace.push(`${(error as Error).name} at ${getRunningLoop().time()}`);
      }
    });

    expect(trace).toEqual(["background cancelled at 5", "CancelledError at 8"]);
  });

  test("is rejected if `background` is not a boolean", () => {
    const body = function* (group: TaskGroup): Coroutine<void> {
      group.createTask(sleep(1), { background: 1 as never });
    };

    expect(caught(() => runVirtually(taskGroup(body, { unwrap: true })))).toMatchObject({
      message: "Expected `background` to be a boolean, got `1` (number)",
    });
  });

  test("never outlives the group, and never ends before the other tasks, in any order of steps", async () => {
    const main = function* (): Coroutine<void> {
      let workers = 0;
      let inBackground = 0;
      const victim = createTask(
        taskGroup(function* (group) {
          group.createTask(
            function* () {
              inBackground++;
              try {
                for (;;) yield* sleep(1);
              } finally {
                try {
                  yield;
                } finally {
                  inBackground--;
                }
              }
            },
            { background: true, eagerStart: true },
          );
          for (let n = 0; n < 2; n++) {
            group.createTask(function* () {
              workers++;
              yield* sleep(1);
              expect(inBackground).toBe(1);
              workers--;
            });
          }
          yield;
        }),
        { name: "victim" },
      );
      try {
        yield* victim;
        expect(workers).toBe(0);
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
      }
      expect(inBackground).toBe(0);
    };

    await explore(main, { runs: 500, cancelPoints: "victim" });
  });
});

describe("unwrap", () => {
  test.each<[string, (group: TaskGroup) => Coroutine<unknown>]>([
    ["of the body", () => fail(0)],
    [
      "of a task",
      function* (group) {
        group.createTask(fail(1));
      },
    ],
    [
      "of a background task",
      function* (group) {
        group.createTask(fail(1), { background: true });
        yield* sleep(9);
      },
    ],
    ["of a group within the group", () => taskGroup(() => fail(1))],
    [
      "beside a cancelled task",
      function* (group) {
        group.createTask(fail(1));
        group.createTask(sleep(9));
      },
    ],
  ])("throws a single error unwrapped: %s", (_, body) => {
    expect(caught(() => runVirtually(taskGroup(body, { unwrap: true })))).toBe(FAILURE);
  });

  test("leaves several errors in their group, and passes a cancellation through", () => {
    const both = taskGroup(
      function* (group) {
        group.createTask(fail(0));
        group.createTask(fail(0, new Error("another")));
      },
      { unwrap: true },
    );
    expect(caught(() => runVirtually(both))).toMatchObject({
      name: "ExceptionGroup",
      errors: [FAILURE, { message: "another" }],
    });

    const late = timeout(1, () => taskGroup(() => sleep(9), { unwrap: true }));
    expect(caught(() => runVirtually(late))).toMatchObject({ name: "TimeoutError" });
  });

  test("is off by default, and throws a TypeError unless it is a boolean", () => {
    expect(caught(() => runVirtually(taskGroup(() => fail(0), {})))).toBeInstanceOf(ExceptionGroup);
    expect(() => taskGroup(() => sleep(1), { unwrap: "yes" as never })).toThrow("`unwrap`");
    expect(() => taskGroup(() => sleep(1), true as never)).toThrow("`options`");
  });

  test("is also available as a method of exception groups", () => {
    const inner = new ExceptionGroup([FAILURE], "inner");
    const two = new ExceptionGroup([inner, FAILURE], "two");

    expect(new ExceptionGroup([inner], "outer").unwrap()).toBe(FAILURE);
    expect(two.unwrap()).toBe(two);
    expect(new ExceptionGroup([two], "around").unwrap()).toBe(two);
  });
});
