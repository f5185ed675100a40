// Runs cases in a process of their own, and sends the results to the parent process:
//
//   child CASE ROUNDS alone|collected          one case
//   child CASE,CASE,... ROUNDS mixed           all of them
//   child CASE ROUNDS cold [rival]             one contestant, without a warm-up
//   child CASE ROUNDS alone|collected PEER     the part of a peer, which is a module

import { runPeer } from "./harness/besidePeers.ts";
import type { Case } from "./harness/compare.ts";
import { type Condition, collected, runCold, runMixed } from "./harness/conditions.ts";
import { machine } from "./harness/machine.ts";
import { built } from "./harness/paths.ts";
import { runCase } from "./harness/runCase.ts";
import type { Peer } from "./peers/peer.ts";

const [names = "", rounds = "", condition = "alone", extra] = process.argv.slice(2) as [
  string?,
  string?,
  Condition?,
  string?,
];

const cases: Case[] = [];
for (const name of names.split(",")) {
  const module = (await import(built(`bench/cases/${name}`).href)) as { default: Case };
  cases.push(condition === "collected" ? collected(module.default) : module.default);
}
const [chosen] = cases as [Case];

const where = machine();
if (condition === "mixed") {
  process.send?.({ machine: where, results: await runMixed(cases, Number(rounds)) });
} else if (condition === "cold") {
  process.send?.({ machine: where, figures: await runCold(chosen, extra === "rival") });
} else if (extra === undefined) {
  process.send?.({ machine: where, result: await runCase(chosen, { rounds: Number(rounds) }) });
} else {
  // `peer` is undefined if what it measures is not installed.
  const { default: peer } = (await import(extra)) as { default: Peer | undefined };
  if (peer !== undefined) process.send?.(await runPeer(chosen, peer, Number(rounds)));
  peer?.close?.();
}
// The connection to the parent must not keep this process alive.
process.disconnect?.();
