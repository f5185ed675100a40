// Workers whose clock is wrong. Deadlines and leases are kept by the server's clock.

import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bullEngine, FleetExecutor } from "../../src/fleet.ts";
import { CancelledError, TimeoutError } from "../../src/index.ts";
import { until } from "./support/conformance.ts";
import { RedisServer } from "./support/redis.ts";
import { buildTasks, removeTasks, usePackages, WorkerProcess } from "./support/workers.ts";
import { add, later, trace } from "./tasks.ts";

const LEASE = 1_000;
const MINUTE = 60_000;

let redis: RedisServer;
let built: string;

beforeAll(async () => {
  usePackages();
  [redis, built] = await Promise.all([RedisServer.start(), buildTasks("tasks.ts")]);
});

afterAll(async () => {
  await redis.end();
  removeTasks(built);
});

/** A module that moves the clock of its process. */
const moved = (by: number) =>
  `data:text/javascript,const now = Date.now; Date.now = () => now() + ${by};`;

test.concurrent.each([
  ["ahead", MINUTE],
  ["behind", -MINUTE],
])(
  "a worker whose clock is a minute %s runs each call once, and ends it in time",
  async (queue, by) => {
    const file = join(mkdtempSync(join(built, "skew-")), "trace");
    const worker = await WorkerProcess.start(
      [
        ...[join(built, "tasks.js"), "--connection", redis.url, "--queue", queue],
        ...["--lease", `${LEASE}`, "--concurrency", "16"],
      ],
      ["--import", moved(by)],
    );
    const engine = bullEngine({ connection: redis.url, lease: LEASE });
    await using fleet = new FleetExecutor({ engine, queue });
    const controller = new AbortController();
    const traces = () => (existsSync(file) ? readFileSync(file, "utf8") : "");

    // The call is neither too late nor lost, although the worker's clock is wrong.
    const soon = fleet.with({ timeout: MINUTE / 2 }).submit(add, [1, 2]);
    const long = fleet.submit(later, [3 * LEASE, "long"]);
    const tooLong = fleet.with({ timeout: LEASE }).submit(later, [10 * MINUTE, "never"]);
    const cancelled = fleet.submit(trace, [file, "cancelled", 10 * MINUTE], {
      signal: controller.signal,
    });
    await until(() => traces().includes("begin cancelled"));
    controller.abort();
    const results = await Promise.allSettled([soon, long, tooLong, cancelled]);
    await worker.kill();

    expect(results).toEqual([
      { status: "fulfilled", value: 3 },
      { status: "fulfilled", value: "long" },
      { status: "rejected", reason: expect.any(TimeoutError) },
      { status: "rejected", reason: expect.any(CancelledError) },
    ]);
    expect(traces().match(/begin/g)).toHaveLength(1);
    expect(fleet.stats()).toMatchObject({ resent: 0, lost: 0 });
  },
  120_000,
);
