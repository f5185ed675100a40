// Tests how Node treats rejected promises that a task awaits later.

import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  fromPromise,
  getRunningLoop,
  newEventLoop,
  run,
  wrapFuture,
} from "../../src/index.ts";
import { hostTimer } from "../support/host.ts";

const failure = new Error("failure");
/** More steps than the loop takes between two readings of the clock, each as long as a slice. */
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

test("a rejected promise whose task begins in a later slice is not reported as unhandled", async () => {
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

test("a loop continues when a waiter of a promise's future throws", async () => {
  const broken = new Error("broken");
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
  try {
    const value = await run(function* () {
      const future = wrapFuture(hostTimer(1).then(() => 1));
      future._addWaiter({
        _notify() {
          throw broken;
        },
      });
      return yield* future;
    });
    await hostTimer(1);

    expect([value, unhandled]).toEqual([1, [broken]]);
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  }
});
