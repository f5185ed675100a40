// Makes a fresh clone ready: installs what the lock file names, then builds the
// core, the package and the programs. Skips each part whose inputs are unchanged.
//
// Runs before any dependency exists, so it is plain Node.

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "./shell.mjs";

/** What every step depends on: the tools and how they are called. */
const TOOLING = [".ci", "package-lock.json"];

const STEPS = [
  {
    stamp: "build/core.stamp",
    inputs: ["assembly", "asconfig.json"],
    outputs: ["build/core.wasm", "build/core.debug.wasm", "src/core/bytes.ts"],
    commands: ["asc --target release", "asc --target debug", "node .ci/embedCore.mjs"],
  },
  {
    stamp: "build/package.stamp",
    inputs: ["src", "examples", "bench", "tsconfig.json", "tsconfig.build.json", "tsup.config.ts"],
    outputs: ["dist/index.js", "dist/index.d.ts", "dist/core.wasm", "build/examples/main.js"],
    commands: ["tsup", "tsc -p tsconfig.build.json"],
  },
];

if (!isInstalled()) runOrExit("npm ci");

for (const { stamp, inputs, outputs, commands } of STEPS) {
  const digest = digestOf([...TOOLING, ...inputs]);
  if ([stamp, ...outputs].every(existsSync) && readFileSync(stamp, "utf8") === digest) continue;
  // Removed first: a build that fails half-way must not look finished.
  rmSync(stamp, { force: true });
  mkdirSync("build", { recursive: true });
  commands.forEach(runOrExit);
  writeFileSync(stamp, digest);
}

/** Whether node_modules holds what the lock file names; npm keeps its own record there. */
function isInstalled() {
  if (!existsSync("node_modules/.package-lock.json")) return false;
  const found = packagesOf("node_modules/.package-lock.json");
  return Object.entries(packagesOf("package-lock.json")).every(
    ([path, { version, integrity, optional }]) =>
      path === "" ||
      (found[path] === undefined && optional) ||
      (found[path]?.version === version && found[path]?.integrity === integrity),
  );
}

/**
 * @param {string} lockFile
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>}
 */
function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, "utf8")).packages;
}

/**
 * One hash over the names and contents of files and of all files in folders.
 *
 * @param {string[]} inputs
 */
function digestOf(inputs) {
  const hash = createHash("sha256");
  for (const file of inputs.flatMap(filesIn)) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesIn(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats ? [path] : [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}

/** @param {string} command */
function runOrExit(command) {
  console.log(`> ${command}`);
  if (!run(command)) process.exit(1);
}
