// The output of the matrix: at the end of a run, and in docs/compatibility.md.

import { readFileSync, writeFileSync } from "node:fs";

/**
 * @typedef {object} Line
 * @property {string} key
 * @property {string} name
 * @property {string} version
 * @property {import("./row.mjs").Results} results
 * @property {boolean} failed
 * @property {string} [missing] Why the row could not run.
 * @property {string} [broken] Why it ended before its checks.
 */

const PAGE = new URL("../../docs/compatibility.md", import.meta.url);
const BEGIN = "<!-- matrix -->";
const END = "<!-- /matrix -->";
const MAX_CHARACTERS = 200;

const COLUMNS = {
  programs: "README's programs",
  cancellation: "cancellation",
  concurrent: "concurrent `toAsync`",
  thread: "thread call",
  threadCancellation: "cancelled thread call",
};

/** @param {Line[]} lines */
export function summary(lines) {
  const failed = lines.filter((line) => line.failed);
  const missing = lines.filter((line) => line.missing !== undefined);
  return [
    ...missing.map(({ name, missing: why }) => `not run: ${name}: ${why}`),
    ...failed.map(({ name, ...line }) => `failed: ${name}: ${failures(line).join("; ")}`),
    `${lines.length - failed.length - missing.length} rows passed, ${failed.length} failed, ${missing.length} not run`,
  ].join("\n");
}

/** Replaces the table of the page. @param {Line[]} lines */
export function writePage(lines) {
  const page = readFileSync(PAGE, "utf8");
  const [before = "", rest = ""] = page.split(BEGIN);
  const [, after = ""] = rest.split(END);
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${table(lines)}\n${END}${after}`);
}

/** @param {Line[]} lines */
export function table(lines) {
  const rows = [
    ["runtime or tool", "version", ...Object.values(COLUMNS)],
    ...lines.map((line) => [
      line.name,
      line.version || "—",
      ...Object.keys(COLUMNS).map((column) => cell(line, column)),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const [head = [], ...body] = rows.map((row) => row.map((text, i) => text.padEnd(widths[i] ?? 0)));
  const rule = widths.map((width) => "-".repeat(width));
  const notes = lines.flatMap(({ name, ...line }) => [
    ...(line.missing === undefined ? [] : [`- ${name} was not run: ${line.missing}`]),
    ...failures(line).map((failure) => `- ${name} fails: ${failure}`),
  ]);
  const text = [head, rule, ...body].map((row) => `| ${row.join(" | ")} |\n`).join("");
  return notes.length === 0 ? text : `${text}\n${notes.join("\n")}\n`;
}

/** @param {Line} line @param {string} column */
function cell({ results, missing, broken }, column) {
  if (missing !== undefined) return "not run";
  // Without the first check there are none.
  if (broken !== undefined || results["programs"] === undefined) return "fails";
  const result = results[column];
  if (result === undefined) return "—";
  return result === "ok" ? "yes" : "fails";
}

/** @param {Pick<Line, "results" | "broken">} line */
function failures({ results, broken }) {
  if (broken !== undefined) return [shorten(broken)];
  /** @type {Map<string, string[]>} */
  const namesOf = new Map();
  for (const [name, result] of Object.entries(results)) {
    if (result !== "ok") namesOf.set(result, [...(namesOf.get(result) ?? []), name]);
  }
  return [...namesOf].map(([result, names]) => `${names.join(", ")}: ${shorten(result)}`);
}

/** Shortens a text to one line of readable length, without ports. @param {string} text */
function shorten(text) {
  const line = text.replace(/\s+/g, " ").replace(/(127\.0\.0\.1):\d+/g, "$1");
  return line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS)} ...` : line;
}
