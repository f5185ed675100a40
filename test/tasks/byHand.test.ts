// Coroutines that something other than a task drives or observes.

import { beforeEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  coroutine,
  createTask,
  getRunningLoop,
  sleep,
  type Task,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

let trace: string[];

beforeEach(() => {
  trace = [];
});

const double = coroutine(function* (n: number): Coroutine<number> {
  yield* sleep(1);
  return 2 * n;
});

/** Takes turns by bare yields, and records letters. */
const letters = coroutine(function* (word: string): Coroutine<number> {
  try {
    for (const letter of word) {
      trace.push(letter);
      yield;
    }
    return word.length;
  } finally {
    trace.push(".");
  }
});

describe("when driven by hand", () => {
  test("a coroutine continues at each next(), and ends with its return value", () => {
    const object = letters("ab");
    const steps = [object.next(), object.next(), object.next(), object.next()];

    expect([steps, trace.join("")]).toEqual([
      [
        { done: false, value: undefined },
        { done: false, value: undefined },
        { done: true, value: 2 },
        { done: true, value: undefined },
      ],
      "ab.",
    ]);
  });

  test("a chain of coroutines continues at its innermost call", () => {
    const outer = coroutine(function* (): Coroutine<number> {
      return (yield* letters("ab")) + (yield* letters("cd"));
    });
    const object = outer();
    let step = object.next();
    let steps = 1;
    for (; !step.done; steps++) step = object.next();

    expect([step.value, steps, trace.join("")]).toEqual([4, 5, "ab.cd."]);
  });

  test("a future may be completed by the iterator that asks it to wait", () => {
    const result = runVirtually(function* () {
      const future = getRunningLoop().createFuture<number>();
      const asked = future[Symbol.iterator]();
      const completing = {
        next() {
          const step = asked.next();
          if (!future.done()) future.setResult(7);
          return step;
        },
      };
      return yield* { [Symbol.iterator]: () => completing };
    });

    expect(result).toBe(7);
  });

  test.each([
    ["null", () => null],
    ["a number", () => 42],
    ["an object", () => ({})],
    ["another future", () => getRunningLoop().createFuture()],
  ])("yielding %s throws even if a future has asked to wait in the same step", (_, mistake) => {
    const error = runVirtually(function* () {
      getRunningLoop().createFuture()[Symbol.iterator]().next();
      try {
        yield mistake() as never;
      } catch (error) {
        return error;
      }
      return undefined;
    });

    expect(String(error)).toContain("A task can only wait for futures");
  });

  test("a coroutine throws the argument of throw() where it is suspended", () => {
    const object = letters("abc");
    object.next();

    expect(() => object.throw(new Error("thrown in"))).toThrow("thrown in");
    expect([trace.join(""), object.next().done]).toEqual(["a.", true]);
  });

  test("a coroutine cleans up at return(), innermost call first", () => {
    const outer = coroutine(function* (): Coroutine<number> {
      try {
        return yield* letters("abc");
      } finally {
        trace.push("!");
      }
    });
    const object = outer();
    object.next();

    expect([object.return(7), trace.join("")]).toEqual([{ done: true, value: 7 }, "a.!"]);
  });

  test("a coroutine is iterable", () => {
    expect([[...letters("abc")].length, trace.join("")]).toEqual([3, "abc."]);
  });

  test("a deep recursion of coroutines returns", () => {
    const count = coroutine(function* (n: number): Coroutine<number> {
      return n === 0 ? 0 : 1 + (yield* count(n - 1));
    });
    const object = count(1_000);
    let step = object.next();
    // A chain of 1,000 calls must not take more than 1,000 steps.
    for (let i = 0; i < 1_000 && !step.done; i++) step = object.next();

    expect(step).toEqual({ done: true, value: 1_000 });
  });

  test("a coroutine does not disturb the task that drives it", () => {
    const result = runVirtually(function* (): Coroutine<number> {
      const object = letters("abc");
      object.next();
      yield* double(1);
      object.next();
      yield;
      return yield* object;
    });

    expect([result, trace.join("")]).toEqual([3, "abc."]);
  });
});

describe("between a task and a coroutine", () => {
  const failure = new Error("failure");
  /** Awaits `object` at a depth at which the task resumes it directly. */
  const deep = coroutine(function* <T>(object: Coroutine<T>, levels = 10): Coroutine<T> {
    return levels === 0 ? yield* object : yield* deep(object, levels - 1);
  });
  const fail = coroutine(function* (): Coroutine<number> {
    yield* sleep(1);
    throw failure;
  });

  /** An iterator with nothing but `next`, which is all that `yield*` needs. */
  function bare(object: Coroutine<number>): Iterable<undefined, number> {
    return {
      [Symbol.iterator]: () => ({ next: () => object.next() as IteratorResult<undefined, number> }),
    };
  }

  test("an iterator that has only next() passes results on", () => {
    expect(
      runVirtually(function* (): Coroutine<number> {
        return yield* bare(deep(double(4)));
      }),
    ).toBe(8);
  });

  test("an iterator that has only next() passes errors on", () => {
    const error = caught(() =>
      runVirtually(function* (): Coroutine<number> {
        return yield* bare(deep(fail()));
      }),
    );

    expect(error).toBe(failure);
  });

  // Once the task resumes the innermost call directly, it bypasses an iterator that passes results
  // on unchanged.
  test("an iterator that passes results on unchanged works", () => {
    const object = deep(letters("abc"));
    const counting = {
      next: () => {
        trace.push("+");
        return object.next() as IteratorResult<undefined, number>;
      },
    };
    runVirtually(function* (): Coroutine<number> {
      return yield* { [Symbol.iterator]: () => counting };
    });

    expect(trace.join("").replaceAll("+", "")).toBe("abc.");
  });

  // When the iterator gets its turn, the call's outcome is on its way to the caller.
  test("an iterator that runs another task before each step does not lose an exception", () => {
    const descend = coroutine(function* (levels: number): Coroutine<number> {
      return levels === 0 ? 0 : 1 + (yield* descend(levels - 1));
    });
    const failLate = coroutine(function* (): Coroutine<number> {
      yield;
      yield;
      yield;
      throw failure;
    });
    const object = failLate();
    const others: Task<number>[] = [];
    const busy = {
      next: () => {
        // Deep enough that the task adopts the chain of calls.
        others.push(createTask(descend(70), { eagerStart: true }));
        return object.next() as IteratorResult<undefined, number>;
      },
    };
    const error = caught(() =>
      runVirtually(function* (): Coroutine<number> {
        return yield* { [Symbol.iterator]: () => busy };
      }),
    );

    expect(error).toBe(failure);
    expect(others.map((task) => task.result())).toEqual(others.map(() => 70));
  });

  test("an iterator that alternates two coroutines gets both results", () => {
    const objects = [letters("abc"), letters("defgh")];
    const results: number[] = [];
    const next = (): IteratorResult<undefined, number[]> => {
      for (let object = objects.shift(); object !== undefined; object = objects.shift()) {
        const step = object.next() as IteratorResult<undefined, number>;
        if (!step.done) {
          objects.push(object);
          return step;
        }
        results.push(step.value);
      }
      return { done: true, value: results };
    };
    const both = runVirtually(function* (): Coroutine<number[]> {
      return yield* { [Symbol.iterator]: () => ({ next }) };
    });

    expect([both.toSorted(), trace.toSorted().join("")]).toEqual([[3, 5], "..abcdefgh"]);
  });
});
