// Runs mysyncio's part of a case. For each line, which names a case, prints the time of the case's
// first row, in nanoseconds per operation.

import { createInterface } from "node:readline";
import { type Case, type Comparison, timeOf } from "../harness/compare.ts";
import { built } from "../harness/paths.ts";

const WARM_UP_ROUNDS = 2;

const rows = new Map<string, Comparison>();

async function rowOf(name: string): Promise<Comparison> {
  const known = rows.get(name);
  if (known !== undefined) return known;
  const { default: chosen } = (await import(built(`bench/cases/${name}`).href)) as {
    default: Case;
  };
  const [row] = chosen.comparisons ?? [];
  if (row === undefined) throw new RangeError(`The case ${name} has no rows`);
  for (let round = 0; round < WARM_UP_ROUNDS; round++) await timeOf(row.ours);
  rows.set(name, row);
  return row;
}

for await (const name of createInterface({ input: process.stdin })) {
  const { ours, operations } = await rowOf(name);
  console.log(((await timeOf(ours)) * 1e6) / operations);
}
