import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { CancelledError } from "../../src/loop/errors.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

const engine: { stackTraceLimit?: unknown } = Error;
const given = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit");
let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

afterEach(() => {
  loop.close();
  if (given !== undefined) Object.defineProperty(Error, "stackTraceLimit", given);
});

/** The stack of a cancel. */
function stackOfCancel(): string {
  return loop.runUntilCompleteSync(function* () {
    const task = createTask(sleep(100));
    yield* sleep(1);
    task.cancel();
    try {
      return yield* task;
    } catch (error) {
      expect(error).toBeInstanceOf(CancelledError);
      return (error as Error).stack;
    }
  }) as string;
}

// What follows is V8's: other engines have no limit to set, or record a stack when it is thrown.
describe.runIf(given !== undefined)("the error of a cancel", () => {
  test("has no stack, and in debug mode that of who cancelled", () => {
    expect(stackOfCancel()).toBe("CancelledError: The future was cancelled");
    loop.setDebug(true);
    expect(stackOfCancel()).toContain("errors.test");
  });

  test.each([10, 0, Infinity, Number.NaN, undefined, "ten"])(
    "leaves a limit of %s for stacks as it is",
    (limit) => {
      for (const debug of [false, true]) {
        loop.setDebug(debug);
        engine.stackTraceLimit = limit;
        stackOfCancel();
        expect(engine.stackTraceLimit).toBe(limit);
      }
    },
  );

  test("is thrown where the program has frozen the limit, too", () => {
    Object.defineProperty(Error, "stackTraceLimit", { writable: false });
    for (const debug of [false, true]) {
      loop.setDebug(debug);
      expect(stackOfCancel()).toContain("CancelledError: The future was cancelled");
    }
  });
});
