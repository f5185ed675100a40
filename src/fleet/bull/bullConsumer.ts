// The worker's side of the Redis engine. bullEngine.ts describes the data on the server.
//
// One file, because taking, checking, renewing and ending calls share the table of running calls.

import { performance, setTimeout } from "../../loop/hosts/timers.ts";
import { abandonedText } from "../callServer.ts";
import type { CallOutcome, ConsumeOptions, Consumer, Delivery, WireCall } from "../engine.ts";
import { Batch } from "./batches.ts";
import { BullDelivery, type DeliveryOwner } from "./bullDelivery.ts";
import { isAnyAlive, type ServerLink } from "./connection.ts";
import { OUT_TTL } from "./keys.ts";
import { type Job, packages, type Redis, type Worker } from "./packages.ts";
import { callOf, type JobData } from "./wire.ts";

interface PendingOutcome {
  readonly delivery: BullDelivery;
  readonly outcome: CallOutcome;
  resolve(): void;
}

/**
 * How many milliseconds to wait before announcing that a call has begun. Shorter calls are never
 * announced, so fewer messages are sent.
 */
const ANNOUNCE_AFTER = 100;
/** Effectively unlimited, because `attempts` decides when a call is lost. */
const MAX_STALLS = 1_000_000;
/**
 * How many milliseconds a call that was put back for another worker still counts against
 * `concurrency`.
 */
const REST = 5;
/**
 * The longest time, in milliseconds, that such a call counts, however many calls were put back just
 * before it.
 */
const LONGEST_REST = 1_000;
/** How many milliseconds to wait before another attempt to store outcomes that were refused. */
const STORE_AGAIN = 200;

export class BullConsumer implements Consumer, DeliveryOwner {
  readonly server: ServerLink;
  readonly options: ConsumeOptions;
  readonly #onDelivery: (delivery: Delivery) => void;
  readonly #worker: Worker;
  readonly #subscriber: Redis;
  readonly #running = new Map<string, BullDelivery>();
  readonly #storing: Batch<PendingOutcome>;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #leaseTimer: ReturnType<typeof setInterval> | undefined;
  readonly #tasks: ReadonlySet<string>;
  #restUntil = 0;
  #reconnectedAt = performance.now();
  #isStopped = false;

