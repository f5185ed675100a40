// What the command was asked for.

import { parseArgs } from "node:util";
import { CASES } from "./cases.ts";

export const USAGE = `Usage: npm run bench -- [case ...] [options]

  case, --case NAME  runs only these cases; --list names them
  --rounds N         alternating rounds of a row, by default 9
  --peers            beside other libraries, and Python's asyncio; installs them first
  --node PATH        runs on another Node
  --nodes            runs the cases with a target against promises on the newest Node as well; installs it first
  --json             prints the results as JSON instead of tables
  --name NAME        writes bench/results/NAME.json and pictures in NAME/, by default the date;
                     "latest" is the run that git keeps and the README shows
  --no-results       writes no files
  --list             prints the cases
  --help             prints this`;

export interface Options {
  readonly cases: readonly string[];
  readonly rounds: number;
  readonly isJson: boolean;
  readonly withPeers: boolean;
  readonly withNodes: boolean;
  /** The program that runs the cases. */
  readonly node: string;
  readonly writesResults: boolean;
  /** What the files are called; undefined stands for the date. */
  readonly name: string | undefined;
  /** Prints something and does nothing else. */
  readonly prints: "cases" | "usage" | undefined;
}

const DEFAULT_ROUNDS = 9;

/** Reads the arguments; on a mistake says what would make sense, and ends the process. */
export function optionsOrExit(args: readonly string[]): Options {
  try {
    return parseOptions(args);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

/** Reads the arguments. @throws RangeError if they make no sense; says what would. */
export function parseOptions(args: readonly string[], node = process.execPath): Options {
  const { values, positionals } = parse(args);
  const named = [...positionals, ...(values.case ?? [])];
  const unknown = named.filter((name) => !CASES.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(`Unknown case ${unknown.map(suggest).join(", ")}. ${listed()}`);
  }
  return {
    cases: named.length === 0 ? CASES : CASES.filter((name) => named.includes(name)),
    rounds: values.rounds === undefined ? DEFAULT_ROUNDS : wholeNumber(values.rounds),
    isJson: values.json,
    withPeers: values.peers,
    withNodes: values.nodes,
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
        case: { type: "string", multiple: true },
        help: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
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

function wholeNumber(text: string): number {
  const rounds = Number(text);
  if (Number.isSafeInteger(rounds) && rounds > 0) return rounds;
  throw new RangeError(`Expected --rounds to be a whole number > 0, got ${JSON.stringify(text)}`);
}

function fileName(text: string): string {
  if (/^[\w.-]+$/.test(text) && !text.startsWith(".")) return text;
  throw new RangeError(`Expected --name to be a file name, got ${JSON.stringify(text)}`);
}

/** A name as it was given, with the one that was perhaps meant. */
function suggest(name: string): string {
  const similar = CASES.find((known) => isSimilar(known.toLowerCase(), name.toLowerCase()));
  return JSON.stringify(name) + (similar === undefined ? "" : ` (did you mean ${similar}?)`);
}

function isSimilar(known: string, name: string): boolean {
  return name !== "" && (known.startsWith(name) || name.startsWith(known));
}

function listed(): string {
  return `There are: ${CASES.join(", ")}`;
}
