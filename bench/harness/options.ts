// The options of the command.

import { parseArgs } from "node:util";
import { ALL_CASES, CASES } from "../cases.ts";
import { CONDITIONS, type Condition } from "./conditions.ts";

export const USAGE = `Usage: npm run bench -- [case ...] [options]

  case, --case NAME  runs only these cases; --list prints their names
  --rounds N         alternating rounds per row, 9 by default
  --peers            compares with other libraries and Python's asyncio; installs the libraries first
  --node PATH        runs on another Node
  --nodes            also runs the cases with a target against promises on Node 20, 24 and 26, side by side; installs
                     them first
  --mixed            runs all cases in one process, in three orders
  --collected        collects all garbage before each round, and shows what that costs
  --cold             shows the first milliseconds of a fresh process, as multiples of the hot cost
  --all              runs each case alone, and then under all of these conditions
  --json             prints the results as JSON instead of tables
  --name NAME        writes bench/results/NAME.json, NAME.svg and pictures in NAME/; NAME is the date by default;
                     "latest" is the run that git keeps and the README shows
  --no-results       writes no files
  --list             prints the names of the cases
  --help             prints this`;

export interface Options {
  readonly cases: readonly string[];
  readonly rounds: number;
  readonly isJson: boolean;
  readonly withPeers: boolean;
  readonly withNodes: boolean;
  readonly conditions: readonly Condition[];
  /** The program that runs the cases. */
  readonly node: string;
  readonly writesResults: boolean;
  /** The name of the files. Undefined stands for the date. */
  readonly name: string | undefined;
  /** Options that only print something. */
  readonly prints: "cases" | "usage" | undefined;
}

const DEFAULT_ROUNDS = 9;

/** Reads the arguments. On a mistake, names the alternatives and ends the process. */
export function optionsOrExit(args: readonly string[]): Options {
  try {
    return parseOptions(args);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

/** Reads the arguments. @throws RangeError if they are invalid, with the alternatives */
export function parseOptions(args: readonly string[], node = process.execPath): Options {
  const { values, positionals } = parse(args);
  const named = [...positionals, ...(values.case ?? [])];
  const unknown = named.filter((name) => !ALL_CASES.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(`Unknown case ${unknown.map(suggest).join(", ")}. ${listed()}`);
  }
  return {
    cases: named.length === 0 ? CASES : ALL_CASES.filter((name) => named.includes(name)),
    rounds: values.rounds === undefined ? DEFAULT_ROUNDS : wholeNumber(values.rounds),
    isJson: values.json,
    withPeers: values.peers,
    withNodes: values.nodes,
    conditions: conditionsOf(values),
    node: values.node ?? node,
    writesResults: !values["no-results"],
    name: values.name === undefined ? undefined : fileName(values.name),
    prints: values.help ? "usage" : values.list ? "cases" : undefined,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        all: { type: "boolean", default: false },
        case: { type: "string", multiple: true },
        cold: { type: "boolean", default: false },
        collected: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        mixed: { type: "boolean", default: false },
        name: { type: "string" },
        node: { type: "string" },
        nodes: { type: "boolean", default: false },
        "no-results": { type: "boolean", default: false },
        peers: { type: "boolean", default: false },
        rounds: { type: "string" },
      },
    });
  } catch (error) {
    throw new RangeError(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}

function conditionsOf(
  values: Readonly<Partial<Record<Condition | "all", unknown>>>,
): readonly Condition[] {
  if (values.all === true) return CONDITIONS;
  const named = CONDITIONS.filter((name) => values[name] === true);
  return named.length === 0 ? ["alone"] : named;
}

function wholeNumber(text: string): number {
  const rounds = Number(text);
  if (Number.isSafeInteger(rounds) && rounds > 0) return rounds;
  throw new RangeError(`Expected --rounds to be a whole number > 0, got ${JSON.stringify(text)}`);
}

function fileName(text: string): string {
  if (/^[\w.-]+$/.test(text) && !text.startsWith(".")) return text;
  throw new RangeError(`Expected --name to be a file name, got ${JSON.stringify(text)}`);
}

/** A name as it was typed, with a suggestion. */
function suggest(name: string): string {
  const similar = ALL_CASES.find((known) => isSimilar(known.toLowerCase(), name.toLowerCase()));
  return JSON.stringify(name) + (similar === undefined ? "" : ` (did you mean ${similar}?)`);
}

function isSimilar(known: string, name: string): boolean {
  return name !== "" && (known.startsWith(name) || name.startsWith(known));
}

function listed(): string {
  return `The cases are: ${ALL_CASES.join(", ")}`;
}
