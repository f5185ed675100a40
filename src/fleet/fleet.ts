// The state shared by an executor and its views: the client, the engine, and the limits.

import { randomUUID } from "node:crypto";
import {
  checkCount,
  checkOptions,
  checkString,
  checkTime,
  outOfRange,
  wrongType,
} from "../lang/arguments.ts";
import { ContextVar } from "../loop/context.ts";
import { knowErrorClass } from "../remote/remoteError.ts";
import { bullEngine, PREFIX } from "./bull/bullEngine.ts";
import { FleetClient } from "./client.ts";
import { defaultCodec, type FleetCodec } from "./codec.ts";
import type { FleetEngine, FleetQueue } from "./engine.ts";
import { FleetError, FleetUnreachableError } from "./errors.ts";

/** The options of `FleetExecutor`. */
export interface FleetExecutorOptions {
  /** The server's URL, such as `rediss://user:password@host:6379`, or options for ioredis. */
  readonly connection?: string | object | undefined;
  /** The name of the queue shared by executors and workers; `"mysyncio"` by default. */
  readonly queue?: string | undefined;
  /** The engine that carries the calls; BullMQ over `connection` by default. */
  readonly engine?: FleetEngine | undefined;
  /** The prefix of all keys on the server; `"{mysyncio}"` by default. */
  readonly prefix?: string | undefined;
  /** How many calls may be in progress before `drain()` waits; 1,000 by default. */
  readonly maxQueue?: number | undefined;
  /** The maximum length of a call's encoded arguments; 262,144 characters by default. */
  readonly maxPayload?: number | undefined;
  /**
   * How many milliseconds to keep the outcomes of detached calls and calls with an id; one hour by
   * default.
   */
  readonly keep?: number | undefined;
  /** Encodes values. Workers must use the same codec. */
  readonly codec?: FleetCodec | undefined;
  /** The context variables whose values are sent with each call. */
  readonly context?: readonly ContextVar<never>[] | undefined;
  /**
   * Calls fail with a FleetUnreachableError when the server has not replied for this many
   * milliseconds; 60,000 by default.
   */
  readonly unreachable?: number | undefined;
}

export const QUEUE = "mysyncio";
const MAX_QUEUE = 1_000;
const MAX_PAYLOAD = 256 * 1024;
const KEEP = 3_600_000;
const UNREACHABLE = 60_000;
/** Ten years, in milliseconds. Used in place of Infinity, which cannot be sent. */
const LONGEST_KEEP = 315_576_000_000;

/** The state shared by an executor and its views. */
export interface Fleet {
  readonly queueName: string;
  readonly engine: FleetEngine;
  readonly queue: FleetQueue;
  readonly client: FleetClient;
  readonly clientName: string;
  readonly codec: FleetCodec;
  readonly maxQueue: number;
  readonly maxPayload: number;
  readonly keep: number;
  readonly variables: readonly ContextVar<unknown>[];
  /** How many calls without an `id` have been made so far. Makes their internal ids unique. */
  count: number;
  /** Resolve the promises for which `drain()` and `endOf()` wait. */
  readonly drainers: (() => void)[];
  shutDown: Promise<void> | undefined;
}

/** Checks options and opens the queue. @throws TypeError, RangeError if an option is invalid. */
export function newFleet(options: FleetExecutorOptions): Fleet {
  checkOptions(options);
  const { connection, queue = QUEUE, prefix = PREFIX, maxQueue = MAX_QUEUE } = options;
  const { maxPayload = MAX_PAYLOAD, keep = KEEP, codec = defaultCodec, context = [] } = options;
  const { unreachable = UNREACHABLE } = options;
  checkQueueName("queue", queue);
  checkCount("maxQueue", maxQueue, 1);
  checkCount("maxPayload", maxPayload, 1);
  checkTime("keep", keep);
  if (!(keep > 0)) throw outOfRange("keep", "> 0", keep);
  checkTime("unreachable", unreachable);
  if (!(unreachable > 0)) throw outOfRange("unreachable", "> 0", unreachable);
  if (!Array.isArray(context) || !context.every((variable) => variable instanceof ContextVar)) {
    throw wrongType("context", "an array of ContextVars", context);
  }
  const engine = engineOf(options.engine, connection, prefix);
  knowErrorClass("FleetError", FleetError);
  knowErrorClass("FleetUnreachableError", FleetUnreachableError);
  const opened = engine.open(queue);
  const clientName = `c${randomUUID().replaceAll("-", "").slice(0, 20)}`;
  const client = new FleetClient(opened, clientName, codec, unreachable);
  const fleet: Fleet = {
    queueName: queue,
    engine,
    queue: opened,
    client,
    clientName,
    codec,
    maxQueue,
    maxPayload,
    keep: Math.min(keep, LONGEST_KEEP),
    variables: context as readonly ContextVar<unknown>[],
    count: 0,
    drainers: [],
    shutDown: undefined,
  };
  client.onSettled = () => {
    if (client.pending >= maxQueue && fleet.shutDown === undefined) return;
    for (const wake of fleet.drainers.splice(0)) wake();
  };
  return fleet;
}

/** Waits until all calls have ended, and then closes the queue. */
export async function endOf(fleet: Fleet): Promise<void> {
  while (fleet.client.pending > 0) {
    await new Promise<void>((resolve) => fleet.drainers.push(resolve));
  }
  await fleet.queue.close();
}

/**
 * Returns the given engine, or BullMQ over the connection.
 *
 * @throws TypeError if both are given. @throws TypeError, RangeError if one is invalid.
 */
export function engineOf(
  engine: FleetEngine | undefined,
  connection: string | object | undefined,
  prefix: string,
): FleetEngine {
  checkString("prefix", prefix);
  if (engine === undefined) return bullEngine({ connection, prefix });
  if (typeof (engine as Partial<FleetEngine> | null)?.open !== "function") {
    throw wrongType("engine", "an engine, such as `memoryEngine()`", engine);
  }
  if (connection !== undefined) {
    throw new TypeError("Expected `connection` or `engine`, got both");
  }
  return engine;
}

/** @throws TypeError, RangeError unless `value` is a valid queue name. */
export function checkQueueName(name: string, value: unknown): void {
  checkString(name, value);
  if (value !== "" && !(value as string).includes(":")) return;
  throw outOfRange(name, "a non-empty name without a colon", value);
}
