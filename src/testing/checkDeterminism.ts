import { checkFunction, checkOptions, wrongType } from "../lang/arguments.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { conditionsOf } from "./conditions.ts";
import { withStages } from "./host/install.ts";
import { RandomPolicy } from "./policies.ts";
import { compare, record } from "./replay.ts";
import { TrialRunner } from "./trial.ts";

/**
 * Runs `main` twice in the same order, and compares the two runs step by step: which task ran,
 * where, and at what time. The results of `main` are not compared, and errors are ignored.
 *
 * Rejects with a ScheduleError that names the first step that differs.
 *
 * @param options.seed an integer that determines the order, by default 0.
 * @throws TypeError for invalid arguments.
 */
export function checkDeterminism(
  main: () => Awaitable<unknown>,
  options: { readonly seed?: number | undefined } = {},
): Promise<void> {
  checkFunction("main", main);
  checkOptions(options);
  const { seed = 0 } = options;
  if (!Number.isSafeInteger(seed)) throw wrongType("seed", "a whole number", seed);
  return withStages(() => runTwice(main, seed));
}

async function runTwice(main: () => Awaitable<unknown>, seed: number): Promise<void> {
  const runner = new TrialRunner();
  const conditions = conditionsOf({ leaks: false });
  const first = await record(runner, main, new RandomPolicy(seed), conditions);
  const second = await record(runner, main, new RandomPolicy(seed), conditions);
  compare(first, second, { ...first, cancel: undefined });
}
