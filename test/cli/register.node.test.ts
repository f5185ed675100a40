// `node --import mysyncio/inspector/register`, and the commands against a prepared process.

import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { command, PATIENCE, Programs, waitingProgram } from "../support/commands.ts";

const programs = new Programs();
const REGISTER = new URL("../../dist/registerHelper.js", import.meta.url).href;

function folderOf(pid: string): string {
  const name = readdirSync(tmpdir()).find((one) => one.startsWith(`mysyncio-inspector-${pid}-`));
  return join(tmpdir(), name ?? "missing");
}

test("a process started with mysyncio/inspector/register is read through its user's socket, without a signal or a port", {
  timeout: PATIENCE,
}, async () => {
  const own = `process.on("SIGUSR1", () => process.exit(1)); for (;;) ;`;
  const pid = await programs.start("prepared.mjs", waitingProgram(own), "--import", REGISTER);
  const folder = folderOf(pid);
  const socket = join(folder, "inspector.sock");
  const [byPid, byPath, refused] = await Promise.all([
    command("ps", pid),
    command("ps", socket),
    answerTo(socket, { id: 1, method: "install", params: ["key"] }),
  ]);

  expect([byPid.stderr, byPath.stderr]).toEqual(["", ""]);
  expect(byPid.stdout).toMatch(/20 × worker .*prepared\.mjs:8 +waits for an item from Queue 1/);
  expect(byPid.stdout).toMatch(/1 × main .*prepared\.mjs:19 +running/);
  expect(byPath.stdout).toContain("20 × worker");
  expect(refused).toEqual({
    id: 1,
    error: { message: 'There is no function "install" in this version' },
  });
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(programs.children[0]?.exitCode).toBeNull();
});

test("a client gets the stack frames of its own snapshot, even if another client takes one meanwhile", {
  timeout: PATIENCE,
}, async () => {
  const own = "setInterval(() => undefined, 1_000);";
  const pid = await programs.start("shared.mjs", waitingProgram(own), "--import", REGISTER);
  const socket = join(folderOf(pid), "inspector.sock");
  const ask = (method: string, ...params: unknown[]) =>
    answerTo(socket, { id: 1, method, params }) as Promise<{ result: { functionName: string }[] }>;
  await ask("read", "one");
  await ask("read", "two");
  await ask("release", "two");

  const { result } = await ask("frames", "one", [1]);
  await ask("release", "one");
  const released = await ask("frames", "one", [1]);

  expect(result).toMatchObject([{ functionName: "worker", line: 8 }]);
  expect(released.result).toEqual([]);
});

test("the socket is removed when the process ends", { timeout: PATIENCE }, async () => {
  const program = `console.log("ready"); process.stdin.once("data", () => process.exit());`;
  const pid = await programs.start("ending.mjs", program, "--import", REGISTER);
  const folder = folderOf(pid);
  expect(existsSync(folder)).toBe(true);
  const child = programs.children[0];
  child?.stdin?.write("end");
  if (child?.exitCode === null) await once(child, "exit");

  expect(existsSync(folder)).toBe(false);
  const { code, stderr } = await command("ps", join(folder, "inspector.sock"));
  expect(stderr).toMatch(/^The socket .*inspector\.sock can't be used: it doesn't exist\n$/);
  expect(code).toBe(1);
});

async function answerTo(path: string, request: object): Promise<unknown> {
  // The helper listens a moment after the program has begun.
  await expect.poll(() => existsSync(path), { timeout: PATIENCE }).toBe(true);
  const socket = connect(path);
  socket.write(`${JSON.stringify(request)}\n`);
  let text = "";
  for await (const part of socket.setEncoding("utf8")) {
    text += part;
    if (text.endsWith("\n")) break;
  }
  return JSON.parse(text);
}
