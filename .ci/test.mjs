// Runs checks and tests, and ends with the sum: "N passed, N failed". A failure does not stop the
// rest, except that nothing follows a failed set-up.
//
// The arguments select the lanes (fast, usual, exhaustive: see test/lanes.ts), and the parts of
// them (checks, node, browser). Without parts, a lane runs all of its own.

import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { installPeers } from "./peers.mjs";
import { run } from "./shell.mjs";

/** A native program, several times as fast as the compiler that writes the declarations. */
const COMPILER = "test/compiler";
const TSC = `node ${COMPILER}/node_modules/typescript/bin/tsc`;

/** @type {Record<string, Record<string, string>>} */
const CHECKS = {
  fast: {},
  usual: {
    types: TSC,
    "format and lint": "biome check --error-on-warnings",
    "types for a consumer on Node": `${TSC} -p test/types`,
    "package metadata": "publint --strict",
    "size budgets": "node .ci/size.mjs",
  },
  exhaustive: {
    "types with the compiler of the build": "tsc",
    "package types":
      "attw --pack . --profile esm-only --exclude-entrypoints core.wasm --format table-flipped",
    "types for a consumer with a bundler":
      "tsc -p test/types --module esnext --moduleResolution bundler",
    "types of the adapters":
      "node .ci/setup.mjs test/adapters && tsc -p test/adapters/tsconfig.types.json",
    "types for the compilers of consumers": "node .ci/types.mjs",
    "bundlers of consumers": "node .ci/setup.mjs test/bundlers && node test/bundlers/main.mjs",
    "the ESLint plugin": "npm test --prefix eslint-plugin",
    "known bugs of async packages":
      "node .ci/setup.mjs test/asyncPackages && node --import ./test/asyncPackages/register.mjs test/asyncPackages/main.mjs && node test/asyncPackages/correctMain.mjs",
  },
};

const LANES = Object.keys(CHECKS);
const PARTS = ["checks", "node", "browser"];

/** Tests in Node that start a browser themselves. */
const NEED_BROWSER = [
  "test/examples/searchBox.node.test.ts",
  "test/examples/chat.node.test.ts",
  "test/executors/bundlers.node.test.ts",
  "test/inspector/devTools.node.test.ts",
];
const CHECKS_THAT_NEED_BROWSER = ["bundlers of consumers"];

const chosen = process.argv.slice(2);
const lanes = LANES.filter((lane) => chosen.includes(lane));
const parts = chosen.some((name) => PARTS.includes(name)) ? chosen : PARTS;
const unknown = chosen.filter((name) => ![...LANES, ...PARTS].includes(name));
if (unknown.length > 0 || lanes.length === 0) {
  throw new RangeError(
    `Expected some of ${LANES.join(", ")} and of ${PARTS.join(", ")}, got "${chosen.join(" ")}"`,
  );
}

let passed = 0;
/**
 * Repeated at the end, because a test's output may be far above.
 *
 * @type {string[]}
 */
const failures = [];
/**
 * Tests that failed and then passed: see `retry` in vitest.config.ts.
 *
 * @type {string[]}
 */
const repeated = [];

const setUps = ["node .ci/setup.mjs"];
if (lanes.includes("usual") && parts.includes("checks")) {
  setUps.push(`node .ci/setup.mjs ${COMPILER}`);
}
const failedSetUp = setUps.find((command) => !run(command));
if (failedSetUp !== undefined) {
  count("set-up", 0, [failedSetUp]);
} else {
  // Imported late, because it needs the dependencies.
  const { findBrowser, installBrowser } = await import("./browser.mjs");
  const isOnlyFast = lanes.every((lane) => lane === "fast");
  const browser = findBrowser() ?? (isOnlyFast ? undefined : installBrowser());
  const missing = parts.includes("node") && !isOnlyFast ? installPeers() : [];
  if (missing.length > 0) console.warn(`\nNot on this machine: ${missing.join(", ")}`);
  if (browser === undefined && !isOnlyFast && parts.includes("browser")) missBrowser();
  for (const lane of lanes) {
    if (parts.includes("checks")) await check(CHECKS[lane] ?? {}, browser !== undefined);
    test(lane, browser !== undefined);
  }
}

