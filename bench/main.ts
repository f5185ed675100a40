// npm run bench -- [case ...] [options]; see USAGE.

import { CASES } from "./cases.ts";
import { busyWarning, header, type Machine } from "./machine.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { runInChild } from "./processes.ts";
import { caseText } from "./report.ts";
import type { CaseResult } from "./runCase.ts";

/** A whole run, as it is written and drawn. */
export interface Results {
  readonly header: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly cases: readonly CaseResult[];
}

function optionsOrExit(): Options {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

async function main(options: Options): Promise<void> {
  const { rounds, node, isJson } = options;
  const cases: CaseResult[] = [];
  let where: Machine | undefined;
  for (const name of options.cases) {
    const { machine, result } = await runInChild(name, { rounds, node });
    cases.push(result);
    if (where === undefined) {
      where = machine;
      if (!isJson) {
        console.log(header(rounds, machine));
        const warning = busyWarning(machine);
        if (warning !== undefined) console.log(warning);
      }
    }
    if (!isJson) console.log(`\n${caseText(result)}`);
  }
  if (where === undefined) return;
  const results: Results = { header: header(rounds, where), machine: where, rounds, cases };
  if (isJson) console.log(JSON.stringify(results, undefined, 2));
}

const options = optionsOrExit();
if (options.prints === "usage") console.log(USAGE);
else if (options.prints === "cases") console.log(CASES.join("\n"));
else await main(options);
