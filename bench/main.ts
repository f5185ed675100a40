// npm run bench -- [case ...] [options]; see USAGE.

import { relative } from "node:path";
import { CASES, NEWEST_NODE } from "./cases.ts";
import { updateFrontPage } from "./frontPage.ts";
import { busyWarning, header, type Machine } from "./machine.ts";
import { newestNode } from "./newestNode.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { installPeers } from "./peerModules.ts";
import { runInChild } from "./processes.ts";
import { caseText } from "./report.ts";
import { drawPictures, nameOf, type Results, writeFigures } from "./results.ts";
import type { CaseResult } from "./runCase.ts";

/** The run that the front page shows, and git keeps. */
const COMMITTED = "latest";

function optionsOrExit(): Options {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

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
    const { machine, result } = await runInChild(name, { rounds, node, peers });
    if (where === undefined && !isJson) printHeader(machine, rounds);
    where ??= machine;
    cases.push(result);
    if (!isJson) console.log(`\n${caseText(result)}`);
  }
  if (where === undefined) throw new RangeError("Expected at least one case");
  return { header: header(rounds, where), machine: where, rounds, date, cases };
}

function printHeader(machine: Machine, rounds: number): void {
  console.log(header(rounds, machine));
  const warning = busyWarning(machine);
  if (warning !== undefined) console.log(warning);
}

async function write(results: Results, name: string): Promise<void> {
  const file = writeFigures(results, name);
  const folder = await drawPictures(results, name);
  if (name === COMMITTED) updateFrontPage(results);
  const here = process.cwd();
  console.error(`\nWritten: ${relative(here, file)}, pictures in ${relative(here, folder)}/`);
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
  const name = options.name ?? nameOf((runs[0] as Results).date);
  for (const [index, results] of runs.entries()) {
    await write(results, index === 0 ? name : `${name}-newest-node`);
  }
}

const options = optionsOrExit();
if (options.prints === "usage") console.log(USAGE);
else if (options.prints === "cases") console.log(CASES.join("\n"));
else await main(options);
