// A worker process of the fleet's benchmark: fleetWorker KIND URL QUEUE CONCURRENCY [LEASE]. KIND is
// "ours", "threads" or "bare". Prints "ready", and answers "cpu" with the microseconds that it has
// used.

import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { bullEngine, startWorker } from "mysyncio/fleet";
import { at } from "../harness/paths.ts";
import { bullmq, PACKAGES } from "./bullmq.ts";
import * as tasks from "./fleetTasks.ts";

const [kind = "", url = "", queue = "", concurrency = "", lease = "10000"] = process.argv.slice(2);
const atOnce = Number(concurrency);
process.chdir(fileURLToPath(at(PACKAGES)));

if (kind === "bare") {
  const { Worker } = bullmq();
  const functions: Readonly<Record<string, (n: number) => unknown>> = {
    same: tasks.same,
    wait: tasks.wait,
    burn: tasks.burn,
  };
  const worker = new Worker(
    queue,
    async ({ name, data }) => await functions[name]?.(data as number),
    { connection: { url, maxRetriesPerRequest: null }, concurrency: atOnce },
  );
  await worker.waitUntilReady();
} else {
  const how = kind === "threads" ? { threads: atOnce } : { concurrency: atOnce, threads: 1 };
  const engine = bullEngine({ connection: url, lease: Number(lease) });
  await startWorker({ engine, queue, tasks: [tasks], ...how });
}
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "cpu") continue;
  const { user, system } = process.cpuUsage();
  console.log(`${user + system}`);
}
