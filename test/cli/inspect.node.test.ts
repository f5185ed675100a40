// The command `mysyncio inspect`: what its server shows, and to which clients.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { findTask } from "../../src/cli/inspect.ts";
import type { LoopSnapshot, TaskSnapshot } from "../../src/inspector.ts";
import { checkTrace } from "../support/checkTrace.ts";
import { COMMAND, PATIENCE, Programs, waitingProgram } from "../support/commands.ts";

const programs = new Programs();
const servers: ChildProcess[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.kill("SIGKILL");
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Inspect {
  readonly child: ChildProcess;
  readonly port: string;
  readonly token: string;
  ask(method: string, path: string, headers?: Record<string, string>): Promise<Answer>;
}

async function inspect(pid: string, ...options: string[]): Promise<Inspect> {
  const child = spawn(process.execPath, [COMMAND, "inspect", pid, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  servers.push(child);
  let text = "";
  for await (const part of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    text += part;
    if (/#\S+\n/.test(text)) break;
  }
  const [, port = "", token = ""] = /http:\/\/127\.0\.0\.1:(\d+)\/#(\S+)\n/.exec(text) ?? [];
  const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, method, path, headers }, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          body += part;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      });
      sent.on("error", reject);
      sent.end();
    });
  return { child, port, token, ask };
}

test("findTask prefers an id to a name, and rejects a name that several tasks have", () => {
  const first = {
    tasks: [
      { id: 1, name: "main" },
      { id: 2, name: "1" },
    ],
  };
  const second = {
    tasks: [
      { id: 3, name: "main" },
      { id: 4, name: "only" },
    ],
  };
  const found = ["1", "2", "only", "main", "nobody"].map((text) => findTask(text, [first, second]));
  expect(found).toEqual([1, 2, 4, undefined, undefined]);
});

describe("mysyncio inspect", () => {
  test("shows everything to whoever has the token, and nothing to anyone else", {
    timeout: PATIENCE,
  }, async () => {
    const pid = await programs.start(
      "inspected.mjs",
      waitingProgram("for (;;) yield* m.sleep(1);"),
    );
    const { child, port, token, ask } = await inspect(pid);
    const owner = { Authorization: `Bearer ${token}` };
    expect(Buffer.from(token, "base64url")).toHaveLength(32);

    const page = await ask("GET", "/");
    expect(page.status).toBe(200);
    expect(page.headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'self'/,
    );
    expect(page.body).not.toContain(token);
    expect((await ask("GET", "/element.js")).body).toContain("mysyncio-inspector");

    const snapshot = await ask("GET", "/api/snapshot", owner);
    expect(snapshot.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "x-content-type-options": "nosniff",
    });
    const [loop] = JSON.parse(snapshot.body);
    expect(loop.tasks).toHaveLength(22);
    expect(loop.tasks.map(({ name }: { name: string }) => name)).toContain("<b>writer</b>");
    expect(Array.isArray(JSON.parse((await ask("GET", "/api/warnings", owner)).body))).toBe(true);
    // The recordings overlap, as when a tab is reloaded while it records.
    const traces = await Promise.all(
      [0.3, 0.2].map((seconds) => ask("POST", `/api/trace?seconds=${seconds}`, owner)),
    );
    for (const trace of traces) checkTrace(JSON.parse(trace.body).traceEvents);

    const writerIn = ({ tasks }: LoopSnapshot) =>
      tasks.find(({ name }) => name === "<b>writer</b>") as TaskSnapshot;
    const { id, stack } = writerIn(loop);
    const [part] = JSON.parse((await ask("GET", `/api/snapshot?task=${id}`, owner)).body);
    expect(writerIn(part).stack).toEqual(stack);
    // On a busy machine there may be warnings, whose tasks are read too.
    const isWarnedOf = (task: number) =>
      part.warnings.some((warning: { tasks: number[] }) => warning.tasks.includes(task));
    const others = part.tasks.filter(
      (task: TaskSnapshot) => task.id !== id && !isWarnedOf(task.id),
    );
    expect(others.map(({ coroutine }: TaskSnapshot) => coroutine)).toContain("worker");
    expect(others.every((task: TaskSnapshot) => task.stack[0]?.line === null)).toBe(true);

    const own = `127.0.0.1:${port}`;
    const statuses = await Promise.all(
      [
        ask("GET", "/api/snapshot"),
        ask("GET", "/api/snapshot", { Authorization: `Bearer ${token.slice(1)}` }),
        ask("GET", "/api/snapshot", { Authorization: token }),
        ask("GET", `/api/snapshot?token=${token}`),
        // DNS rebinding: a name of an attacker that leads here.
        ask("GET", "/", { Host: `evil.example:${port}` }),
        ask("GET", "/api/snapshot", { ...owner, Host: `evil.example:${port}` }),
        ask("GET", "/api/snapshot", { ...owner, Host: `localhost:${port}` }),
        ask("GET", "/api/snapshot", { ...owner, Origin: "http://evil.example" }),
        ask("GET", "/api/snapshot", { ...owner, Origin: "null" }),
        ask("GET", "/api/snapshot", { ...owner, Origin: `http://${own}` }),
        ask("POST", "/api/cancel?task=main", owner),
        ask("POST", "/api/trace?seconds=1e9", owner),
        ask("GET", "/../package.json", owner),
        ask("GET", "/api/constructor", owner),
        ask("POST", "/"),
      ].map(async (asked) => (await asked).status),
    );
    expect(statuses).toEqual([
      ...[401, 401, 401, 401],
      ...[421, 421, 421],
      ...[403, 403, 200],
      ...[403, 400, 404, 404, 405],
    ]);

    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(programs.children[0]?.exitCode).toBeNull();
  });

  test("cancels a task by name if started with --allow-cancel", { timeout: PATIENCE }, async () => {
    const pid = await programs.start("cancelled.mjs", waitingProgram("yield* m.sleep(1e8);"));
    const { token, ask } = await inspect(pid, "--allow-cancel");
    const owner = { Authorization: `Bearer ${token}` };
    const names = async () => {
      const [loop] = JSON.parse((await ask("GET", "/api/snapshot", owner)).body);
      return loop.tasks.map(({ name }: { name: string }) => name);
    };
    const several = await ask("POST", "/api/cancel?task=nobody", owner);
    const cancelled = await ask("POST", "/api/cancel?task=%3Cb%3Ewriter%3C/b%3E", owner);

    expect([several.status, cancelled.status]).toEqual([404, 200]);
    await expect.poll(names, { timeout: PATIENCE }).not.toContain("<b>writer</b>");
    programs.children[0]?.kill("SIGKILL");
    const [server] = servers;
    if (server?.exitCode === null) await once(server, "exit");
    expect(server?.exitCode).toBe(1);
  });
});
