// Runs the Promises/A+ suite (https://promisesaplus.com) on futures, which are promises to anyone
// who calls `then`.
//
// The suite runs as its own program, on the built package. It spends most of its time waiting, by
// design.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { WITHOUT_WASM } from "../../bench/programs/withoutWasm.ts";

/** The number of tests in the suite. */
const TESTS = 872;
/** Several times longer than the suite takes, in milliseconds. */
const PATIENCE = 60_000;

const PROGRAM = fileURLToPath(new URL("../support/promisesAplus.mjs", import.meta.url));
const FLAGS = inject("core") === "wasm" ? [] : WITHOUT_WASM;

test("a future passes the whole Promises/A+ suite", { timeout: 2 * PATIENCE }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, PROGRAM], {
    timeout: PATIENCE,
  });

  expect(JSON.parse(stdout)).toEqual({ passed: TESTS, pending: 0, failed: [] });
});