if (repeated.length > 0) console.log(`\nPassed only when repeated:\n  ${repeated.join("\n  ")}`);
if (failures.length > 0) console.log(`\nFailed:\n  ${failures.join("\n  ")}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;

function missBrowser() {
  console.error(
    "\nFound no browser and could not install one. Install Chromium or Chrome, or name its\n" +
      "program in the environment variable MYSYNCIO_BROWSER. `npm run test:node` runs the rest.",
  );
  count("browser", 0, ["there is none"]);
}

/**
 * Runs checks in parallel, one for each processor.
 *
 * @param {Record<string, string>} checks
 * @param {boolean} hasBrowser
 */
async function check(checks, hasBrowser) {
  const waiting = Object.entries(checks).filter(
    ([name]) => hasBrowser || !CHECKS_THAT_NEED_BROWSER.includes(name),
  );
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [name, command] = next;
        const { succeeded, output } = await outcomeOf(command);
        console.log(`\n== ${name}\n${output}`);
        count("check", Number(succeeded), succeeded ? [] : [name]);
      }
    }),
  );
}

/**
 * @param {string} command
 * @returns {Promise<{ succeeded: boolean, output: string }>}
 */
function outcomeOf(command) {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const add = (/** @type {Buffer} */ data) => {
      output += data;
    };
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    child.on("close", (code) => resolve({ succeeded: code === 0, output: output.trim() }));
  });
}

/**
 * Runs the tests of a lane, in Node and in the browser in parallel.
 *
 * @param {string} lane
 * @param {boolean} hasBrowser
 */
function test(lane, hasBrowser) {
  const platforms = ["node", "browser"].filter(
    (platform) =>
      parts.includes(platform) && (platform === "node" || (hasBrowser && lane !== "fast")),
  );
  if (platforms.length === 0) return;
  const report = `build/tests.${lane}.json`;
  rmSync(report, { force: true });
  const where = platforms.join(" and ");
  console.log(`\n== ${lane} tests in ${where}`);
  const excluded = hasBrowser || lane === "fast" ? [] : NEED_BROWSER;
  if (excluded.length > 0) console.log(`Skipped without a browser: ${excluded.join(", ")}`);
  const options = [
    ...platforms.map((platform) => `--project "${platform}-*"`),
    ...excluded.map((file) => `--exclude ${file}`),
    `--reporter default --reporter json --outputFile.json ${report}`,
  ];
  process.env["MYSYNCIO_LANE"] = lane;
  const succeeded = run(`vitest run ${options.join(" ")}`);
  const { passes, fails, repeats } = resultsIn(report);
  repeated.push(...repeats);
  // A run may also fail outside its tests, for example by an unhandled rejection.
  const outside = fails.length === 0 && !succeeded ? ["outside of any test"] : [];
  count(`${lane} tests in ${where}`, passes, [...fails, ...outside]);
}

/**
 * The number of passed tests, and the names of those that failed, and that passed only when they
 * were repeated.
 *
 * @param {string} report
 * @returns {{ passes: number, fails: string[], repeats: string[] }}
 */
function resultsIn(report) {
  try {
    /** @type {{ numPassedTests: number, testResults: { name: string, status: string, assertionResults: { status: string, fullName: string, failureMessages: string[] | null }[] }[] }} */
    const { testResults, numPassedTests } = JSON.parse(readFileSync(report, "utf8"));
    const fails = testResults.flatMap(({ name, status, assertionResults }) => {
      const file = relative(".", name);
      const failed = assertionResults.filter((test) => test.status === "failed");
      // A file that does not load fails without any failed test.
      if (failed.length === 0) return status === "failed" ? [file] : [];
      return failed.map(({ fullName }) => `${file}: ${fullName}`);
    });
    const repeats = testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter((test) => test.status === "passed" && (test.failureMessages ?? []).length > 0)
        .map(({ fullName }) => `${relative(".", name)}: ${fullName}`),
    );
    return { passes: numPassedTests, fails, repeats };
  } catch (error) {
    return { passes: 0, fails: [`no report of the tests: ${error}`], repeats: [] };
  }
}

/**
 * @param {string} part
 * @param {number} passes
 * @param {string[]} fails the failed tests of the part
 */
function count(part, passes, fails) {
  passed += passes;
  failures.push(...fails.map((name) => `${part}: ${name}`));
}
