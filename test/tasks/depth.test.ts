// Recursion of decorated coroutines, deeper than any native stack.

import { describe, expect, test } from "vitest";
import { type Coroutine, coroutine, createTask, currentTask, sleep } from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const DEPTH = 100_000;

const failure = new Error("from the bottom");

type Waiting = "nowhere" | "at the bottom" | "everywhere";

/** Calls itself `levels` deep, and returns the sum of all levels. */
const descend = coroutine(function* (levels: number, waiting: Waiting): Coroutine<number> {
  if (waiting === "everywhere") yield;
  if (levels === 0) {
    if (waiting === "at the bottom") yield* sleep(1);
    return 0;
  }
  const below = yield* descend(levels - 1, waiting);
  if (waiting === "everywhere") yield;
  return below + levels;
});

/** Fails `levels` deep. Catches at level `catchAt`, and counts the levels that clean up. */
const fall = coroutine(function* (
  levels: number,
  catchAt: number,
  cleanedUp: { count: number },
): Coroutine<string> {
  try {
    if (levels > 0) return yield* fall(levels - 1, catchAt, cleanedUp);
    yield* sleep(1);
    throw failure;
  } catch (error) {
    if (levels !== catchAt) throw error;
    return `caught at ${levels}`;
  } finally {
    cleanedUp.count++;
  }
});

describe(`recursion ${DEPTH} deep`, () => {
  test.each<Waiting>(["nowhere", "at the bottom", "everywhere"])(
    "returns its result if it waits %s",
    (waiting) => {
      expect(runVirtually(descend(DEPTH, waiting))).toBe((DEPTH * (DEPTH + 1)) / 2);
    },
  );

  test("returns its result to each of several concurrent tasks", () => {
    const results = runVirtually(function* (): Coroutine<number[]> {
      const tasks = [1, 2, 3].map((n) =>
        createTask(descend(Math.ceil(DEPTH / n - 1), "everywhere")),
      );
      const sums: number[] = [];
      for (const task of tasks) sums.push(yield* task);
      return sums;
    });

    expect(results).toEqual(
      [1, 2, 3].map((n) => {
        const levels = Math.ceil(DEPTH / n - 1);
        return (levels * (levels + 1)) / 2;
      }),
    );
  });

  test.each([0, 1, DEPTH / 2, DEPTH])(
    "propagates an exception up to level %i, and cleans up at each level",
    (level) => {
      const cleanedUp = { count: 0 };

      expect(runVirtually(fall(DEPTH, level, cleanedUp))).toBe(`caught at ${level}`);
      expect(cleanedUp.count).toBe(DEPTH + 1);
    },
  );

  test("fails with an exception that nothing catches", () => {
    const cleanedUp = { count: 0 };

    expect(caught(() => runVirtually(fall(DEPTH, -1, cleanedUp)))).toBe(failure);
    expect(cleanedUp.count).toBe(DEPTH + 1);
  });

  test("cleans up at each level when it is cancelled", () => {
    const cleanedUp = { count: 0 };
    const isCancelled = runVirtually(function* (): Coroutine<boolean> {
      const task = createTask(fall(DEPTH, -1, cleanedUp));
      yield* sleep(0.5);
      task.cancel();
      try {
        yield* task;
      } catch {}
      return task.cancelled() && currentTask()?.cancelling() === 0;
    });

    expect([isCancelled, cleanedUp.count]).toEqual([true, DEPTH + 1]);
  });
});

test("mutual recursion through plain generators and decorated coroutines returns its result", () => {
  function* plain(levels: number): Coroutine<number> {
    yield;
    return levels === 0 ? 0 : 1 + (yield* decorated(levels - 1));
  }
  const decorated = coroutine(function* (levels: number): Coroutine<number> {
    yield;
    return levels === 0 ? 0 : 1 + (yield* plain(levels - 1));
  });

  expect(runVirtually(decorated(1_000))).toBe(1_000);
});
