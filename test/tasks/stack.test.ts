// The stack of a task: where it waits.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Coroutine,
  coroutine,
  type EventLoop,
  sleep,
  type Task,
  timeout,
} from "../../src/index.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop({ debug: true });
  loop.slowCallbackDuration = Infinity; // a busy machine is no news
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

describe("the stack of a waiting task", () => {
  test("names the decorated functions, the innermost last", () => {
    expect(names(waiting(callOuter))).toEqual(["outer", "inner"]);
  });

  test("names the plain generator function at its bottom", () => {
    expect(names(waiting(plain))).toEqual(["plain", "outer", "inner"]);
  });

  test("keeps functions of the program that are named like functions of the package", () => {
    function* resume(): Coroutine<void> {
      yield* sleep(100);
    }
    function* outermost(): Coroutine<void> {
      yield* resume();
    }
    expect(names(waiting(outermost))).toEqual(["outermost", "resume"]);
  });

  test("has the file and line of each function's yield*", () => {
    const stack = waiting(plain).getStack();
    for (const { location } of stack) expect(location).toMatch(/stack\.test\.ts\S*:\d+:\d+$/);
    const lines = stack.map(({ location }) => Number(location?.split(":").at(-2)));
    const [plainLine = 0, outerLine = 0, innerLine = 0] = lines;
    expect([plainLine > outerLine, outerLine > innerLine]).toEqual([true, true]);
  });

  test("lists the body of a timeout between the frames around it and inside it", () => {
    const task = waiting(function* around() {
      yield* timeout(10, function* body() {
        yield* callInner();
      });
    });
    expect(names(task)).toEqual(["around", "body", "inner"]);
  });

  test("can be limited to the innermost frames", () => {
    const frames = waiting(plain).getStack({ limit: 2 });
    expect(frames.map(({ functionName }) => functionName)).toEqual(["outer", "inner"]);
  });

  test("names the generators that the task resumes, even outside debug mode", () => {
    loop.setDebug(false);
    const task = loop.createTask(function* () {
      yield* coroutine(function* again(): Coroutine<void> {
        for (;;) yield;
      })();
    });
    // The engine handles the first suspension of such a short chain, but not the second.
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

test("the stack of a completed task is empty", () => {
  const task = loop.createTask(plain);
  runDry(loop);
  expect(task.getStack()).toEqual([]);
});

test("the stack can be written to the console", () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    waiting(plain).printStack({ limit: 1 });
    expect(error.mock.calls).toEqual([
      [expect.stringMatching(/^Stack of Task "Task-\d+", innermost last:\n {4}at inner \(.+\)$/)],
    ]);
  } finally {
    error.mockRestore();
  }
});

test("getStack rejects an invalid limit", () => {
  const task = waiting(plain);
  expect(() => task.getStack({ limit: -1 })).toThrow(RangeError);
  expect(() => task.getStack({ limit: "1" as never })).toThrow(TypeError);
});
