// Runs the package on every available platform and in every tool, installed as by a user: npm run
// matrix
//
// The arguments select rows by the beginning of their keys: npm run matrix -- vite node. A run of
// all rows writes docs/compatibility.md. `--keep` keeps the temporary projects.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Project } from "./project.mjs";
import { Unavailable } from "./row.mjs";
import { ROWS } from "./rows.mjs";
import { summary, writePage } from "./table.mjs";

const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const keep = process.argv.includes("--keep");
const rows = ROWS.filter(
  ({ key }) => chosen.length === 0 || chosen.some((start) => key.startsWith(start)),
);
if (rows.length === 0) {
  console.error(
    `No row begins with ${chosen.join(" or ")}: ${ROWS.map(({ key }) => key).join(" ")}`,
  );
  process.exit(2);
}

const packed = mkdtempSync(join(tmpdir(), "mysyncio-packed-"));
/** The Node that tools run on, which may be newer than the one that runs this script. */
const tools = new Project("");
/** @type {import("./table.mjs").Line[]} */
const lines = [];
/** @type {Project | undefined} */
let current;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    current?.end(keep);
    tools.end(false);
    rmSync(packed, { recursive: true, force: true });
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}

try {
  const [{ filename }] = JSON.parse(
    await tools.run("npm", [
      "pack",
      "--json",
      "--ignore-scripts",
      "--pack-destination",
      packed,
      process.cwd(),
    ]),
  );
  await tools.install(["node@24"]);
  for (const row of rows) lines.push(await runRow(row, join(packed, filename)));
} finally {
  tools.end(false);
  rmSync(packed, { recursive: true, force: true });
}

console.log(`\n${summary(lines)}`);
if (chosen.length === 0) writePage(lines);
process.exitCode = lines.some(({ failed }) => failed) ? 1 : 0;

/**
 * @param {import("./row.mjs").Row} row
 * @param {string} tarball
 * @returns {Promise<import("./table.mjs").Line>}
 */
async function runRow({ key, name, row }, tarball) {
  const began = Date.now();
  const project = new Project(tarball, [tools.file("node_modules", ".bin")]);
  current = project;
  try {
    const { version, results } = await row({ project });
    const failed = Object.values(results).some((result) => result !== "ok");
    tell(key, failed, began, failed ? JSON.stringify(results, null, 2) : version);
    if (failed) console.log(project.log);
    return { key, name, version, results, failed };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    if (error instanceof Unavailable) {
      console.log(`none ${key}: ${message}`);
      return { key, name, version: "", results: {}, missing: message, failed: false };
    }
    tell(key, true, began, String(error));
    console.log(project.log);
    return { key, name, version: "", results: {}, broken: message, failed: true };
  } finally {
    project.end(keep);
    if (keep) console.log(`     kept: ${project.folder}`);
  }
}

/** @param {string} key @param {boolean} failed @param {number} began @param {string} text */
function tell(key, failed, began, text) {
  const seconds = ((Date.now() - began) / 1_000).toFixed(1);
  console.log(`${failed ? "FAIL" : "ok  "} ${key} (${seconds} s): ${text}`);
}
