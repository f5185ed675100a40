// What Node makes of promises that a task is to await later.

import { afterEach, beforeEach, expect, test } from "vitest";
import { getRunningLoop, newEventLoop } from "../../src/eventLoop.ts";
import { run } from "../../src/run.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { fromPromise } from "../../src/tasks/fromPromise.ts";
import { hostTimer } from "../support/host.ts";

const failure = new Error("failure");
/** More steps than the loop takes between two looks at the clock, each as long as a slice. */
const LONG_STEPS = 10;

let unhandled: unknown[];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(() => {
  unhandled = [];
  process.on("unhandledRejection", note);
});

afterEach(() => {
  process.off("unhandledRejection", note);
});

function takeLong(): void {
  const end = performance.now() + 1;
  while (performance.now() < end);
}

test("a rejected promise whose task begins in a later slice is not unhandled", async () => {
  const thrown = await run(
    function* (): Coroutine<unknown> {
      for (let i = 0; i < LONG_STEPS; i++) getRunningLoop().callSoon(takeLong);
      const task = createTask(fromPromise(Promise.reject(failure)));
      try {
        yield* task;
      } catch (error) {
        return error;
      }
      return "nothing";
    },
    { loop: newEventLoop({ slice: 1 }) },
  );
  await hostTimer();

  expect([thrown, unhandled]).toEqual([failure, []]);
});
