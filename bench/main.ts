// npm run bench -- [case ...] [options]; see USAGE.

import { ALL_CASES, COMPARED, WITH_PEERS } from "./cases.ts";
import { besidePeers, type PeerResult } from "./harness/besidePeers.ts";
import type { ChildResult } from "./harness/childResult.ts";
import type { Condition } from "./harness/conditions.ts";
import { busyWarning, header, type Machine } from "./harness/machine.ts";
import { type Options, optionsOrExit, USAGE } from "./harness/options.ts";
import { otherNodes } from "./harness/otherNodes.ts";
import { installPeers } from "./harness/peerModules.ts";
import { runInChild, runMixedInChild, runPeerInChild } from "./harness/processes.ts";
import { caseText, nodesText } from "./harness/report.ts";
import { type Results, writeAll } from "./harness/results.ts";
import type { CaseResult } from "./harness/runCase.ts";

/** The options of a run under one condition. */
interface Under extends Options {
  readonly condition: Condition;
}

/** Runs cases one after the other. Prints each as soon as it is done, or all as JSON at the end. */
async function runAll(
  names: readonly string[],
  options: Under,
  peers: readonly string[],
): Promise<Results> {
  const { rounds, isJson, condition } = options;
  const date = new Date().toISOString();
  const cases: CaseResult[] = [];
  let where: Machine | undefined;
  for await (const { machine, result } of results(names, options, peers)) {
    if (where === undefined && !isJson) printHeader(machine, options);
    where ??= machine;
    cases.push(result);
    if (!isJson) console.log(`\n${caseText(result)}`);
  }
  if (where === undefined) throw new Error("No case returned a result");
  const line = header(rounds, where, condition);
  return { header: line, machine: where, condition, rounds, date, cases };
}

async function* results(
  names: readonly string[],
  options: Under,
  peers: readonly string[],
): AsyncGenerator<ChildResult, void> {
  if (options.condition === "mixed") {
    yield* await runMixedInChild(names, options);
    return;
  }
  for (const name of names) {
    const ran = await runInChild(name, options).catch(printFailure);
    if (ran === undefined) continue;
    const beside: PeerResult[] = [];
    for (const peer of WITH_PEERS.includes(name) ? peers : []) {
      const those = await runPeerInChild(name, peer, options).catch(printFailure);
      if (those !== undefined) beside.push(those);
    }
    yield { ...ran, result: besidePeers(ran.result, beside) };
  }
}

/** Prints that a case has failed. Its own process has printed the reason. The others still run. */
function printFailure(error: Error): undefined {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

function printHeader(machine: Machine, { rounds, condition }: Under): void {
  console.log(header(rounds, machine, condition));
  const warning = busyWarning(machine);
  if (warning !== undefined) console.log(warning);
}

/** Runs cases under one condition, on each Node. Returns the runs by the suffixes of their files. */
async function runUnder(options: Under, peers: readonly string[]): Promise<Map<string, Results>> {
  const { condition, isJson, withNodes } = options;
  const suffix = condition === "alone" ? "" : `-${condition}`;
  const compared = options.cases.filter((name) => COMPARED.includes(name));
  const first = await runAll(condition === "alone" ? options.cases : compared, options, peers);
  const runs = new Map([[suffix, first]]);
  if (!withNodes) return runs;
  const major = Number(/\d+/.exec(first.machine.runtime)?.[0]);
  for (const other of otherNodes(major)) {
    if (!isJson) console.log("");
    const run = await runAll(compared, { ...options, node: other.program }, []);
    runs.set(`${suffix}-node${other.major}`, run);
  }
  if (!isJson) console.log(`\n${nodesText([...runs.values()])}`);
  return runs;
}

async function main(options: Options): Promise<void> {
  const start = performance.now();
  const peers = options.withPeers ? installPeers() : [];
  const runs = new Map<string, Results>();
  for (const condition of options.conditions) {
    if (runs.size > 0 && !options.isJson) console.log("");
    const under = await runUnder({ ...options, condition }, peers);
    for (const [suffix, run] of under) runs.set(suffix, run);
  }
  const all = [...runs.values()];
  if (options.isJson) {
    console.log(JSON.stringify(all.length === 1 ? all[0] : all, undefined, 2));
  } else {
    console.log(
      `\nThe whole run took ${((performance.now() - start) / 60_000).toFixed(1)} minutes.`,
    );
  }
  if (options.writesResults) await writeAll(runs, options.name);
}

const options = optionsOrExit(process.argv.slice(2));
if (options.prints === "usage") console.log(USAGE);
else if (options.prints === "cases") console.log(ALL_CASES.join("\n"));
else await main(options);
