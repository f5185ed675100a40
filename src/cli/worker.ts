// `mysyncio worker`: runs a fleet worker as a process.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bullEngine, SHORTEST_LEASE } from "../fleet/bull/bullEngine.ts";
import { QUEUE } from "../fleet/fleet.ts";
import { type FleetWorker, startWorker } from "../fleet/worker.ts";
import { UsageError } from "./usage.ts";

const OPTIONS = {
  queue: { type: "string" },
  connection: { type: "string" },
  prefix: { type: "string" },
  lease: { type: "string" },
  threads: { type: "string" },
  concurrency: { type: "string" },
  limit: { type: "string" },
  drain: { type: "string" },
} as const;

const CONNECTION = "redis://127.0.0.1:6379";
/**
 * After a signal, calls that are running may take this many milliseconds to end. Less than the 30
 * seconds that most supervisors allow.
 */
const DRAIN = 25_000;
/** How often to check whether npx or npm has ended, in milliseconds. */
const PARENT_INTERVAL = 500;

/** The PID of the parent. Read first, because the parent may end while the tasks load. */
const PARENT = process.ppid;

/** Runs a worker until a signal stops it or, if npm has started it, until npm has ended. */
export async function worker(args: string[]): Promise<void> {
  const { values, positionals } = parsed(args);
  if (positionals.length === 0) throw new UsageError("Expected at least one FILE with tasks");
  const threads = count("--threads", values.threads, 1);
  const concurrency = count("--concurrency", values.concurrency, 1);
  const drain = count("--drain", values.drain, 0) ?? DRAIN;
  const lease = count("--lease", values.lease, SHORTEST_LEASE);
  const limit = values.limit === undefined ? undefined : limitOf(values.limit);
  const tasks = await Promise.all(positionals.map(load));
  const connection = values.connection ?? process.env["MYSYNCIO_CONNECTION"] ?? CONNECTION;
  const started = await startWorker({
    engine: bullEngine({ connection, prefix: values.prefix, lease }),
    queue: values.queue,
    tasks,
    threads,
    concurrency,
    limit,
  });
  const queue = `${values.queue ?? QUEUE} on ${hostOf(connection)}`;
  console.log(`${started.name} runs ${started.tasks.join(", ")} from the queue ${queue}`);
  try {
    await ended(started, drain);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // Ends the process even if a function that ignores its cancellation is still running.
  process.exit();
}

/** Resolves when everything written to a stream was passed to the system, or can't be. */
function flushed(stream: NodeJS.WriteStream): Promise<unknown> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => stream.write("", resolve));
}

/**
 * Waits for a signal, then stops the worker. Running calls may take `drain` milliseconds to end. A
 * second signal cancels them. Resolves when the worker has closed.
 *
 * A signal to npx or npm ends npx or npm, but may not reach the worker. So a worker that npm has
 * started also stops when its parent has ended.
 */
function ended(started: FleetWorker, drain: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let isEnding = false;
    let signals = 0;
    const onSignal = () => {
      if (++signals > 1) started.close().then(resolve, reject);
      // If the worker is already ending because npm has ended, the first signal is ignored: it is
      // probably the one that ended npm.
      else if (!isEnding) end();
    };
    const watch = setInterval(() => {
      if (process.ppid !== PARENT) end();
    }, PARENT_INTERVAL);
    if (process.env["npm_command"] === undefined) clearInterval(watch);
    const end = () => {
      isEnding = true;
      clearInterval(watch);
      const timer = setTimeout(() => started.close().then(resolve, reject), drain);
      started
        .drain()
        .then(() => {
          clearTimeout(timer);
          return started.close();
        })
        .then(resolve, reject);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

async function load(file: string): Promise<object> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}`);
  try {
    return (await import(pathToFileURL(path).href)) as object;
  } catch (error) {
    throw new Error(`Could not load ${file}: ${error}`, { cause: error });
  }
}

/** Returns the server's address, without a password. */
function hostOf(connection: string): string {
  return URL.canParse(connection) ? new URL(connection).host : connection;
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function count(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  throw new UsageError(`Expected ${name} to be a whole number >= ${least}, got "${text}"`);
}

function limitOf(text: string): { max: number; duration: number } {
  const [, max, duration] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (Number(max) > 0 && Number(duration) > 0) {
    return { max: Number(max), duration: Number(duration) };
  }
  throw new UsageError(`Expected --limit to be N/MS, such as 100/1000, got "${text}"`);
}
