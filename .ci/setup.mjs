// Makes a fresh clone ready: installs the packages of the lock file, then builds the core, the
// package and the programs. Skips each part whose inputs are unchanged.
//
// The arguments name parts of the benchmarks, each a folder with its own lock file: node
// .ci/setup.mjs bench/harness/charts. Then only these are made ready.
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
import { dirname, join } from "node:path";
import { run } from "./shell.mjs";

/** The inputs of every step: the tools and their configuration. */
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
    commands: ["tsup", "node .ci/declarations.mjs"],
  },
];

const folders = process.argv.slice(2);
if (!isInstalled(".")) runOrExit("npm ci");
if (folders.length === 0) STEPS.forEach(takeStep);
for (const folder of folders) {
  if (existsSync(`${folder}/package.json`) && !isInstalled(folder)) {
    runOrExit(`npm ci --no-audit --no-fund --prefix ${folder}`);
  }
  if (existsSync(`${folder}/tsconfig.json`)) takeStep(compilationOf(folder));
}

/** @param {typeof STEPS[number]} step */
function takeStep({ stamp, inputs, outputs, commands }) {
  const digest = digestOf([...TOOLING, ...inputs]);
  if ([stamp, ...outputs].every(existsSync) && readFileSync(stamp, "utf8") === digest) return;
  // Removed first, so that a build that fails halfway doesn't look finished.
  rmSync(stamp, { force: true });
  mkdirSync(dirname(stamp), { recursive: true });
  commands.forEach(runOrExit);
  writeFileSync(stamp, digest);
}

/**
 * Beside its sources, so that its imports resolve in its own node_modules.
 *
 * @param {string} folder
 */
function compilationOf(folder) {
  const sources = readdirSync(folder).filter((name) => /\.(ts|json)$/.test(name));
  return {
    stamp: `${folder}/build/compiled.stamp`,
    inputs: sources.map((name) => `${folder}/${name}`),
    outputs: [],
    commands: [`tsc -p ${folder}`],
  };
}

/**
 * Whether node_modules matches the lock file. npm keeps its own record there.
 *
 * @param {string} folder
 */
function isInstalled(folder) {
  const record = `${folder}/node_modules/.package-lock.json`;
  if (!existsSync(record)) return false;
  const found = packagesOf(record);
  return Object.entries(packagesOf(`${folder}/package-lock.json`)).every(
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
 * A hash over the names and contents of files and of all files in folders.
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
