// npm run bench -- [case ...] [options]; see USAGE.

import { besidePeers, type PeerResult } from "./besidePeers.ts";
import { CASES, NEWEST_NODE, WITH_PEERS } from "./cases.ts";
import { busyWarning, header, type Machine } from "./machine.ts";
import { newestNode } from "./newestNode.ts";
import { type Options, optionsOrExit, USAGE } from "./options.ts";
import { installPeers } from "./peerModules.ts";
import { runInChild, runPeerInChild } from "./processes.ts";
import { caseText } from "./report.ts";
import { nameOf, type Results, write } from "./results.ts";
import type { CaseResult } from "./runCase.ts";

/** Runs cases one after the other, and prints each as soon as it is over, unless JSON comes in the end. */
async function runAll(
  names: readonly string[],
  { rounds, isJson, node }: Options,
  peers: readonly string[],
): Promise<Results> {
  const date = new Date().toISOString();
  const cases: CaseResult[] = [];
  let where: Machine | undefined;
  for (const name of names) {
    const ran = await runInChild(name, { rounds, node }).catch(tellFailure);
    if (ran === undefined) continue;
    const { machine } = ran;
    const beside: PeerResult[] = [];
    for (const peer of WITH_PEERS.includes(name) ? peers : []) {
      const those = await runPeerInChild(name, peer, { rounds, node }).catch(tellFailure);
      if (those !== undefined) beside.push(those);
    }
    const result = besidePeers(ran.result, beside);
    if (where === undefined && !isJson) printHeader(machine, rounds);
    where ??= machine;
    cases.push(result);
    if (!isJson) console.log(`\n${caseText(result)}`);
  }
  if (where === undefined) throw new Error("No case gave a result");
  return { header: header(rounds, where), machine: where, rounds, date, cases };
}

/** One case that cannot run does not keep the others from it; its own process has said why. */
function tellFailure(error: Error): undefined {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

function printHeader(machine: Machine, rounds: number): void {
  console.log(header(rounds, machine));
  const warning = busyWarning(machine);
  if (warning !== undefined) console.log(warning);
}

async function main(options: Options): Promise<void> {
  const start = performance.now();
  const peers = options.withPeers ? installPeers() : [];
  const runs = [await runAll(options.cases, options, peers)];
  if (options.withNodes) {
    const names = options.cases.filter((name) => NEWEST_NODE.includes(name));
    if (!options.isJson) console.log("");
    runs.push(await runAll(names, { ...options, node: newestNode() }, []));
  }
  if (options.isJson) {
    console.log(JSON.stringify(runs.length === 1 ? runs[0] : runs, undefined, 2));
  } else {
    console.log(`\nAll of it took ${((performance.now() - start) / 60_000).toFixed(1)} minutes.`);
  }
  if (!options.writesResults) return;
  const [first, newest] = runs as [Results, Results?];
  await write(first, options.name);
  if (newest !== undefined)
    await write(newest, `${options.name ?? nameOf(first.date)}-newest-node`);
}

const options = optionsOrExit(process.argv.slice(2));
if (options.prints === "usage") console.log(USAGE);
else if (options.prints === "cases") console.log(CASES.join("\n"));
else await main(options);
