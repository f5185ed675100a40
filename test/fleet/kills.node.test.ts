// Makes many calls while workers and the server are killed. Each call must be settled once, with
// the right value, and hardly any may run twice.

import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bullEngine, FleetExecutor } from "../../src/fleet.ts";
import { scale } from "../support/effort.ts";
import { until } from "./support/conformance.ts";
import { RedisServer } from "./support/redis.ts";
import { buildTasks, removeTasks, usePackages, WorkerProcess } from "./support/workers.ts";
import { countRun } from "./tasks.ts";

const CALLS = scale(600, 100_000);
const WORKER_KILLS = scale(2, 10);
const SERVER_KILLS = scale(1, 5);
const LEAK_CALLS = scale(1_000, 200_000);
const CONCURRENCY = 32;
const LEASE = 3_000;
const PATIENCE = { timeout: scale(120_000, 3_600_000) };
/** The fraction of the server's log that a cut removes, as a loss of power would. */
const CUT = 0.1;

let built: string;

beforeAll(async () => {
  usePackages();
  built = await buildTasks("tasks.ts");
});

afterAll(() => removeTasks(built));

interface Plan {
  readonly calls: number;
  readonly workerKills: number;
  readonly serverKills: number;
  /** Whether the server also loses the end of its log. */
  readonly cuts: boolean;
}

/** Makes calls while something dies again and again. Returns how often each number was started. */
async function survive({ calls, workerKills, serverKills, cuts }: Plan) {
  const redis = await RedisServer.start();
  const file = join(mkdtempSync(join(built, "kills-")), "runs");
  const start = () =>
    WorkerProcess.start([
      ...[join(built, "tasks.js"), "--connection", redis.url, "--lease", `${LEASE}`],
      ...["--concurrency", `${CONCURRENCY}`],
    ]);
  const workers = await Promise.all([start(), start()]);
  const fleet = new FleetExecutor({
    engine: bullEngine({ connection: redis.url, lease: LEASE }),
    maxQueue: 256,
  });
  const results = new Map<number, number>();
  let settled = 0;
  const submitAll = async () => {
    const view = fleet.with({ attempts: 1_000 });
    const pending: Promise<void>[] = [];
    for (let n = 0; n < calls; n++) {
      await fleet.drain();
      pending.push(
        view.submit(countRun, [file, n]).then((value) => {
          settled++;
          results.set(n, value);
        }),
      );
    }
    await Promise.all(pending);
  };
  const killAll = async () => {
    const kills = [...Array(workerKills).fill("worker"), ...Array(serverKills).fill("server")];
    for (let k = 0; k < kills.length; k++) {
      // The kills are spread over the run, those of the server among those of workers.
      await until(() => settled >= (calls * (k + 0.5)) / kills.length, PATIENCE.timeout);
      if ((k * 7) % kills.length < workerKills) {
        const at = k % workers.length;
        await workers[at]?.kill();
        workers[at] = await start();
      } else {
        await redis.kill();
        if (cuts) cutLog(redis.folder);
        await delay(500);
        await redis.restart();
      }
    }
  };
  await Promise.all([submitAll(), killAll()]);
  const stats = fleet.stats();
  await fleet.shutdown();
  await Promise.all(workers.map((worker) => worker.kill("SIGTERM")));
  await redis.end();
  const runs = readFileSync(file, "utf8").trim().split("\n").map(Number);
  return { results, settled, stats, runs };
}

/** Cuts off the end of a server's log. */
function cutLog(folder: string): void {
  const place = join(folder, "appendonlydir");
  if (!existsSync(place)) throw new Error("The server of the test keeps its log elsewhere");
  const log = readdirSync(place).find((name) => name.endsWith(".incr.aof"));
  const path = join(place, String(log));
  const { size } = statSync(path);
  truncateSync(path, Math.floor(size * (1 - CUT)));
}

function expectAllRight(
  { results, settled, runs }: Awaited<ReturnType<typeof survive>>,
  calls: number,
): void {
  expect(settled).toBe(calls);
  expect(results.size).toBe(calls);
  expect([...results].filter(([n, value]) => value !== n * n)).toEqual([]);
  expect(new Set(runs).size).toBe(calls);
}

test(
  "every call is settled once with its own value while workers and the server are killed, and few run twice",
  PATIENCE,
  async () => {
    const plan = {
      calls: CALLS,
      workerKills: WORKER_KILLS,
      serverKills: SERVER_KILLS,
      cuts: false,
    };
    const outcome = await survive(plan);

    expectAllRight(outcome, CALLS);
    const kills = WORKER_KILLS + SERVER_KILLS;
    expect(outcome.runs.length - CALLS).toBeLessThanOrEqual(kills * CONCURRENCY);
    expect(outcome.stats).toMatchObject({ submitted: CALLS, settled: CALLS, pending: 0, lost: 0 });
  },
);

test(
  "every call is settled with its own value even if the server loses the end of its log",
  PATIENCE,
  async () => {
    const plan = { calls: CALLS / 2, workerKills: 0, serverKills: scale(1, 3), cuts: true };
    expectAllRight(await survive(plan), CALLS / 2);
  },
);

test(
  "calls that have ended leave no keys on the server, and use no memory there or in the client",
  PATIENCE,
  async () => {
    const redis = await RedisServer.start();
    const worker = await WorkerProcess.start([
      ...[join(built, "tasks.js"), "--connection", redis.url, "--concurrency", `${CONCURRENCY}`],
    ]);
    const file = join(mkdtempSync(join(built, "leak-")), "runs");
    const fleet = new FleetExecutor({ connection: redis.url, maxQueue: 256 });
    const call = async (count: number) => {
      const pending = new Set<Promise<unknown>>();
      for (let n = 0; n < count; n++) {
        await fleet.drain();
        const one = fleet.submit(countRun, [file, n]).finally(() => pending.delete(one));
        pending.add(one);
      }
      await Promise.all(pending);
      await until(async () => (await fleet.counts()).running === 0);
    };
    const keys = async () => Number(/:(\d+)/.exec(await redis.ask("DBSIZE"))?.[1]);
    const memory = async () =>
      Number(/used_memory:(\d+)/.exec(await redis.ask("INFO memory"))?.[1]);
    const heap = () => {
      (globalThis as { gc?: () => void }).gc?.();
      return process.memoryUsage().heapUsed;
    };

    await call(LEAK_CALLS / 10);
    await until(async () => (await keys()) > 0);
    const before = { keys: await keys(), memory: await memory(), heap: heap() };
    await call(LEAK_CALLS);
    await until(async () => (await keys()) <= before.keys);
    // BullMQ's stream of events grows up to ten thousand entries.
    expect((await memory()) - before.memory).toBeLessThan(8_000_000);
    expect(heap() - before.heap).toBeLessThan(10_000_000);
    await fleet.shutdown();
    await worker.kill("SIGTERM");
    await redis.end();
  },
);
