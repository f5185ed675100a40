// Runs all checks and tests and ends with the sum: "N passed, N failed".
// What fails does not stop what follows, except that nothing follows a failed set-up.
//
// The arguments choose the parts: checks, node, browser.

import { readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";
import { installPeers } from "./peers.mjs";
import { run } from "./shell.mjs";

/** @type {Record<string, string>} */
const CHECKS = {
  "format and lint": "biome check --error-on-warnings",
  types: "tsc",
  "types for a consumer on Node": "tsc -p test/types",
  "types for a consumer with a bundler":
    "tsc -p test/types --module esnext --moduleResolution bundler",
  "types for the compilers of consumers": "node .ci/types.mjs",
  "package metadata": "publint --strict",
  "package types":
    "attw --pack . --profile esm-only --exclude-entrypoints core.wasm --format table-flipped",
  "size budgets": "node .ci/size.mjs",
};

/** Tests in Node that start a browser themselves. */
const NEED_BROWSER = ["test/examples/chat.node.test.ts", "test/executors/bundlers.node.test.ts"];

const parts = process.argv.slice(2);
let passed = 0;
/** What to look at, told again at the end: what a test prints may be far above. @type {string[]} */
const failures = [];

if (!run("node .ci/setup.mjs")) {
  count("set-up", 0, ["node .ci/setup.mjs"]);
} else {
  if (parts.includes("checks")) {
    for (const [name, command] of Object.entries(CHECKS)) {
      console.log(`\n== ${name}`);
      const succeeded = run(command);
      count("check", Number(succeeded), succeeded ? [] : [name]);
    }
  }
  // Imported late: it needs the dependencies.
  const { findBrowser, installBrowser } = await import("./browser.mjs");
  const browser = findBrowser() ?? installBrowser();
  if (parts.includes("node")) {
    const missing = installPeers();
    if (missing.length > 0) console.warn(`\nNot on this machine: ${missing.join(", ")}`);
    test("node", browser === undefined ? NEED_BROWSER : []);
  }
  if (parts.includes("browser")) {
    if (browser === undefined) missBrowser();
    else test("browser");
  }
}

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
 * @param {"node" | "browser"} platform
 * @param {string[]} excluded
 */
function test(platform, excluded = []) {
  const report = `build/tests.${platform}.json`;
  rmSync(report, { force: true });
  console.log(`\n== tests in ${platform}`);
  if (excluded.length > 0) console.log(`Without a browser, left out: ${excluded.join(", ")}`);
  const exclusions = excluded.map((file) => ` --exclude ${file}`).join("");
  const succeeded = run(
    `vitest run --project "${platform}-*" --reporter default --reporter json --outputFile.json ${report}${exclusions}`,
  );
  const { passes, fails } = resultsIn(report);
  // A run may also fail outside its tests, for example by an unhandled rejection.
  const outside = fails.length === 0 && !succeeded ? ["outside of any test"] : [];
  count(`tests in ${platform}`, passes, [...fails, ...outside]);
}

/**
 * How many tests passed, and which failed.
 *
 * @param {string} report
 * @returns {{ passes: number, fails: string[] }}
 */
function resultsIn(report) {
  try {
    /** @type {{ numPassedTests: number, testResults: { name: string, status: string, assertionResults: { status: string, fullName: string }[] }[] }} */
    const { testResults, numPassedTests } = JSON.parse(readFileSync(report, "utf8"));
    const fails = testResults.flatMap(({ name, status, assertionResults }) => {
      const file = relative(".", name);
      const failed = assertionResults.filter((test) => test.status === "failed");
      // A file that does not load fails without any failed test.
      if (failed.length === 0) return status === "failed" ? [file] : [];
      return failed.map(({ fullName }) => `${file}: ${fullName}`);
    });
    return { passes: numPassedTests, fails };
  } catch (error) {
    return { passes: 0, fails: [`no report of the tests: ${error}`] };
  }
}

/**
 * @param {string} part
 * @param {number} passes
 * @param {string[]} fails what failed of it
 */
function count(part, passes, fails) {
  passed += passes;
  failures.push(...fails.map((name) => `${part}: ${name}`));
}
