import { checkFunction, checkOptions, wrongType } from "../loop/arguments.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { conditionsOf } from "./conditions.ts";
import { RandomPolicy } from "./policies.ts";
import { compare, record } from "./replay.ts";
import { Stage } from "./trial.ts";

/**
 * Runs `main` twice in the same order, and compares step for step who ran and when. What `main` gives or throws does not
 * matter.
 *
 * Rejected with a ScheduleError that names the first step that differs.
 *
 * @param options.seed a whole number from which the order is made, by default 0.
 * @throws TypeError for arguments.
 */
export function checkDeterminism(
  main: () => Awaitable<unknown>,
  options: { readonly seed?: number | undefined } = {},
): Promise<void> {
  checkFunction("main", main);
  checkOptions(options);
  const { seed = 0 } = options;
  if (!Number.isSafeInteger(seed)) throw wrongType("seed", "a whole number", seed);
  return runTwice(main, seed);
}

async function runTwice(main: () => Awaitable<unknown>, seed: number): Promise<void> {
  const stage = new Stage();
  const conditions = conditionsOf({ leaks: false });
  const once = await record(stage, main, new RandomPolicy(seed), conditions);
  const twice = await record(stage, main, new RandomPolicy(seed), conditions);
  compare(once, twice, { ...once, cancel: undefined });
}
