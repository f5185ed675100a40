// Calls that run in a worker process, over a real server, as the commands show them.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TraceEvent } from "../../src/inspector.ts";
import { RedisServer } from "../fleet/support/redis.ts";
import { buildTasks, removeTasks, usePackages, WorkerProcess } from "../fleet/support/workers.ts";
import { checkTrace } from "../support/checkTrace.ts";
import { command, PATIENCE } from "../support/commands.ts";

const PACKAGES = fileURLToPath(new URL("../fleet/packages", import.meta.url));

let redis: RedisServer;
let built: string;
let worker: WorkerProcess;
let client: ChildProcess;

beforeAll(async () => {
  usePackages();
  [redis, built] = await Promise.all([RedisServer.start(), buildTasks("tasks.ts")]);
  worker = await WorkerProcess.start(
    [
      ...[join(built, "tasks.js"), "--connection", redis.url, "--queue", "images"],
      ...["--concurrency", "16", "--threads", "2"],
    ],
    ["--inspect-port=0"],
  );
  const program = join(built, "caller.mjs");
  writeFileSync(
    program,
    `import { createTask, run, sleep } from "mysyncio";
import { FleetExecutor } from "mysyncio/fleet";
import { sleepFor, spin } from "./tasks.js";
await run(function* main() {
  const fleet = new FleetExecutor({ connection: ${JSON.stringify(redis.url)}, queue: "images" });
  createTask(function* long() { yield* fleet.call(sleepFor, 1e8, 1); }, { name: "calls long" });
  for (const [name, fn, ...args] of [["short", sleepFor, 20, 1], ["spin", spin, 20]]) {
    createTask(function* repeated() {
      for (;;) yield* fleet.call(fn, ...args);
    }, { name: "calls " + name });
  }
  yield* sleep(3000);
  console.log("ready");
  yield* sleep(1e8);
});
`,
  );
  client = spawn(process.execPath, ["--inspect-port=0", program], {
    cwd: PACKAGES,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(client.stdout as NonNullable<typeof client.stdout>, "data");
}, PATIENCE);

afterAll(async () => {
  client.kill("SIGKILL");
  worker.process.kill("SIGKILL");
  await redis.end();
  removeTasks(built);
});

test("pstree shows the worker's task below the client's call", { timeout: PATIENCE }, async () => {
  const tree = await command("pstree", String(client.pid));

  expect(tree.stderr).toBe("");
  const call = "FleetCall tasks#sleepFor (running on ";
  expect(tree.stdout).toContain(`calls long  long`);
  expect(tree.stdout).toContain(`└── ${call}`);
  expect(tree.stdout).toMatch(
    /└── FleetCall tasks#sleepFor \(running on \S+\), queue images\n +tasks#sleepFor +anonymous .*tasks\.js:\d+ +waits for Sleep/,
  );
});

test("trace draws arrows to the worker's loop and to its threads", {
  timeout: PATIENCE,
}, async () => {
  const file = join(built, "trace.json");
  const trace = await command("trace", String(client.pid), "--seconds", "1", "-o", file);
  const { traceEvents: events } = JSON.parse(readFileSync(file, "utf8")) as {
    traceEvents: TraceEvent[];
  };

  expect(trace.stderr).toBe("");
  checkTrace(events);
  expect(new Set(events.map(({ pid }) => pid))).toEqual(new Set([client.pid, worker.process.pid]));
  const ends = events.filter(({ cat, ph }) => cat === "call" && ph !== "X");
  const slices = events.filter(({ cat, ph }) => cat === "call" && ph === "X");
  /** What runs where an arrow from the client ends. */
  const called = ends
    .filter(({ ph, pid }) => ph === "s" && pid === client.pid)
    .map(({ id }) => {
      const end = ends.find((other) => other.ph === "f" && other.id === id) as TraceEvent;
      const { name, pid } = slices.find(
        ({ pid, tid, ts, dur = 0 }) =>
          pid === end.pid && tid === end.tid && ts <= end.ts && end.ts <= ts + dur,
      ) as TraceEvent;
      return `${name} ${pid}`;
    });
  const pid = worker.process.pid;
  expect(new Set(called)).toEqual(new Set([`tasks#sleepFor ${pid}`, `tasks#spin ${pid}`]));
});
