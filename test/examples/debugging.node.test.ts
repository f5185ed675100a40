// The examples of docs/debugging.md, end to end: each program runs in its own process, and each
// command, in another process, prints what the page shows.
//
// The exhaustive lane does the same on the other versions of Node.

import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { otherNodes } from "../../bench/harness/otherNodes.ts";
import { isExhaustive } from "../support/effort.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = readFileSync(new URL("../../docs/debugging.md", import.meta.url), "utf8");
/** The process id that the page shows. */
const PID = "4711";
const PATIENCE = 60_000;
/** What `--import mysyncio/inspector/register` loads. */
const REGISTER = "./dist/registerHelper.js";

/** A command of the page, and what it prints. */
interface Shown {
  readonly args: readonly string[];
  readonly output: string;
  /** Whether the program was started with the helper. */
  readonly isPrepared: boolean;
}

interface Story {
  readonly title: string;
  /** The name of the program in examples/debugging. */
  readonly program: string;
  readonly commands: readonly Shown[];
}

function storiesOf(page: string): Story[] {
  return page
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const [title = ""] = section.split("\n", 1);
      const [, program] = /examples\/debugging\/(\w+)\.ts/.exec(section) ?? [];
      const blocks = section.matchAll(
        /```sh\n(node --import [^\n]*\n)?npx mysyncio ([^\n]*)\n```\n\n```text\n(.*?)\n```/gs,
      );
      const commands = Array.from(blocks, ([, start, args = "", output = ""]) => ({
        args: args.split(" "),
        output,
        isPrepared: start !== undefined,
      }));
      return program === undefined ? [] : [{ title, program, commands }];
    });
}

const STORIES = storiesOf(PAGE);

function printed(node: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, timeout: PATIENCE };
    const command = ["dist/mysyncio.js", ...args];
    execFile(node, command, options, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

/** Replaces what differs from run to run with what the page shows. */
function normalized(output: string, pid: number): string {
  return output
    .trimEnd()
    .replaceAll(`process ${pid} `, `process ${PID} `)
    .replace(/^loop \d+ /gm, "loop 1 ");
}

/** The commands whose output has other numbers each time. */
const WITH_NUMBERS = ["top", "warnings"];

/** The output with each number replaced by 0. */
function withoutNumbers(output: string): string {
  return output.replace(/\d[\d,.]*/g, "0");
}

/**
 * Whether the output has each line of the page, in this order. A line may have more than the page
 * shows, such as how long a task has waited.
 */
function shows(printed: string, page: string): boolean {
  const lines = printed.split("\n");
  return page.split("\n").every((expected) => {
    const columns = expected.trim().split(/ {2,}/);
    const found = lines.findIndex((line) => hasInOrder(line, columns));
    lines.splice(0, found + 1);
    return found >= 0;
  });
}

function hasInOrder(line: string, parts: readonly string[]): boolean {
  let rest = line;
  return parts.every((part) => {
    const at = rest.indexOf(part);
    rest = rest.slice(at + part.length);
    return at >= 0;
  });
}

async function tell({ program, commands }: Story, node: string): Promise<void> {
  const [usual, prepared] = [false, true].map((isPrepared) =>
    commands.filter((shown) => shown.isPrepared === isPrepared),
  );
  await tellPart(program, usual ?? [], node);
  if (prepared?.length) await tellPart(program, prepared, node, "--import", REGISTER);
}

async function tellPart(
  program: string,
  commands: readonly Shown[],
  node: string,
  ...options: readonly string[]
): Promise<void> {
  const file = `build/examples/debugging/${program}.js`;
  const args = [...options, file];
  const child = spawn(node, args, { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const errors = text(child.stderr);
  for (const { args, output } of commands) {
    const actual = args.map((arg) => (arg === PID ? String(child.pid) : arg));
    const deadline = Date.now() + PATIENCE;
    const hasNumbers = WITH_NUMBERS.includes(args[0] ?? "");
    const compared = hasNumbers ? withoutNumbers : (shown: string) => shown;
    const isShown = () => shows(compared(seen), compared(output));
    let seen = "";
    // The program may not have reached that point yet.
    do seen = normalized(await printed(node, actual), child.pid as number);
    while (!isShown() && Date.now() < deadline && child.exitCode === null);
    // Compared as a whole only where they differ, to show how.
    if (!isShown()) expect(seen).toBe(output);
  }
  // The commands have not harmed the program.
  expect(child.exitCode).toBeNull();
  child.kill("SIGKILL");
  await errors;
}

test("docs/debugging.md has eight examples, each with a program and a command", () => {
  expect(STORIES).toHaveLength(8);
  for (const { title, commands } of STORIES)
    expect([title, commands.length > 0]).toEqual([title, true]);
});

const OTHERS = isExhaustive() ? otherNodes(Number.parseInt(process.versions.node, 10)) : [];

describe.each([process.execPath, ...OTHERS.map(({ program }) => program)])("on %s", (node) => {
  test.each(STORIES)("$title", { timeout: 2 * PATIENCE }, (story) => tell(story, node));
});
