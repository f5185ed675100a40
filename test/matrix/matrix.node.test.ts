// The matrix reports exactly what its rows found. `npm run matrix` runs the rows themselves.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROGRAMS, programsModule, withoutTypes } from "./programs.mjs";
import { ROWS } from "./rows.mjs";
import { summary, table } from "./table.mjs";

const OK = { programs: "ok", cancellation: "ok", concurrent: "ok" };
const LINES = [
  { key: "a", name: "A", version: "1", results: OK, failed: false },
  {
    key: "b",
    name: "B",
    version: "2",
    results: { ...OK, thread: "Error: no\n  way" },
    failed: true,
  },
  { key: "c", name: "C", version: "3", results: { page: "Error: blank" }, failed: true },
  { key: "d", name: "D", version: "", results: {}, broken: "`d` ended with 1", failed: true },
  { key: "e", name: "E", version: "", results: {}, missing: "there is none", failed: false },
];

/** The cells of each row of a table, without its header. */
function cellsOf(text: string): string[][] {
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test("the module that rows import contains every program of the README", () => {
  const code = withoutTypes(programsModule());

  expect(PROGRAMS.length).toBeGreaterThan(2);
  expect(code.match(/async main\(console\)/g)).toHaveLength(PROGRAMS.length);
  for (const { output } of PROGRAMS) expect(code).toContain(JSON.stringify(output));
});

test("a check counts as passed only if its row reported it as passed", () => {
  expect(cellsOf(table(LINES))).toEqual([
    ["A", "1", "yes", "yes", "yes", "—", "—"],
    ["B", "2", "yes", "yes", "yes", "fails", "—"],
    ["C", "3", "fails", "fails", "fails", "fails", "fails"],
    ["D", "—", "fails", "fails", "fails", "fails", "fails"],
    ["E", "—", "not run", "not run", "not run", "not run", "not run"],
  ]);
});

test("failures and rows that could not run are reported with the reason", () => {
  expect(summary(LINES).split("\n")).toEqual([
    "not run: E: there is none",
    "failed: B: thread: Error: no way",
    "failed: C: page: Error: blank",
    "failed: D: `d` ended with 1",
    "1 rows passed, 3 failed, 1 not run",
  ]);
});

test("docs/compatibility.md has a row for each row of the matrix", () => {
  const page = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8");

  expect(cellsOf(page).map(([name]) => name)).toEqual(ROWS.map(({ name }) => name));
});

test("every tool is pinned to one version", () => {
  const versions: Record<string, string> = JSON.parse(
    readFileSync(new URL("versions.json", import.meta.url), "utf8"),
  );

  for (const version of Object.values(versions)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});
