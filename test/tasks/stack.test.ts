// Where a task is.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { type Coroutine, coroutine } from "../../src/tasks/coroutine.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import type { Task } from "../../src/tasks/task.ts";
import { timeout } from "../../src/tasks/timeout.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop({ debug: true });
});

afterEach(() => {
  loop.close();
});

const callInner = coroutine(function* inner(): Coroutine<void> {
  yield* sleep(100);
});

const callOuter = coroutine(function* outer(): Coroutine<void> {
  yield* callInner();
});

function* plain(): Coroutine<void> {
  yield* callOuter();
}

/** Starts a task, and lets it run until it waits. */
function waiting(body: () => Coroutine<unknown>): Task<unknown> {
  const task = loop.createTask(body);
  loop.callSoon(() => loop.stop());
  loop.runForeverSync();
  return task;
}

const names = (task: Task<unknown>) => task.getStack().map(({ functionName }) => functionName);

describe("the stack of a task that waits", () => {
  test("names the decorated functions, the innermost last", () => {
    expect(names(waiting(callOuter))).toEqual(["outer", "inner"]);
  });

  test("names the plain function at its bottom by where it waits", () => {
    expect(names(waiting(plain))).toEqual(["plain", "outer", "inner"]);
  });

  test("tells for each the file and line of its yield*", () => {
    const stack = waiting(plain).getStack();
    for (const { location } of stack) expect(location).toMatch(/stack\.test\.ts\S*:\d+:\d+$/);
    const lines = stack.map(({ location }) => Number(location?.split(":").at(-2)));
    const [plainLine = 0, outerLine = 0, innerLine = 0] = lines;
    expect([plainLine > outerLine, outerLine > innerLine]).toEqual([true, true]);
  });

  test("has the body of a timeout between what is around it and within it", () => {
    const task = waiting(function* around() {
      yield* timeout(10, function* body() {
        yield* callInner();
      });
    });
    expect(names(task)).toEqual(["around", "body", "inner"]);
  });

  test("is cut to the innermost frames", () => {
    const frames = waiting(plain).getStack({ limit: 2 });
    expect(frames.map(({ functionName }) => functionName)).toEqual(["outer", "inner"]);
  });

  test("without debug mode has the names of what the task resumes", () => {
    loop.setDebug(false);
    const task = loop.createTask(function* () {
      yield* coroutine(function* again(): Coroutine<void> {
        for (;;) yield;
      })();
    });
    // The first suspension of so short a chain is left to the engine, the second is not.
    for (let i = 0; i < 3; i++) {
      loop.callSoon(() => loop.stop());
      loop.runForeverSync();
    }
    expect(task.getStack()).toEqual([
      { functionName: "anonymous", location: undefined },
      { functionName: "again", location: undefined },
    ]);
  });
});

test("the stack of a task that is done is empty", () => {
  const task = loop.createTask(plain);
  runDry(loop);
  expect(task.getStack()).toEqual([]);
});

test("the stack can be written to the console", () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    waiting(plain).printStack({ limit: 1 });
    expect(error.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^Stack of Task "Task-\d+", the innermost last:\n {4}at inner \(.+\)$/,
        ),
      ],
    ]);
  } finally {
    error.mockRestore();
  }
});

test("a limit that is none is refused", () => {
  const task = waiting(plain);
  expect(() => task.getStack({ limit: -1 })).toThrow(RangeError);
  expect(() => task.getStack({ limit: "1" as never })).toThrow(TypeError);
});
