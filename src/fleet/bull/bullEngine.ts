// An engine over Redis or Valkey. BullMQ stores each call as a job; outcomes have separate keys.
//
//   client                       server                                  worker
//   addBulk ───────────────────> job ──── BullMQ ──────────────────────> runs it
//   reads `to:client` <───────── out:client, PUBLISH <── STORE, then ── finishes the job
//   HDEL ──────────────────────> nothing left
//
// An outcome is stored before the job is finished, so a call always has a job or an outcome.
// Outcomes are not sent over BullMQ's event stream, because it is trimmed and every client would
// need to read all of it.

import {
  checkOptions,
  checkString,
  checkTime,
  outOfRange,
  wrongType,
} from "../../lang/arguments.ts";
import type { FleetEngine, FleetQueue } from "../engine.ts";
import { BullQueue } from "./bullQueue.ts";
import { packages } from "./packages.ts";

/** The options of `bullEngine`. Executors and workers of a queue must use the same values. */
export interface BullEngineOptions {
  /** The server's URL, or options for ioredis; `redis://127.0.0.1:6379` by default. */
  readonly connection?: string | object | undefined;
  /** The prefix of all keys on the server; `"{mysyncio}"` by default. */
  readonly prefix?: string | undefined;
  /**
   * How many milliseconds a silent worker keeps its calls; 10,000 by default. After that, it may
   * take as long again until another worker notices.
   */
  readonly lease?: number | undefined;
  /** How many milliseconds a silent client's calls continue; 30,000 by default. */
  readonly clientLease?: number | undefined;
}

/** The default key prefix. The braces keep all keys in one slot of a Redis cluster. */
export const PREFIX = "{mysyncio}";
const LEASE = 10_000;
const CLIENT_LEASE = 30_000;
/** In milliseconds. A busy machine could not renew shorter leases in time. */
export const SHORTEST_LEASE = 100;

/**
 * Creates the default engine of `FleetExecutor` and `startWorker`: BullMQ over Redis or Valkey.
 * Call it yourself only for options that those two don't have, such as `lease`.
 *
 * @throws TypeError, RangeError if an option is invalid.
 * @throws RuntimeError if `bullmq` or `ioredis` is not installed.
 */
export function bullEngine(options: BullEngineOptions = {}): FleetEngine {
  checkOptions(options);
  const { connection, prefix = PREFIX, lease = LEASE, clientLease = CLIENT_LEASE } = options;
  const isObject = typeof connection === "object" && connection !== null;
  if (connection !== undefined && typeof connection !== "string" && !isObject) {
    throw wrongType("connection", "a URL of a Redis server, or options for ioredis", connection);
  }
  if (typeof connection === "string" && !/^(rediss?:\/\/.|\/)/.test(connection)) {
    const got = JSON.stringify(connection.replace(/\/\/.*@/, "//...@"));
    throw new RangeError(
      `Expected \`connection\` to be a URL like \`redis://localhost\`, got ${got}`,
    );
  }
  if (isObject && "url" in connection) {
    throw new RangeError(
      "Expected `connection` to be a URL, or options for ioredis such as `host` and `port`, got an object with a `url`",
    );
  }
  checkString("prefix", prefix);
  checkLease("lease", lease);
  checkLease("clientLease", clientLease);
  packages();
  return {
    open: (queue: string): FleetQueue =>
      new BullQueue({ connection, prefix, lease, clientLease, queue }),
  };
}

function checkLease(name: string, value: number): void {
  checkTime(name, value);
  // The server accepts only whole milliseconds.
  if (value >= SHORTEST_LEASE && Number.isInteger(value)) return;
  throw outOfRange(name, `a whole number >= ${SHORTEST_LEASE}`, value);
}