  constructor(
    server: ServerLink,
    options: ConsumeOptions,
    onDelivery: (delivery: Delivery) => void,
  ) {
    const { lease, prefix, queue } = server.options;
    const { name, concurrency, limit, onError } = options;
    this.server = server;
    this.options = options;
    this.#onDelivery = onDelivery;
    this.#tasks = new Set(options.tasks);
    this.#storing = new Batch((items) => this.#store(items));
    this.#subscriber = server.redis.duplicate();
    this.#subscriber.on("error", () => undefined);
    this.#subscriber.on("message", (_channel, id) => this.#running.get(id)?.stop("cancelled"));
    server.redis.on("ready", () => {
      this.#reconnectedAt = performance.now();
    });
    this.#worker = new (packages().Worker)(queue, (job, token) => this.#process(job, token), {
      connection: server.redis,
      prefix,
      name,
      concurrency,
      lockDuration: lease,
      // BullMQ renews a lease when its age is between half and all of `lockRenewTime`.
      lockRenewTime: lease / 4,
      stalledInterval: lease / 2,
      maxStalledCount: MAX_STALLS,
      runRetryDelay: 1_000,
      drainDelay: 5,
      autorun: false,
      ...(limit !== undefined && { limiter: limit }),
    });
    this.#worker.on("error", (error) => {
      if (!isExpected(error)) onError(error);
    });
    this.#worker.on("lockRenewalFailed", (ids) => {
      for (const id of ids) this.#running.get(id)?.stop("lost");
    });
    this.#worker.on("locksRenewed", ({ jobIds }) => {
      for (const id of jobIds) this.#running.get(id)?.renewed();
    });
  }

  async start(): Promise<void> {
    await this.#subscriber.subscribe(this.server.keys.toWorker(this.options.name));
    await this.#worker.waitUntilReady();
    await this.#announceTasks();
    this.#worker.run().catch(this.options.onError);
    this.#ticker = setInterval(
      () => this.#tick(),
      Math.min(ANNOUNCE_AFTER, this.server.options.lease / 4),
    );
    this.#leaseTimer = setInterval(() => {
      void this.#checkClients();
      if (!this.#isStopped) this.#announceTasks().catch(this.options.onError);
    }, this.server.options.lease / 2);
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#worker.pause(true).catch(this.options.onError);
  }

  async close(): Promise<void> {
    this.stop();
    clearInterval(this.#ticker);
    clearInterval(this.#leaseTimer);
    await this.#worker.close(this.server.redis.status !== "ready");
    this.#subscriber.disconnect();
  }

  now(): number {
    return this.server.clock.now();
  }

  /** Stores a call's outcome, with all others that arrive before the next `setImmediate`. */
  store(delivery: BullDelivery, outcome: CallOutcome): Promise<void> {
    return new Promise((resolve) => this.#storing.add({ delivery, outcome, resolve }));
  }

  /** Tells the clients of a call that it has begun (`b`), or its progress (`p`). */
  tell(delivery: BullDelivery, type: "b" | "p", text: string): void {
    const { id, client, keep } = delivery.call;
    const { keys, redis } = this.server;
    const channel = keep > 0 ? keys.onKept(id) : keys.toClient(client);
    redis.call("PUBLISH", channel, JSON.stringify([[type, id, text]])).catch(() => undefined);
  }

  /**
   * Waits after this worker has put back a call that only other workers can run, so that it takes
   * such calls less often. They would otherwise circulate as fast as the server allows while the
   * other workers are busy.
   */
  rest(): Promise<void> {
    const now = performance.now();
    this.#restUntil = Math.min(Math.max(now, this.#restUntil) + REST, now + LONGEST_REST);
    return new Promise((resolve) => setTimeout(resolve, this.#restUntil - now));
  }

  /** Records on the server, for the duration of a lease, that a live worker knows these tasks. */
  async #announceTasks(): Promise<void> {
    const { keys, redis, options } = this.server;
    const pipeline = redis.pipeline();
    for (const task of this.#tasks) {
      pipeline.call("SET", keys.knows(task), this.options.name, "PX", options.lease);
    }
    await pipeline.exec();
  }

  /** Called by BullMQ for each job. The promise settles when the job can be finished. */
  async #process(job: Job, token: string): Promise<unknown> {
    const { UnrecoverableError } = packages();
    const id = job.id as string;
    let call: WireCall & JobData;
    try {
      call = callOf(id, job.name, job.data);
    } catch (error) {
      // The job isn't a call, so no client waits for it. BullMQ's error class accepts no cause.
      return Promise.reject(new UnrecoverableError((error as Error).message));
    }
    const delivery = new BullDelivery(this, job, call, token);
    if (this.#isStopped) {
      void delivery.putBack(0);
      return await delivery.whenGivenBack;
    }
    this.#running.set(id, delivery);
    try {
      if (await this.#isOver(delivery)) return undefined;
      if (!this.#tasks.has(call.task)) {
        const { keys, redis } = this.server;
        delivery.isKnown = (await redis.call("EXISTS", keys.knows(call.task))) === 1;
      }
      if (this.#isStopped) void delivery.putBack(0);
      else this.#onDelivery(delivery);
      return await delivery.whenGivenBack;
    } finally {
      // A second delivery of the same call may have replaced this one.
      if (this.#running.get(id) === delivery) this.#running.delete(id);
    }
  }

  /**
   * Whether a call must not run, because it has already ended, was cancelled, or no living client
   * waits for it. In the last two cases, stores `cancelled` as its outcome. Asks the server only
   * about calls that may be over: repeated, kept and old ones.
   */
  async #isOver(delivery: BullDelivery): Promise<boolean> {
    const { call, begun } = delivery;
    const { keys, redis } = this.server;
    const worker = this.options.name;
    if (begun > 1 || call.keep > 0 || call.isRepeated) {
      const [own, kept, mark] = await Promise.all([
        redis.call("HGET", keys.out(call.client), call.id),
        redis.call("GET", keys.kept(call.id)),
        redis.call("GET", keys.cancel(call.id)),
      ]);
      if (own !== null || kept !== null) return true;
      if (mark !== null) {
        await this.store(delivery, { kind: "cancelled", worker });
        return true;
      }
    }
    if (!this.#isOld(call) || (await this.#isAwaited(call))) return false;
    await this.store(delivery, { kind: "cancelled", message: abandonedText(call), worker });
    return true;
  }

  /**
   * Whether the client of a call may have died since it submitted the call. After this worker has
   * reconnected, clients get the length of one more lease to renew theirs, because the server may
   * have been unreachable for them too.
   */
  #isOld({ isDetached, submitted }: BullDelivery["call"]): boolean {
    const { clientLease } = this.server.options;
    return (
      !isDetached &&
      this.now() - submitted >= clientLease &&
      performance.now() - this.#reconnectedAt >= clientLease
    );
  }

  /** Whether a living client waits for a call. */
  async #isAwaited({ id, client, keep }: WireCall): Promise<boolean> {
    const { keys, redis } = this.server;
    const waiters = keep > 0 ? await redis.call("SMEMBERS", keys.waiters(id)) : [client];
    return await isAnyAlive(this.server, waiters as string[]);
  }

  #store(items: readonly PendingOutcome[]): void {
    for (const [client, stored] of byClient(items)) {
      const { keys, redis } = this.server;
      const args = stored.flatMap(({ delivery: { call, token }, outcome }) => [
        call.id,
        token,
        Math.ceil(call.keep),
        JSON.stringify(outcome),
      ]);
      redis
        .storeOutcomes(keys.out(client), keys.base, keys.toClient(client), OUT_TTL, ...args)
        .then(
          () => {
            for (const { resolve } of stored) resolve();
          },
          (error) => {
            this.options.onError(error);
            setTimeout(() => this.#storeAgain(stored), STORE_AGAIN);
          },
        );
    }
  }

  /**
   * Tries again to store outcomes that the server has refused, for example because its memory is
   * full. Drops an outcome if the connection has ended, or if the lease of the call is lost. In the
   * second case, the next worker stores an outcome.
   */
  #storeAgain(refused: readonly PendingOutcome[]): void {
    const isClosed = this.server.redis.status === "end";
    for (const item of refused) {
      if (isClosed || item.delivery.isLost) item.resolve();
      else this.#storing.add(item);
    }
  }

  #tick(): void {
    const now = performance.now();
    for (const delivery of this.#running.values()) {
      // This worker was disconnected or frozen, so another worker may have the call by now.
      if (now - delivery.renewedAt > this.server.options.lease) delivery.stop("lost");
      else if (!delivery.isAnnounced && now - delivery.startedAt >= ANNOUNCE_AFTER) {
        delivery.isAnnounced = true;
        this.tell(delivery, "b", this.options.name);
      }
    }
  }

  /** Cancels calls that no living client waits for. */
  async #checkClients(): Promise<void> {
    const old = [...this.#running.values()].filter(({ call }) => this.#isOld(call));
    // Asks only once per client, because most calls belong to few clients.
    const answers = new Map<string, Promise<boolean>>();
    for (const delivery of old) {
      const { call } = delivery;
      const key = call.keep > 0 ? call.id : call.client;
      const answer = answers.get(key) ?? this.#isAwaited(call);
      answers.set(key, answer);
      try {
        if (!(await answer)) delivery.stop("abandoned");
      } catch (error) {
        this.options.onError(error);
        return;
      }
    }
  }
}

/** Whether the error is a consequence of a lost lease or connection, which is handled elsewhere. */
function isExpected(error: Error): boolean {
  return /Missing lock|could not renew lock|Lock mismatch|is not in the active state|Missing key for job/.test(
    error.message,
  );
}

function byClient(items: readonly PendingOutcome[]): Map<string, PendingOutcome[]> {
  const groups = new Map<string, PendingOutcome[]>();
  for (const item of items) {
    const { client } = item.delivery.call;
    const group = groups.get(client);
    if (group === undefined) groups.set(client, [item]);
    else group.push(item);
  }
  return groups;
}
