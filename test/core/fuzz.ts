// Runs random programs until they have done enough operations.

import fc from "fast-check";
import type { Core } from "../../src/core/core.ts";
import { ReferenceCore } from "../../src/core/referenceCore.ts";
import { Coverage, longProgram, runOnBoth, shortProgram } from "./program.ts";

const SHORT_RUNS = 20;
const LONG_RUNS = 15;

/** The initial counters of the compiled core: 0, or about to wrap. */
const start = fc.constantFrom(
  { counter: 0, arrival: 0 },
  { counter: 2 ** 30 - 100, arrival: 2 ** 32 - 3 },
);

/**
 * Compares cores with the reference core. Returns the operations of the programs.
 *
 * @throws fast-check's report of a program for which they differ, with the seed that repeats it.
 */
export function fuzz(
  newTested: (counter: number, arrival: number) => Core,
  { operations, seed }: { operations: number; seed: number },
): Coverage {
  const coverage = new Coverage();
  for (let round = 0; coverage.operations < operations; round++) {
    for (const [program, numRuns] of [
      [shortProgram, SHORT_RUNS],
      [longProgram, LONG_RUNS],
    ] as const) {
      fc.assert(
        fc.property(program, start, (steps, { counter, arrival }) => {
          runOnBoth(steps, newTested(counter, arrival), new ReferenceCore(), coverage);
        }),
        { numRuns, seed: seed + round },
      );
    }
  }
  return coverage;
}

/** A number from the environment. Variables with this prefix also reach the browser. */
export function setting(name: `VITE_${string}`): number | undefined {
  const { env } = import.meta as { env?: Readonly<Record<string, string>> };
  const value = env?.[name];
  return value === undefined || value === "" ? undefined : Number(value);
}
