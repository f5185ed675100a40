// Promises of values that coroutines can await.

import { expect, test } from "vitest";
import {
  CancelledError,
  createTask,
  RuntimeError,
  run,
  sleep,
  toPromise,
} from "../../src/index.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

test("toPromise returns the result of a coroutine, a function, a task and a promise", async () => {
  const results = await run(async () =>
    Promise.all([
      toPromise(sleep(1, "coroutine")),
      toPromise(() => sleep(1, "function")),
      toPromise(createTask(sleep(1, "task"))),
      toPromise(Promise.resolve("promise")),
    ]),
  );
  expect(results).toEqual(["coroutine", "function", "task", "promise"]);
});

test("toPromise rejects with the exception, including a cancellation", async () => {
  const loop = newVirtualLoop();
  const failing = toPromise(
    () => {
      throw new Error("no");
    },
    { loop },
  );
  const task = loop.createTask(() => sleep(1));
  const cancelled = toPromise(task);
  task.cancel();
  const settled = Promise.allSettled([failing, cancelled]);
  await loop.runUntilComplete(settled);
  const reasons = ((await settled) as PromiseRejectedResult[]).map(({ reason }) => reason);
  expect(reasons).toEqual([new Error("no"), expect.any(CancelledError)]);
  loop.close();
});

test("toPromise cannot run a coroutine without a loop", () => {
  expect(() => toPromise(() => sleep(1))).toThrow(RuntimeError);
  expect(() => toPromise(42 as never)).toThrow(TypeError);
});
