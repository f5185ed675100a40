// In debug mode, the stack of an error names the tasks through which it passes.

import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  type ExceptionGroup,
  formatException,
  fromPromise,
  gather,
  mapConcurrent,
  race,
  run,
  shield,
  sleep,
  taskGroup,
} from "../../src/index.ts";

function* fail(): Coroutine<never> {
  yield* sleep(1);
  throw new RangeError("broken");
}

/** Runs `main` in debug mode, as a task of that name. Returns what it throws. */
async function failureOf(main: () => Coroutine<unknown>, debug = true): Promise<Error> {
  try {
    await run(
      function* () {
        yield* createTask(main, { name: "main" });
      },
      { debug },
    );
  } catch (error) {
    return error as Error;
  }
  throw new Error("Expected an error");
}

/** The tasks that a stack names, innermost first, with the functions' places left out. */
function tasksIn({ stack = "" }: Error): string[] {
  return [...stack.matchAll(/^ {4}awaited in task "([^"]*)" \(.*awaitChain\.test.*:\d+\)$/gm)].map(
    ([, name = ""]) => name,
  );
}

const OUTER = expect.stringMatching(/^Task-\d+$/);

describe("in debug mode, an error's stack", () => {
  test.each<[string, () => Coroutine<unknown>]>([
    ["directly", () => createTask(fail) as unknown as Coroutine<unknown>],
    ["through a gather", () => gather([gather([fail()])]) as unknown as Coroutine<unknown>],
    ["through a shield", () => shield(createTask(fail)) as unknown as Coroutine<unknown>],
    ["through mapConcurrent", () => mapConcurrent([1], fail)],
    ["through a race of tasks", () => race([createTask(fail), sleep(60_000)])],
  ])("names the tasks that await the failed one %s", async (_, body) => {
    const error = await failureOf(function* () {
      yield* body();
    });

    expect(String(error)).toBe("RangeError: broken");
    expect(tasksIn(error)).toEqual(["main", OUTER]);
  });

  test("names the awaiting tasks both in a group's errors and in the ExceptionGroup", async () => {
    const error = await failureOf(() =>
      taskGroup(function* (group) {
        group.createTask(fail, { name: "a" });
        yield* sleep(60_000);
      }),
    );

    expect(tasksIn((error as ExceptionGroup).errors[0])).toEqual(["main", OUTER]);
    expect(tasksIn(error)).toEqual([OUTER]);
  });

  test("names each task of a chain of awaiting tasks once, innermost first", async () => {
    const error = await failureOf(function* () {
      yield* createTask(
        function* () {
          yield* createTask(fail, { name: "innermost" });
        },
        { name: "inner" },
      );
    });

    expect(tasksIn(error)).toEqual(["inner", "main", OUTER]);
  });

  test("names the awaiting tasks even if they await the task after it has failed", async () => {
    const error = await failureOf(function* () {
      const task = createTask(fail);
      yield* sleep(5);
      yield* task;
    });

    expect(tasksIn(error)).toEqual(["main", OUTER]);
  });

  test("names the task that awaits a rejected promise", async () => {
    const error = await failureOf(function* () {
      yield* fromPromise(Promise.reject(new RangeError("rejected")));
    });

    expect(tasksIn(error)).toEqual(["main", OUTER]);
  });

  test("names only the first chain of awaiting tasks, even if others await the failed task later", async () => {
    const error = await failureOf(function* () {
      const task = createTask(fail);
      const others = [1, 2, 3].map((n) =>
        createTask(
          function* () {
            yield* sleep(n);
            yield* task;
          },
          { name: `${n}` },
        ),
      );
      yield* gather(others, { returnExceptions: true });
      yield* task;
    });

    expect(tasksIn(error).length).toBeLessThan(5);
    expect(tasksIn(error).at(-1)).toEqual(OUTER);
  });

  test("names the awaiting tasks in the output of formatException too", async () => {
    const error = await failureOf(function* () {
      yield* createTask(fail);
    });
    const lines = formatException(error).split("\n");

    expect(lines[0]).toBe("RangeError: broken");
    expect(lines[1]).toMatch(/^ {4}.*fail.*awaitChain\.test/);
    expect(lines[2]).toMatch(/^ {4}awaited in task "main" \(/);
    expect(lines[3]).toMatch(/^ {4}awaited in task "Task-\d+" \(/);
    expect(lines).toHaveLength(4);
  });
});

test.each<[string, unknown]>([
  ["frozen", Object.freeze(new RangeError("frozen"))],
  ["not an error", "a string"],
  [
    "an error with an unreadable stack",
    Object.defineProperty(new RangeError("own"), "stack", {
      get(): string {
        throw new Error("no stack");
      },
    }),
  ],
])("an exception that is %s is passed on unchanged", async (_, thrown) => {
  const error = await failureOf(function* () {
    yield* createTask(function* () {
      yield;
      throw thrown;
    });
  });

  expect(error).toBe(thrown);
});

test("outside debug mode, stacks stay as they are", async () => {
  const error = await failureOf(function* () {
    yield* createTask(fail);
  }, false);

  expect(error.stack).not.toContain("awaited in");
});
