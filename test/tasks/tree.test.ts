// Random trees of coroutine calls behave like the same trees evaluated as plain functions.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { scale } from "../support/effort.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { Performance } from "./performance.ts";
import { type Account, account, interpret, type Tree, trees } from "./tree.ts";

const RUNS = scale(200, 1_000);

/** Performs `tree` in a task, and cancels it at its `cancelAt`th wait. */
function perform(tree: Tree, cancelAt = 0): Account {
  const loop = newVirtualLoop();
  const performance = new Performance(loop, (suspension) => {
    if (suspension === cancelAt) loop.callSoon(() => task.cancel());
  });
  const task = loop.createTask(performance.perform(tree));
  runDry(loop);
  expect([...loop._slots]).toEqual([]);
  const performed = account(performance.trace, () => task.result());
  loop.close();
  return performed;
}

test("coroutines that suspend, throw, catch, clean up and return behave like plain functions", () => {
  fc.assert(
    fc.property(trees, (tree) => {
      expect(perform(tree)).toEqual(interpret(tree));
    }),
    { numRuns: RUNS },
  );
});

test("a cancellation is thrown where the task waits, as if the code there had thrown it", () => {
  fc.assert(
    fc.property(trees, fc.integer({ min: 1, max: 10 }), (tree, cancelAt) => {
      expect(perform(tree, cancelAt)).toEqual(interpret(tree, cancelAt));
    }),
    { numRuns: RUNS },
  );
});
