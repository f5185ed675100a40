// Counts primes on a fleet while its workers are killed one after another. Nothing is lost.
//
// npm run fleet [-- --below 10000000 --workers 3 --kill 1500 --connection redis://...]
//
// Without a connection, it starts its own server, which requires `redis-server`. Each worker is a
// process. To add a worker on another machine, run
// `npx mysyncio worker primeTasks.js --connection ...` there.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath, stderr } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Coroutine, createTask, fromPromise, mapConcurrent, run, sleep } from "mysyncio";
import { bullEngine, FleetExecutor } from "mysyncio/fleet";
import { countPrimes } from "./primeTasks.ts";

const { values } = parseArgs({
  options: {
    below: { type: "string", default: "10000000" },
    workers: { type: "string", default: "3" },
    kill: { type: "string", default: "1500" },
    connection: { type: "string" },
  },
});
const below = Number(values.below);
const killEvery = Number(values.kill);
const QUEUE = "primes";
/** How many numbers one call examines. */
const PART = 100_000;
/** How many milliseconds a silent worker keeps its calls. Short, because workers die often. */
const LEASE = 1_000;

const tasks = fileURLToPath(new URL("./primeTasks.js", import.meta.url));
const command = fileURLToPath(new URL("./mysyncio.js", import.meta.resolve("mysyncio/fleet")));

const folder = mkdtempSync(join(tmpdir(), "primes-"));
const server = values.connection === undefined ? await startServer() : undefined;
const connection = values.connection ?? String(server?.url);
const workers = Array.from({ length: Number(values.workers) }, startWorker);
let killed = 0;
let checked = 0;

try {
  const start = performance.now();
  const primes = await run(count);
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  stderr.write("\n");
  console.log(`${primes} primes below ${below}, in ${seconds} s; ${killed} workers were killed`);
} finally {
  for (const worker of workers) worker.kill("SIGTERM");
  server?.process.kill();
  rmSync(folder, { recursive: true, force: true });
}

function* count(): Coroutine<number> {
  const fleet = new FleetExecutor({
    engine: bullEngine({ connection, lease: LEASE }),
    queue: QUEUE,
  });
  // If a worker dies, another one counts its part again.
  const patient = fleet.with({ attempts: 100 });
  const killer = createTask(killWorkers());
  const starts = Array.from({ length: Math.ceil(below / PART) }, (_, i) => i * PART);
  const counts = yield* mapConcurrent(
    starts,
    function* (from) {
      const to = Math.min(from + PART, below);
      const found = yield* patient.call(countPrimes, from, to);
      checked += to - from;
      stderr.write(
        `\r${Math.round((100 * checked) / below)} % of the numbers checked, ${killed} workers killed `,
      );
      return found;
    },
    { concurrency: 4 * workers.length },
  );
  killer.cancel();
  yield* fromPromise(fleet.shutdown());
  return counts.reduce((sum, found) => sum + found, 0);
}

/** Kills workers one after another, and starts replacements, as a supervisor would. */
function* killWorkers(): Coroutine<void> {
  for (let i = 0; ; i = (i + 1) % workers.length) {
    yield* sleep(killEvery);
    workers[i]?.kill("SIGKILL");
    workers[i] = startWorker();
    killed++;
  }
}

function startWorker(): ChildProcess {
  const options = ["--connection", connection, "--queue", QUEUE, "--lease", `${LEASE}`];
  return spawn(execPath, [command, "worker", tasks, ...options, "--threads", "1"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function startServer(): Promise<{ process: ChildProcess; url: string }> {
  const port = await freePort();
  const options = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const child = spawn("redis-server", [...options, "--appendonly", "yes"], { stdio: "ignore" });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", () => {
      reject(new Error("Install redis-server, or pass the address of a server as --connection"));
    });
  });
  return { process: child, url: `redis://127.0.0.1:${port}` };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
