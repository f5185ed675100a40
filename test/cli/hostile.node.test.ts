// Tests the commands on programs with names that attack the terminal in which they are shown.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { command, PATIENCE, Programs, waitingProgram } from "../support/commands.ts";

const programs = new Programs();

/**
 * Moves the cursor, sets the title, forges a line, begins a sequence in one byte, and reverses
 * text.
 */
const NAME = "\x1b[2J\x1b]0;owned\x07\nloop 2 of process 1\r\x9b31m\u202etxt\u2028<b>";
/** Everything that a terminal would interpret, other than the line breaks of a report. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const UNSAFE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** Sources with addresses that decode to control characters, or that are no paths. */
const ADDRESSES = [
  "file:///tmp/%1b%5B2Jx%0Ay.js",
  "file://elsewhere/x.js",
  "webpack:///\x1b[2Jz.js",
];

test("control characters in names are shown as escapes, and forge no lines", {
  timeout: PATIENCE,
}, async () => {
  const pid = await programs.start(
    "hostile.mjs",
    waitingProgram(`
      const name = ${JSON.stringify(NAME)};
      const other = m.createTask(function* () { yield* m.sleep(1e8); }, { name });
      group.createTask(function* () { yield* other; }, { name: name + "x".repeat(100_000) });
      const deaf = group.createTask(function* () {
        for (;;) try { yield* m.sleep(10); } catch { /* swallows its cancellation */ }
      }, { name: name + " 2" });
      yield* m.sleep(50);
      deaf.cancel();
      for (const address of ${JSON.stringify(ADDRESSES)}) {
        const source = "(function* (m) { yield* m.sleep(1e8); })\\n//# sourceURL=" + address;
        group.createTask((0, eval)(source)(m));
      }
      yield* m.sleep(1e8);`),
  );
  const commands = [
    ["ps", pid],
    ["pstree", pid],
    ["top", pid, "--seconds", "1"],
    ["warnings", pid],
    ["ps", pid, "--json"],
    ["warnings", pid, "--json"],
    ["ps", `${pid}/${NAME.replaceAll("\n", "")}`],
  ];
  const ends = await Promise.all(commands.map((args) => command(...args)));
  const printed = ends.map(({ stdout, stderr }) => stdout + stderr);

  expect(printed.map((text) => UNSAFE.exec(text)?.[0])).toEqual(commands.map(() => undefined));
  expect(printed.join("")).not.toMatch(/^loop 2 of/m);
  const [list = "", tree = "", , warnings = "", json = ""] = printed;
  for (const text of [list, tree, warnings]) {
    expect(text).toContain(
      "\\x1b[2J\\x1b]0;owned\\x07\\nloop 2 of process 1\\x0d\\x9b31m\\u202etxt",
    );
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(3_000);
  }
  const names = JSON.parse(json).loops[0].tasks.map((task: { name: string }) => task.name);
  expect(names).toContain(NAME);
});

test("a source file that is a pipe doesn't block a command", { timeout: PATIENCE }, async () => {
  const pipe = join(programs.folder, "pipe.js");
  execFileSync("mkfifo", [pipe]);
  const source = `(function* piped(m) { yield* m.sleep(1e8); })\n//# sourceURL=${pipe}`;
  const pid = await programs.start(
    "pipes.mjs",
    waitingProgram(`
      group.createTask((0, eval)(${JSON.stringify(source)})(m));
      yield* m.sleep(1e8);`),
  );
  const { stdout } = await command("ps", pid);

  expect(stdout).toMatch(/1 × piped .*pipe\.js:1/);
});
