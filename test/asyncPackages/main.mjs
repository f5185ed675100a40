// node --import ./test/asyncPackages/register.mjs test/asyncPackages/main.mjs [NAME ...]: finds the
// known bugs of published packages, whose awaits are marked, and finds none where they are mended.

import assert from "node:assert/strict";
import { explore, replay, ScheduleError } from "../../dist/testing.js";
import { KNOWN, unmarked } from "./known.mjs";

const LATEST = 100;
/** With ordinary stubs, the run that finds it at the latest. */
const LATEST_UNMARKED = 20;
const REPLAYS = 20;
const RUNS = 1_000;
/** A simplified order differs from native order in this many places at most. */
const MAX_DIFFERENCES = 5;

const chosen = process.argv.slice(2);
const known = KNOWN.filter(
  ({ bad }) => chosen.length === 0 || chosen.some((name) => bad.startsWith(name)),
);
let failures = 0;
for (const { bug, bad, good, isFoundUnmarked, scenario } of known) {
  try {
    const main = scenario(await import(bad));
    const found = [await findFailure(main, LATEST)];
    if (isFoundUnmarked) found.push(await findFailure(unmarked(main), LATEST_UNMARKED));
    const start = performance.now();
    if (good !== undefined) await explore(scenario(await import(good)), { runs: RUNS, seed: 1 });
    const spent = Math.round(performance.now() - start);
    const mended = good === undefined ? "" : `, then ${RUNS} runs of ${good} in ${spent} ms`;
    console.log(`ok   ${bad}: ${bug}\n       found in ${found.join(", unmarked in ")}${mended}`);
  } catch (error) {
    failures++;
    console.log(`FAIL ${bad}: ${bug}\n${error instanceof Error ? error.message : error}`);
  }
}
console.log(`${known.length - failures} passed, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;

/**
 * Says which run fails. All replays of it fail with the same error, and it is simplified: it differs
 * from native order in few places.
 *
 * @param {() => Promise<void>} main
 * @param {number} latest
 */
async function findFailure(main, latest) {
  const found = await explore(main, { runs: latest, seed: 1 }).catch((error) => error);
  assert(found instanceof ScheduleError, `expected a failure in ${latest} runs`);
  for (let n = 0; n < REPLAYS; n++) {
    const error = await replay(main, found.schedule).catch((reason) => reason);
    assert.equal(String(error), String(found.cause), "another error when replayed");
  }
  const { length } = found.message.match(/^ {4}\d+\. (?!\d+ ms: )/gm) ?? [];
  assert(length <= MAX_DIFFERENCES, `too many differences from native order: ${found.message}`);
  const isSaid = found.message.includes(length === 0 ? "in native order too" : "It happens if ");
  assert(isSaid, `the differences are missing: ${found.message}`);
  return `run ${found.runs} (differences: ${length})`;
}
