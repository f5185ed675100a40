// The error messages of `explore`, `replay` and `checkDeterminism` for a program that behaves
// differently in two runs with the same order.

import { toText } from "../lang/thrown.ts";

const LIKELY_CAUSES =
  "Look for `Math.random()`, real sockets and files, and state shared between runs.";

/** Returns the message for a `main` that failed once, then passed in the same order. */
export function failedOnce(run: number, error: unknown): string {
  return (
    `\`main\` is not deterministic: it failed in run ${run} with ${toText(error)}, ` +
    `but passed when it ran again in the same order. ${LIKELY_CAUSES}`
  );
}

/** Returns the message for a choice that doesn't fit the schedule being replayed. */
export function choiceDiffers(choice: number, expected: string, actual: string): string {
  return (
    "`main` is not deterministic, or it has changed since this schedule was recorded. " +
    `At choice ${choice + 1}, ${expected} when it was recorded, but ${actual} now. ${LIKELY_CAUSES}`
  );
}

/** Returns the message for two runs in the same order that took different steps. */
export function stepDiffers(step: number, first: string, second: string): string {
  return [
    `\`main\` is not deterministic: two runs in the same order differ at step ${step + 1}.`,
    `    First run:  ${first}`,
    `    Second run: ${second}`,
    LIKELY_CAUSES,
  ].join("\n");
}
