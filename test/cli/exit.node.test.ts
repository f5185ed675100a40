// Tests what a command leaves behind when the process, or the command itself, ends early or is
// stopped.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { listeningPorts } from "../../src/inspector/node/processFacts.ts";
import { COMMAND, command, PATIENCE, Programs, waitingProgram } from "../support/commands.ts";

const programs = new Programs();

test("a process exits at once while a command is attached, and the command ends too", {
  timeout: PATIENCE,
}, async () => {
  const own = `process.stdin.once("data", () => process.exit(7)); yield* m.sleep(1e8);`;
  const pid = await programs.start("exiting.mjs", waitingProgram(own), "--inspect-port=0");
  const [child] = programs.children;
  const exited = once(child as NonNullable<typeof child>, "exit");
  const traced = command("trace", pid, "--seconds", "100000");
  await expect
    .poll(async () => (await command("ps", pid)).stdout, { timeout: PATIENCE })
    .toContain("20 × worker");
  child?.stdin?.write("exit");

  const [[code], { stderr }] = await Promise.all([exited, traced]);

  expect(code).toBe(7);
  // On a busy machine, the command may attach only after the exit.
  expect(stderr).toMatch(/(The target|Process \d+) has ended|There is no process/);
});

test("a process can exit while a command that is attached to it is stopped with Ctrl+Z", {
  timeout: PATIENCE,
}, async () => {
  const own = `process.stdin.once("data", () => process.exit(7)); yield* m.sleep(1e8);`;
  const pid = await programs.start("stopped.mjs", waitingProgram(own));
  const [child] = programs.children;
  const exited = once(child as NonNullable<typeof child>, "exit");
  const inspect = spawn(process.execPath, [COMMAND, "inspect", pid], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  programs.children.push(inspect);
  let stderr = "";
  inspect.stderr.on("data", (part) => {
    stderr += part;
  });
  await once(inspect.stdout, "data");
  const ended = once(inspect, "exit");
  inspect.kill("SIGTSTP");
  const state = () => readFileSync(`/proc/${inspect.pid}/status`, "utf8");
  await expect.poll(state, { timeout: PATIENCE }).toContain("(stopped)");
  child?.stdin?.write("exit");
  const [code, signal] = await exited;
  inspect.kill("SIGCONT");
  await ended;

  expect([code, signal]).toEqual([7, null]);
  expect(stderr).toContain("The command was stopped, and has left the process");
});

test("Node's inspector, if it opens after a command has given up, is closed by the next command", {
  timeout: PATIENCE,
}, async () => {
  const own = `
    const { execSync } = process.getBuiltinModule("node:child_process");
    console.log("blocked");
    execSync("cat", { stdio: [0, "ignore", "ignore"] }); // until its input ends
    yield* m.sleep(1e8);`;
  const pid = await programs.start("blocked.mjs", waitingProgram(own));
  const ports = () => listeningPorts(Number(pid));
  const first = await command("ps", pid, "--timeout", "1");
  programs.children[0]?.stdin?.end();
  await expect.poll(ports, { timeout: PATIENCE }).toHaveLength(1);
  const second = await command("ps", pid);

  expect(first.stderr).toContain("the next command for this process closes it again");
  expect(second.stdout).toContain("20 × worker");
  await expect.poll(ports, { timeout: PATIENCE }).toEqual([]);
  expect(programs.children[0]?.exitCode).toBeNull();
});
