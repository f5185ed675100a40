import { checkFunction } from "../loop/arguments.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { conditionsOf } from "./conditions.ts";
import { ScriptPolicy } from "./policies.ts";
import { Stage } from "./trial.ts";

/**
 * Makes the body of a test from a coroutine function: it runs on a loop of its own, in virtual time and in the order in
 * which things get ready.
 *
 * The test fails if the function does, and also if it never ends, leaves tasks behind or if an exception reaches nobody.
 *
 * @throws TypeError if `body` is not a function.
 * @example
 * test("gives up after an hour", virtualTest(function* () {
 *   const started = getRunningLoop().time();
 *   ...
 * }));
 */
export function virtualTest(body: () => Awaitable<unknown>): () => Promise<void> {
  checkFunction("body", body);
  // A function without parameters: test runners take one with a parameter for something else.
  return async () => {
    const conditions = conditionsOf({ maxSteps: Infinity });
    const { failure } = await new Stage().run(body, new ScriptPolicy([]), conditions);
    if (failure !== undefined) throw failure.error;
  };
}
