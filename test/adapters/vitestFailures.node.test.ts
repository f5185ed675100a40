// Failing tests with the fixtures of `mysyncio/vitest`, in a separate run.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("a virtual test fails if it deadlocks, or leaves a task, a lock or an error behind", async () => {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "build", "vitest-"));
  try {
    writeFileSync(
      join(folder, "some.test.js"),
      `
      import { createTask, getEventLoop, Lock, sleep } from "mysyncio";
      import { test } from "mysyncio/vitest";

      test("deadlock", ({ run }) => run(() => getEventLoop().createFuture()));
      test("task", ({ run }) => run(function* () { createTask(sleep(1)); yield; }));
      test("lock", ({ run }) => run(() => new Lock().acquire()));
      test("error", ({ run }) => run(function* () {
        createTask(function* () { throw new RangeError("lost"); });
        yield; yield;
      }));
      test("fine", ({ run }) => run(() => sleep(1e9)));`,
    );
    writeFileSync(join(folder, "vitest.config.js"), "export default {};");
    const args = ["run", "--root", folder, "--reporter", "json"];
    const stdout = await new Promise<string>((resolve) => {
      const program = join(ROOT, "node_modules", "vitest", "vitest.mjs");
      execFile(process.execPath, [program, ...args], { cwd: folder }, (_, output) =>
        resolve(output),
      );
    });
    const { testResults } = JSON.parse(stdout.slice(stdout.indexOf("{")));
    const messages = Object.fromEntries(
      testResults[0].assertionResults.map(
        ({ title, failureMessages }: { title: string; failureMessages: string[] }) => [
          title,
          // Vitest reports an error of a fixture twice.
          [...new Set(failureMessages.map((message) => message.split("\n")[0]))],
        ],
      ),
    );

    expect(messages).toEqual({
      deadlock: [expect.stringMatching(/^DeadlockError: Nothing is ready/)],
      task: [
        expect.stringMatching(/^RuntimeError: The test ended while these tasks were still running/),
      ],
      lock: [
        expect.stringMatching(
          /^RuntimeError: The test ended without releasing these locks or permits/,
        ),
      ],
      error: ["RangeError: lost"],
      fine: [],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
