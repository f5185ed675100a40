// Connects to the server, and reads its clock.

import { performance, setTimeout } from "../../loop/hosts/timers.ts";
import { CLAIM, DETACHED, type Keys, LEAVE, STORE } from "./keys.ts";
import { packages, type Redis, type Reply } from "./packages.ts";

/** What clients and workers need to use the server. */
export interface ServerLink {
  readonly options: BullQueueOptions;
  readonly keys: Keys;
  readonly redis: Redis;
  readonly clock: ServerClock;
}

export interface BullQueueOptions {
  readonly connection: string | object | undefined;
  readonly prefix: string;
  /** How many milliseconds a silent worker keeps its calls. */
  readonly lease: number;
  /** How many milliseconds a silent client's calls continue. */
  readonly clientLease: number;
  readonly queue: string;
}

/** The maximum delay before reconnecting, in milliseconds. */
const RETRY = 1_000;

/** Opens a connection that never gives up: commands wait while the server is away. */
export function connect(connection: string | object | undefined): Redis {
  const { Redis } = packages();
  const options = {
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 8), RETRY),
  };
  const redis =
    typeof connection === "string"
      ? new Redis(connection, options)
      : new Redis({ ...options, ...connection });
  redis.defineCommand("storeOutcomes", { numberOfKeys: 1, lua: STORE });
  redis.defineCommand("claimId", { numberOfKeys: 1, lua: CLAIM });
  redis.defineCommand("leaveCall", { numberOfKeys: 1, lua: LEAVE });
  return redis;
}

/**
 * Whether a command got no reply because there was no connection, or because the server is still
 * loading. The command may or may not have run. Unless `maxRetriesPerRequest` is 0, ioredis resends
 * such commands. It resends a pipeline only if none of its commands got a reply.
 */
export function isConnectionError(error: unknown): boolean {
  const { name, message, code } = (error ?? {}) as {
    name?: string;
    message?: string;
    code?: string;
  };
  return (
    name === "AbortError" ||
    name === "MaxRetriesPerRequestError" ||
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)/.test(code ?? "") ||
    /connection (is|was)? ?close|ECONNREFUSED|ECONNRESET|EPIPE|LOADING/i.test(message ?? "")
  );
}

/** Retries after connection errors, until `isOver` returns true. `ask` must be idempotent. */
export async function repeated<T>(ask: () => Promise<T>, isOver: () => boolean): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (isOver() || !isConnectionError(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, REPEAT));
    }
  }
}

/** How many milliseconds to wait between retries. */
export const REPEAT = 50;

/** Whether one of the clients is alive, or the call that they wait for is detached. */
export async function isAnyAlive(
  { redis, keys }: Pick<ServerLink, "redis" | "keys">,
  clients: readonly string[],
): Promise<boolean> {
  if (clients.length === 0 || clients.includes(DETACHED)) return clients.length > 0;
  return (await redis.call("EXISTS", ...clients.map((client) => keys.alive(client)))) !== 0;
}

/** How many times to ask for the server's time. The shortest round trip is the most accurate. */
const SAMPLES = 3;

/** Estimates the server's clock, so that deadlines do not depend on each machine's own clock. */
export class ServerClock {
  #offset = 0;

  now(): number {
    return performance.now() + this.#offset;
  }

  /** Asks the server for its time. Rejects only if the server refuses. */
  async set(redis: Redis): Promise<void> {
    let shortest = Infinity;
    let offset = 0;
    // The first round trip may include the time it took to connect, and is then never the shortest.
    for (let sample = 0; sample < SAMPLES; sample++) {
      const before = performance.now();
      const [seconds, microseconds] = (await redis.call("TIME")) as [Reply, Reply];
      const after = performance.now();
      if (after - before >= shortest) continue;
      shortest = after - before;
      const there = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
      offset = there - (before + after) / 2;
    }
    this.#offset = offset;
  }
}

let isWarned = false;

/** Warns once if the server is configured so that it may lose calls. */
export async function checkDurability(redis: Redis): Promise<void> {
  if (isWarned) return;
  let info: string;
  try {
    info = `${await redis.call("INFO", "persistence")}\n${await redis.call("INFO", "memory")}`;
  } catch {
    // The server may not allow INFO.
    return;
  }
  const warnings: string[] = [];
  if (/aof_enabled:0/.test(info)) {
    warnings.push("`appendonly` is off: calls are lost when it restarts");
  }
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1] ?? "noeviction";
  if (policy !== "noeviction") {
    warnings.push(`\`maxmemory-policy\` is ${policy}: calls are lost when its memory is full`);
  }
  if (warnings.length === 0 || isWarned) return;
  isWarned = true;
  process.emitWarning(`The Redis server of the fleet may lose calls. ${warnings.join("; ")}`, {
    code: "MYSYNCIO_FLEET_DURABILITY",
  });
}
