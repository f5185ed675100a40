import { afterEach, describe, expect } from "vitest";
import { CancelledError, createTask, sleep } from "../../src/index.ts";
import { loop, test } from "../support/virtualTest.ts";

const engine: { stackTraceLimit?: unknown } = Error;
const given = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit");

afterEach(() => {
  loop.close();
  if (given !== undefined) Object.defineProperty(Error, "stackTraceLimit", given);
});

/** The stack of a cancellation. */
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

// The following tests are specific to V8. Other engines have no stack limit, or record a stack when
// an error is thrown.
describe.runIf(given !== undefined)("a CancelledError", () => {
  test("has no stack, except in debug mode, where it shows the call of cancel", () => {
    expect(stackOfCancel()).toBe("CancelledError: The future was cancelled");
    loop.setDebug(true);
    expect(stackOfCancel()).toContain("errors.test");
  });

  test.each([10, 0, Infinity, Number.NaN, undefined, "ten"])(
    "leaves an Error.stackTraceLimit of %s unchanged",
    (limit) => {
      for (const debug of [false, true]) {
        loop.setDebug(debug);
        engine.stackTraceLimit = limit;
        stackOfCancel();
        expect(engine.stackTraceLimit).toBe(limit);
      }
    },
  );

  test("is thrown even if the program has made Error.stackTraceLimit read-only", () => {
    Object.defineProperty(Error, "stackTraceLimit", { writable: false });
    for (const debug of [false, true]) {
      loop.setDebug(debug);
      expect(stackOfCancel()).toContain("CancelledError: The future was cancelled");
    }
  });
});
