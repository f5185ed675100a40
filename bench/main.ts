// npm run bench -- [case ...] [--json] [--rounds N]

import { parseArgs } from "node:util";
import { cases } from "./cases.ts";
import { compare, type Outcome } from "./harness.ts";
import { figureRows, header, outcomeRows, printTable } from "./report.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "11" } },
});
const rounds = Number(values.rounds);
if (!(Number.isInteger(rounds) && rounds > 0)) {
  throw new RangeError(`Expected --rounds to be a whole number > 0, got ${values.rounds}`);
}
const unknown = positionals.filter((name) => !cases.some((known) => known.name === name));
if (unknown.length > 0) {
  throw new RangeError(
    `Unknown case ${unknown.join(", ")}. There are: ${cases.map(({ name }) => name).join(", ")}`,
  );
}

const chosen =
  positionals.length === 0 ? cases : cases.filter(({ name }) => positionals.includes(name));
const results: unknown[] = [];
if (!values.json) console.log(header(rounds));
for (const { name, question, comparisons = [], figures } of chosen) {
  const outcomes: Outcome[] = [];
  for (const comparison of comparisons) outcomes.push(await compare(comparison, rounds));
  const measured = (await figures?.()) ?? [];
  results.push({ name, question, outcomes, figures: measured });
  if (!values.json) {
    console.log(`\n${name}: ${question}`);
    printTable([...outcomes.flatMap(outcomeRows), ...figureRows(measured)]);
  }
}
if (values.json) console.log(JSON.stringify({ header: header(rounds), results }, undefined, 2));
