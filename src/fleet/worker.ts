// A fleet worker: takes calls from a queue and runs them.

import { randomUUID } from "node:crypto";
import { availableParallelism, hostname } from "node:os";
import {
  checkCount,
  checkOptions,
  checkString,
  checkTime,
  outOfRange,
  wrongType,
} from "../lang/arguments.ts";
import { asyncDispose } from "../lang/dispose.ts";
import type { ContextVar } from "../loop/context.ts";
import { clearTimeout, performance, setTimeout } from "../loop/hosts/timers.ts";
import { PREFIX } from "./bull/bullEngine.ts";
import { callLoop } from "./callLoop.ts";
import { CallServer } from "./callServer.ts";
import type { FleetCodec } from "./codec.ts";
import type { Consumer, FleetEngine, FleetQueue } from "./engine.ts";
import { FleetError } from "./errors.ts";
import { checkQueueName, engineOf, QUEUE } from "./fleet.ts";
import { type TaskModule, TaskRegistry } from "./registry.ts";
import { FleetThreads } from "./threadRunner.ts";

/** The options of `startWorker`. */
export interface StartWorkerOptions {
  /** The server's URL, or options for ioredis. */
  readonly connection?: string | object | undefined;
  /** The name of the queue; `"mysyncio"` by default. */
  readonly queue?: string | undefined;
  /** The engine that carries the calls; BullMQ over `connection` by default. */
  readonly engine?: FleetEngine | undefined;
  /** The prefix of all keys on the server. Executors must use the same one. */
  readonly prefix?: string | undefined;
  /**
   * The modules whose tasks the worker runs, or the tasks themselves. It runs only functions made
   * by `defineTask`.
   */
  readonly tasks: readonly TaskModule[];
  /**
   * How many threads run ordinary functions; by default, as many as the machine can run in
   * parallel.
   */
  readonly threads?: number | undefined;
  /**
   * How many calls of async and coroutine functions may run at a time on the worker's own loop.
   * Without this option, such calls run in threads. On the loop, they must not compute for long,
   * because the loop also renews the leases of all calls. The worker takes up to `threads` or
   * `concurrency` calls of any kind at a time, whichever is larger.
   */
  readonly concurrency?: number | undefined;
  /**
   * A rate limit shared by all workers of the queue: they start at most `max` calls in `duration`
   * milliseconds. Redis counts in fixed windows, so up to twice as many may start in `duration`
   * milliseconds that contain the end of a window. Give all workers of the queue the same limit.
   */
  readonly limit?: { readonly max: number; readonly duration: number } | undefined;
  /** The worker's name in errors and listings; host, process id and a random suffix by default. */
  readonly name?: string | undefined;
  /** Encodes values. Executors must use the same codec. Threads always use the default one. */
  readonly codec?: FleetCodec | undefined;
  /**
   * Context variables that calls may set, besides those that the modules in `tasks` export.
   * Functions that run in threads see only the exported ones.
   */
  readonly context?: readonly ContextVar<never>[] | undefined;
  /**
   * How many milliseconds a call may wait while no worker of the queue knows its task; 30,000 by
   * default.
   */
  readonly patience?: number | undefined;
  /**
   * Called with errors in the worker's communication with the server. By default, they become
   * process warnings.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A running worker. */
export interface FleetWorker {
  readonly name: string;
  /** The number of calls in progress. */
  readonly running: number;
  /** The names of the tasks it knows. */
  readonly tasks: readonly string[];
  /** Stops taking calls. Resolves when all calls in progress have ended. */
  drain(): Promise<void>;
  /**
   * Stops taking calls, cancels those in progress, and disconnects. Calls with attempts left return
   * to the queue.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How many milliseconds a worker waits for its server before it reports what is wrong. */
const QUIET = 2_000;
/** How often to check whether the loop is blocked, in milliseconds. */
const LAG_INTERVAL = 1_000;
/** The part of a lease for which the loop may be blocked before a warning. */
const MAX_LAG = 0.5;

/**
 * Starts a worker in this process, which takes calls from a queue and runs them. The promise
 * resolves when the worker is connected.
 *
 * Ordinary functions run in threads, so they may compute for as long as they need. This requires
 * the package `piscina`. With an in-process engine, all functions run on the loop that submitted
 * their calls, unless `threads` is set. Only functions in `tasks` can be called, by name; nothing
 * from the queue is imported or evaluated.
 *
 * Rejects with a TypeError or RangeError if an option is invalid, if two tasks have the same name,
 * or if all functions run in threads and threads can't find a variable of `context`. Rejects with a
 * RuntimeError if a package is not installed.
 *
 * @example
 * import * as images from "./images.js";
 * const connection = "redis://localhost";
 * const worker = await startWorker({ connection, queue: "images", tasks: [images] });
 * process.once("SIGTERM", async () => {
 *   await worker.drain();
 *   await worker.close();
 * });
 */
export async function startWorker(options: StartWorkerOptions): Promise<FleetWorker> {
  checkOptions(options);
  const { connection, queue = QUEUE, prefix = PREFIX, tasks, threads, concurrency = 0 } = options;
  const { limit, name = defaultName(), codec, context = [], patience, onError = warn } = options;
  checkQueueName("queue", queue);
  if (threads !== undefined) checkCount("threads", threads, 1);
  checkCount("concurrency", concurrency);
  if (patience !== undefined) checkTime("patience", patience);
  checkString("name", name);
  if (limit !== undefined) {
    checkOptions(limit);
    checkCount("limit.max", limit.max, 1);
    checkTime("limit.duration", limit.duration);
    if (!(limit.duration > 0 && Number.isInteger(limit.duration))) {
      throw outOfRange("limit.duration", "a whole number > 0", limit.duration);
    }
  }
  if (!Array.isArray(tasks) || tasks.length === 0) {
    throw wrongType("tasks", "an array of modules", tasks);
  }
  const registry = new TaskRegistry();
  tasks.forEach((module, index) => {
    registry.addModule(`tasks[${index}]`, module);
  });
  const engine = engineOf(options.engine, connection, prefix);
  // With an in-process engine, calls run on the loop that submitted them unless `threads` is set.
  const isHere = engine.embed !== undefined && threads === undefined;
  for (const variable of context as readonly ContextVar<unknown>[]) {
    const isExported = registry.variable(variable.name) === variable;
    if (!isHere && concurrency === 0 && !isExported) throw unreachable(variable);
    registry.addVariable(variable);
  }
  const maxThreads = threads ?? availableParallelism();
  const pool = isHere ? undefined : new FleetThreads(maxThreads, registry.variableModules);
  const server = new CallServer({
    name,
    registry,
    codec,
    threads: pool,
    ...(concurrency > 0 && { loop: () => callLoop.loop, concurrency }),
    patience,
  });
  const opened = engine.open(queue);
  const connectionReport = setTimeout(() => {
    const { failure } = opened;
    if (failure !== undefined) onError(new FleetError(`Waiting for the server: ${failure}`));
  }, QUIET);
  try {
    const most = Math.max(concurrency, isHere && concurrency > 0 ? 1 : maxThreads);
    const settings = { name, tasks: registry.names, concurrency: most, limit, onError };
    const consumer = await opened.consume(settings, (delivery) => server.handle(delivery));
    const watch = concurrency > 0 ? watchLag(opened.lease) : undefined;
    return new RunningWorker({ name, registry, server, consumer, queue: opened, pool, watch });
  } catch (error) {
    await pool?.close();
    await opened.close();
    throw error;
  } finally {
    clearTimeout(connectionReport);
  }
}

interface Parts {
  readonly name: string;
  readonly registry: TaskRegistry;
  readonly server: CallServer;
  readonly consumer: Consumer;
  readonly queue: FleetQueue;
  readonly pool: FleetThreads | undefined;
  readonly watch: ReturnType<typeof setInterval> | undefined;
}

class RunningWorker implements FleetWorker {
  readonly #parts: Parts;
  #closed: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  get running(): number {
    return this.#parts.server.running;
  }

