// Promises of what coroutines await.

import { expect, test } from "vitest";
import { CancelledError, RuntimeError } from "../../src/loop/errors.ts";
import { run } from "../../src/run.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { toPromise } from "../../src/tasks/toPromise.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

test("an async function gets the result of a coroutine, a function, a task and a promise", async () => {
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

test("the promise rejects with what is thrown, also when that is a cancel", async () => {
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

test("without a loop a coroutine cannot run", () => {
  expect(() => toPromise(() => sleep(1))).toThrow(RuntimeError);
  expect(() => toPromise(42 as never)).toThrow(TypeError);
});
