import { checkFunction } from "../lang/arguments.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { conditionsOf } from "./conditions.ts";
import { withStages } from "./host/install.ts";
import { ScriptPolicy } from "./policies.ts";
import { TrialRunner } from "./trial.ts";

/**
 * Turns a coroutine function into the body of a test. The function runs on a new loop, in virtual
 * time and in FIFO order.
 *
 * The test fails if the function throws or deadlocks, if tasks are still running or locks are still
 * held at its end, or if an exception is never retrieved.
 *
 * @throws TypeError if `body` is not a function.
 * @example
 * test("gives up after an hour", virtualTest(function* () {
 *   const loop = getRunningLoop();
 *   const started = loop.time();
 *   yield* moveOnAfter(3_600_000, connect);
 *   expect(loop.time() - started).toBe(3_600_000);
 * }));
 */
export function virtualTest(body: () => Awaitable<unknown>): () => Promise<void> {
  checkFunction("body", body);
  // Without parameters, because test runners give a function with parameters a special meaning.
  return async () => {
    const conditions = { ...conditionsOf({ maxSteps: Infinity }), isTest: true };
    const { failure } = await withStages(async () =>
      new TrialRunner().run(body, new ScriptPolicy([]), conditions),
    );
    if (failure !== undefined) throw failure.error;
  };
}
