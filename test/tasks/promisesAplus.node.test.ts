// Is a future a promise to whoever calls its `then`? The suite of Promises/A+ says so: https://promisesaplus.com.
//
// It runs as a program of its own, on the built package. Most of its time it waits, by design.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";

/** How many tests the suite has. */
const TESTS = 872;
/** Several times what the suite takes. */
const PATIENCE = 60_000;

const PROGRAM = fileURLToPath(new URL("../support/promisesAplus.mjs", import.meta.url));
const FLAGS = inject("core") === "wasm" ? [] : ["--no-expose-wasm"];

test("a future passes the whole suite of Promises/A+", { timeout: 2 * PATIENCE }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, PROGRAM], {
    timeout: PATIENCE,
  });

  expect(JSON.parse(stdout)).toEqual({ passed: TESTS, pending: 0, failed: [] });
});
