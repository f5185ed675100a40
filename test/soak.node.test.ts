// A loop keeps nothing of tasks that are done. This is a short run of the built bench/soak.ts. `npm
// run soak` is the long one.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, inject, test } from "vitest";
import { WITHOUT_WASM } from "../bench/programs/withoutWasm.ts";

const TASKS = 100_000;
/** Many times longer than the program takes, in milliseconds. */
const PATIENCE = 60_000;

const PROGRAM = fileURLToPath(new URL("../build/bench/soak.js", import.meta.url));
const FLAGS = inject("core") === "wasm" ? [] : WITHOUT_WASM;

function soak(...args: string[]): Promise<{ stdout: string }> {
  const flags = [...FLAGS, "--expose-gc", "--no-opt"];
  const all = [...flags, PROGRAM, "--tasks", `${TASKS}`, "--waves", "10", ...args];
  return promisify(execFile)(process.execPath, all, { timeout: PATIENCE });
}

describe.concurrent("a loop", { timeout: 2 * PATIENCE }, () => {
  test(`keeps nothing of ${TASKS.toLocaleString("en")} completed tasks`, async () => {
    const { stdout } = await soak();

    expect(stdout).toMatch(/^wave 10: \d+ tasks/m);
  });

  test("that leaks would be detected", async () => {
    await expect(soak("--leak")).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^The heap is 1\.\d+ times/m),
    });
  });
});
