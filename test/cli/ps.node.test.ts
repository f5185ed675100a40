// The commands `mysyncio ps` and `mysyncio pstree`, run against other processes.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { COMMAND, command, PATIENCE, Programs, waitingProgram } from "../support/commands.ts";

const programs = new Programs();

describe("mysyncio ps", () => {
  test("groups the tasks of a process by place and by what they wait for", {
    timeout: PATIENCE,
  }, async () => {
    const pid = await programs.start("idle.mjs", waitingProgram("yield* m.sleep(1e8);"));
    const { code, stdout, stderr } = await command("ps", pid);

    expect(stderr).toBe("");
    expect(stdout).toMatch(/20 × worker .*idle\.mjs:8 +waits for an item from Queue 1/);
    expect(stdout).toMatch(/1 × writer "<b>writer<\/b>" .*idle\.mjs:15 +waits for Lock 1/);
    expect(stdout).toMatch(/1 × main .*waits for Sleep/);
    expect(stdout).toMatch(/Queue 1: 0 items, 20 waiting, first Task-2 at \S*idle\.mjs:8/);
    expect(code).toBe(0);
    expect(programs.children[0]?.exitCode).toBeNull();

    const tree = await command("pstree", pid, "--limit", "3");
    expect(tree.stdout).toContain(`loop `);
    const json = JSON.parse((await command("ps", pid, "--json")).stdout);
    expect(json.loops[0].tasks).toHaveLength(22);
    expect(programs.children[0]?.exitCode).toBeNull();
  });

  test.each([
    ["spinning", "for (;;) yield;"],
    ["busy", "for (;;) ;"],
    ["stuck in a regular expression", `/(a+)+$/.test("a".repeat(60) + "b");`],
  ])("reads a process whose loop is %s", { timeout: PATIENCE }, async (name, part) => {
    const pid = await programs.start(`${name.replaceAll(" ", "")}.mjs`, waitingProgram(part));
    const { stdout, stderr } = await command("ps", pid);

    expect(stderr).toBe("");
    expect(stdout).toMatch(/20 × worker .*:8 +waits for an item from Queue 1/);
    expect(programs.children[0]?.exitCode).toBeNull();
  });

  test("reports a process that is not a Node process, and one that doesn't exist", async () => {
    // This program is not Node, although its name begins with "node".
    const exporter = join(programs.folder, "node_exporter");
    copyFileSync("/bin/sleep", exporter);
    const [child, named] = ["sleep", exporter].map((file) =>
      spawn(file, ["100"], { stdio: "ignore" }),
    ) as [ChildProcess, ChildProcess];
    programs.children.push(child, named);
    await Promise.all([once(child, "spawn"), once(named, "spawn")]);
    const [other, similar, missing, wrong] = await Promise.all([
      command("ps", String(child.pid)),
      command("ps", String(named.pid)),
      command("ps", "4194304999"),
      command("ps", "main.js"),
    ]);

    expect(other.stderr).toMatch(/Process \d+ \(sleep\) is not a Node process: it runs .*\n/);
    expect(other.code).toBe(1);
    expect(similar.stderr).toMatch(/Process \d+ \(node_exporter\) is not a Node process/);
    expect(missing).toMatchObject({ code: 1, stderr: "There is no process 4194304999\n" });
    expect(wrong.stderr).toContain(
      'Expected one target: a PID, PID/WORKER, the path of a socket, or a DevTools address that begins with ws://, got "main.js"',
    );
    expect(wrong.code).toBe(2);
    expect(child.exitCode).toBeNull();
  });

  test("rejects another user's process, and names the user", { timeout: PATIENCE }, async () => {
    // Process 1 is root's. Root itself may look into everything, so it becomes another user.
    const folder = mkdtempSync(join(tmpdir(), "mysyncio-other-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(dirname(COMMAND), folder, { recursive: true });
    chmodSync(folder, 0o755);
    const isRoot = process.getuid?.() === 0;
    const child = spawn(process.execPath, [join(folder, "mysyncio.js"), "ps", "1"], {
      stdio: ["ignore", "ignore", "pipe"],
      ...(isRoot && { uid: 65_534, gid: 65_534 }),
    });
    programs.children.push(child);

    expect(await text(child.stderr)).toMatch(
      /^Process 1 \(.+\) belongs to the user 0, not to you \(\d+\)\n$/,
    );
  });

  test("reports a process in which no loop is running", { timeout: PATIENCE }, async () => {
    const pid = await programs.start(
      "none.mjs",
      `console.log("ready"); setInterval(() => {}, 1e8);`,
    );
    expect((await command("ps", pid)).stdout).toMatch(
      /^No loop is running in process \d+ \(.*none\.mjs\)/,
    );
  });
});
