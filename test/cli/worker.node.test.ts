// The command `mysyncio worker`: the arguments it rejects, and how it ends.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "dist", "mysyncio.js");
const folder = mkdtempSync(join(ROOT, "build", "cli-"));
const empty = join(folder, "empty.mjs");
writeFileSync(empty, "export const nothing = 1;");

afterAll(() => rmSync(folder, { recursive: true }));

function end(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [COMMAND, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

test("mysyncio worker prints its usage on request, and if it is called incorrectly", async () => {
  const [help, none, wrong, own, targets] = await Promise.all([
    end("--help"),
    end(),
    end("wrok"),
    end("worker", "a.js", "--help"),
    end("ps", "-h"),
  ]);

  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toContain("Usage: mysyncio worker FILE...");
  expect(own).toMatchObject({ code: 0, stderr: "" });
  expect(own.stdout).toMatch(/^Usage: mysyncio worker FILE/);
  expect(own.stdout).not.toContain("TARGET");
  expect(targets.stdout).toMatch(/^Usage: mysyncio ps TARGET[\s\S]*\nA TARGET is/);
  expect(none.code).toBe(2);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('There is no command "wrok"');
});

describe("a worker", () => {
  test.concurrent.each([
    [[], "Expected at least one FILE"],
    [["a.js", "--threads", "0"], 'Expected --threads to be a whole number >= 1, got "0"'],
    [["a.js", "--threads", "two"], "Expected --threads"],
    [["a.js", "--concurrency", "1.5"], "Expected --concurrency"],
    [["a.js", "--limit", "100"], "Expected --limit to be N/MS, such as 100/1000"],
    [["a.js", "--limit", "0/5"], "Expected --limit"],
    [["a.js", "--drain", "-1"], "--drain"],
    [["a.js", "--lease", "5"], "Expected --lease to be a whole number >= 100"],
    [["a.js", "--speed", "9"], "Unknown option '--speed'"],
  ])("rejects %o", async (args, message) => {
    const { code, stderr } = await end("worker", ...args);

    expect(stderr.trim().split("\n").at(-1)).toContain(message);
    expect(stderr).toContain("Usage: mysyncio worker");
    expect(stderr).not.toContain("Usage: mysyncio ps");
    expect(code).toBe(2);
  });

  test("fails if its file is missing or broken, or if the packages for the server are missing", async () => {
    const bad = join(folder, "bad.mjs");
    writeFileSync(bad, "export const = 1;");
    const [missing, broken, packages] = await Promise.all([
      end("worker", join(folder, "missing.mjs")),
      end("worker", bad),
      end("worker", empty),
    ]);

    expect([missing.code, broken.code, packages.code]).toEqual([2, 1, 1]);
    expect(missing.stderr).toContain(`There is no file ${join(folder, "missing.mjs")}`);
    expect(broken.stderr).toContain(`Could not load ${bad}: SyntaxError`);
    expect(packages.stderr).toContain("npm install ioredis@6");
  });
});