  get tasks(): readonly string[] {
    return this.#parts.registry.names;
  }

  async drain(): Promise<void> {
    this.#parts.consumer.stop();
    await this.#parts.server.idle();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [asyncDispose](): Promise<void> {
    await this.drain();
    await this.close();
  }

  async #close(): Promise<void> {
    const { consumer, server, queue, pool, watch } = this.#parts;
    clearInterval(watch);
    consumer.stop();
    server.stop();
    await server.idle();
    await consumer.close();
    await pool?.close();
    await queue.close();
  }
}

function unreachable({ name }: ContextVar<unknown>): RangeError {
  return new RangeError(
    `Threads can't find the context variable \`${name}\`. Export it from a module in \`tasks\`, or set \`concurrency\` for async functions`,
  );
}

/** Returns a name without a colon, because BullMQ uses colons in its keys. */
function defaultName(): string {
  return `${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`;
}

/** Warns if the loop was blocked for so long that the worker may soon lose its leases. */
function watchLag(lease: number): ReturnType<typeof setInterval> | undefined {
  if (!(lease > 0)) return undefined;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const lag = now - last - LAG_INTERVAL;
    last = now;
    if (lag < lease * MAX_LAG) return;
    process.emitWarning(
      `The worker's loop was blocked for ${Math.round(lag)} ms. After ${lease} ms, it loses its calls`,
      { code: "MYSYNCIO_FLEET_BLOCKED" },
    );
  }, LAG_INTERVAL);
  timer.unref();
  return timer;
}

const warned = new Set<string>();

/** Emits each message as a warning, once. */
function warn(error: unknown): void {
  const text = String(error);
  if (warned.has(text)) return;
  warned.add(text);
  process.emitWarning(`A fleet worker has a problem with its server: ${text}`, {
    code: "MYSYNCIO_FLEET_WORKER",
  });
}
