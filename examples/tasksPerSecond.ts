// How many tasks this machine runs in a second, compared with native promises: three rows of `npm
// run bench`.

import future from "../bench/cases/future.ts";
import spawn from "../bench/cases/spawn.ts";
import switching from "../bench/cases/switch.ts";
import { type Case, compare } from "../bench/harness/compare.ts";
import { header } from "../bench/harness/machine.ts";

const ROUNDS = 5;
const PATIENCE = { rounds: ROUNDS, budget: Infinity };

async function measure(what: string, { comparisons = [] }: Case): Promise<void> {
  for (const { others, ...comparison } of comparisons) {
    const rivals = others.filter(({ atLeast }) => atLeast !== undefined);
    const outcome = await compare({ ...comparison, others: rivals }, PATIENCE);
    for (const { median, ratio } of outcome.others) {
      printRow(
        what,
        perSecond(outcome.ours.median),
        perSecond(median),
        `${ratio.median.toFixed(2)}x`,
      );
    }
  }
}

function printRow(what: string, ours: string, theirs: string, ratio: string): void {
  console.log(what.padEnd(30) + ours.padStart(12) + theirs.padStart(18) + ratio.padStart(8));
}

function perSecond(nanoseconds: number): string {
  return (1e9 / nanoseconds).toLocaleString("en", { maximumSignificantDigits: 3 });
}

console.log(`${header(ROUNDS)}\n`);
printRow("per second", "mysyncio", "native promises", "ratio");
await measure("tasks started and awaited", spawn);
await measure("task switches", switching);
await measure("futures completed and awaited", future);
