// Values that a coroutine cannot wait for: the error is thrown at the mistake itself.

import { describe, expect } from "vitest";
import {
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  RuntimeError,
  sleep,
} from "../../src/index.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

/** A coroutine of an unchecked program, which may yield anything. */
// biome-ignore lint/suspicious/noExplicitAny: to the compiler, only this is yielded anywhere
type Unchecked = Generator<any, unknown, undefined>;

describe("a yield without its star", () => {
  const mistakes: Record<string, () => unknown> = {
    "of a promise": () => Promise.resolve(1),
    "of a future": () => loop.createFuture(),
    "of a future that is done": () => {
      const future = loop.createFuture();
      future.setResult(1);
      return future;
    },
    "of a task": () => createTask(sleep(1)),
    "of a plain coroutine": () => (function* () {})(),
    "of a decorated coroutine": () => sleep(1),
    "of null": () => null,
    "of a number": () => 42,
    "of an object": () => ({}),
  };

  const bodies: Record<string, (mistake: () => unknown) => Unchecked> = {
    "in a plain coroutine": function* (mistake: () => unknown): Unchecked {
      try {
        yield mistake();
      } catch (error) {
        return error;
      }
      return "nothing";
    },
    "in a decorated coroutine that has waited": coroutine(function* (
      mistake: () => unknown,
    ): Unchecked {
      yield* sleep(1);
      try {
        yield mistake();
      } catch (error) {
        return error;
      }
      return "nothing";
    }),
  };

  describe.each(Object.entries(bodies))("%s", (_, body) => {
    test.each(Object.entries(mistakes))("%s throws a TypeError with a hint", (_, mistake) => {
      const outer = coroutine(function* (): Unchecked {
        return yield* body(mistake);
      });
      const error = loop.runUntilCompleteSync(outer);

      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(/Did you mean `yield\*` instead of `yield`\?/);
    });
  });

  test("names the yielded value in the error", () => {
    const yields = (value: unknown) =>
      loop.createTask(function* (): Generator<unknown> {
        yield value;
      } as never);
    const tasks = [Promise.resolve(), null, "text", sleep(1), loop.createFuture()].map(yields);
    loop.callLater(1, () => loop.stop());
    loop.runForeverSync();

    expect(
      tasks.map((task) => /got (.*?)\. /.exec((task.exception() as Error).message)?.[1]),
    ).toEqual([
      "`Promise` (object)",
      "`null`",
      '`"text"` (string)',
      "`Generator` (object)",
      "`Future` (object)",
    ]);
  });

  test("fails the task if the error is not caught", () => {
    const task = loop.createTask(function* (): Generator<unknown> {
      yield 42;
    } as never);

    expect(() => loop.runUntilCompleteSync(task)).toThrow(TypeError);
  });
});

describe("awaiting", () => {
  /** The error that `body` throws where it waits. */
  function thrownIn(body: () => Coroutine<unknown>): unknown {
    return loop.runUntilCompleteSync(function* (): Coroutine<unknown> {
      try {
        yield* body();
      } catch (error) {
        return error;
      }
      return "nothing";
    });
  }

  test("the current task throws a RuntimeError that names it", () => {
    const error = thrownIn(function* () {
      const task = currentTask() as NonNullable<ReturnType<typeof currentTask>>;
      task.setName("narcissus");
      yield* task;
    });

    expect(error).toBeInstanceOf(RuntimeError);
    expect(String(error)).toContain("narcissus");
  });

  test("the current task inside a nested decorated coroutine throws a RuntimeError there", () => {
    const inner = coroutine(function* (): Coroutine<unknown> {
      yield* sleep(1);
      try {
        yield* currentTask() as NonNullable<ReturnType<typeof currentTask>>;
      } catch (error) {
        return error;
      }
      return "nothing";
    });

    expect(loop.runUntilCompleteSync(inner)).toBeInstanceOf(RuntimeError);
  });

  test("a future of another loop throws a RuntimeError", () => {
    const foreign = newVirtualLoop().createFuture();

    expect(
      thrownIn(function* () {
        yield* foreign;
      }),
    ).toBeInstanceOf(RuntimeError);
  });

  test("a task of another loop throws a RuntimeError", () => {
    const foreign = newVirtualLoop().createTask(sleep(1));

    expect(
      thrownIn(function* () {
        yield* foreign;
      }),
    ).toBeInstanceOf(RuntimeError);
  });

  test("a future of another loop returns its result if it is done", () => {
    const foreign = newVirtualLoop().createFuture<string>();
    foreign.setResult("result");
    function* main(): Coroutine<string> {
      return yield* foreign;
    }

    expect(loop.runUntilCompleteSync(main)).toBe("result");
  });

  test("still works after a mistake by the same task", () => {
    const result = loop.runUntilCompleteSync(function* (): Coroutine<string> {
      for (const mistake of [currentTask() as never, newVirtualLoop().createFuture<never>()]) {
        try {
          yield* mistake;
        } catch {}
      }
      yield;
      return yield* sleep(1, "result");
    });

    expect(result).toBe("result");
  });
});
