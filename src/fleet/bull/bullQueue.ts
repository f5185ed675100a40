// The client's side of the Redis engine. bullEngine.ts describes the data on the server.
//
// This is one file because submitting, cancelling and polling share three connections, and depend
// on the order of commands on them.

import { createHash } from "node:crypto";
import { setTimeout } from "../../loop/hosts/timers.ts";
import type {
  CallOutcome,
  ConsumeOptions,
  Consumer,
  Counts,
  Delivery,
  FleetQueue,
  Presence,
  Signal,
  Timers,
  WireCall,
} from "../engine.ts";
import { hostTimers } from "../timers.ts";
import { Batch } from "./batches.ts";
import { BullConsumer } from "./bullConsumer.ts";
import {
  type BullQueueOptions,
  checkDurability,
  connect,
  isConnectionError,
  REPEAT,
  repeated,
  ServerClock,
  type ServerLink,
} from "./connection.ts";
import {
  ADD_TTL,
  CANCEL_TTL,
  CLAIM_TTL,
  type ClientMessage,
  DETACHED,
  Keys,
  OUT_TTL,
  WITHDRAWN,
} from "./keys.ts";
import { type JobQueue, type Pipeline, packages, type Redis, type Reply } from "./packages.ts";
import { dataOf, outcomeOf } from "./wire.ts";

interface Submission {
  readonly call: WireCall;
  readonly onSend: () => boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** Failed calls stay visible for a day, but only the last thousand of them. */
const KEEP_FAILED = { age: 86_400, count: 1_000 };
/**
 * The BullMQ priorities of urgent, ordinary and background calls. 0 comes first. When the delay of
 * a call with priority 1 or 10 ends, BullMQ puts it among the calls of the same priority.
 */
const PRIORITIES = [0, 1, 10] as const;
/** How many calls to ask about in one pipeline, or to forget in one command. */
const CHUNK = 500;
/** How many milliseconds until the server is asked for its time again. */
const CLOCK_INTERVAL = 60_000;

export class BullQueue implements FleetQueue, ServerLink {
  readonly lease: number;
  readonly options: BullQueueOptions;
  readonly keys: Keys;
  readonly redis: Redis;
  readonly clock = new ServerClock();
  /** Resolves when the server's time is known. */
  readonly ready: Promise<void>;
  readonly #queue: JobQueue;
  /** The connection of `#queue`. It resends nothing, because a call sent twice may run twice. */
  readonly #sender: Redis;
  readonly #subscriber: Redis;
  readonly #submissions: Batch<Submission>;
  readonly #forgotten: Batch<string>;
  #lastSubmission: Promise<unknown> = Promise.resolve();
  #client = "";
  #onSignal: (signal: Signal) => void = () => undefined;
  readonly #clockTimer: ReturnType<typeof setInterval>;
  #renewal: ReturnType<typeof setInterval> | undefined;
  readonly #watched = new Set<string>();
  #failure: Error | undefined;
  #reconnection: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: BullQueueOptions) {
    const { connection, prefix, lease, queue } = options;
    this.options = options;
    this.lease = lease;
    this.keys = new Keys(prefix, queue);
    this.redis = connect(connection);
    this.#subscriber = this.redis.duplicate();
    this.#sender = this.redis.duplicate();
    // The connections reconnect on their own. The executor's option `unreachable` limits how long
    // calls wait for that.
    this.redis.on("error", (error) => {
      this.#failure = error;
    });
    this.#subscriber.on("error", () => undefined);
    this.#sender.on("error", () => undefined);
    this.#queue = new (packages().Queue)(queue, { connection: this.#sender, prefix });
    this.#queue.on("error", () => undefined);
    this.#submissions = new Batch((items) => this.#add(items));
    this.#forgotten = new Batch((ids) => this.#delete(ids));
    this.ready = Promise.all([this.clock.set(this.redis), this.#open()]).then(() => undefined);
    // Later requests report the error.
    this.ready.catch(() => undefined);
    this.redis.on("ready", () => {
      this.#failure = undefined;
      this.#setClock();
    });
    // The clocks drift apart, and the server's clock may be set.
    this.#clockTimer = setInterval(() => this.#setClock(), CLOCK_INTERVAL);
    this.#clockTimer.unref();
    void checkDurability(this.redis);
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  timers(): Timers {
    return hostTimers;
  }

  listen(client: string, onSignal: (signal: Signal) => void): void {
    this.#client = client;
    this.#onSignal = onSignal;
    this.#subscriber.on("message", (_channel, message) => this.#onMessage(message));
    let connections = 0;
    this.#subscriber.on("ready", () => {
      if (++connections > 1) onSignal({ type: "reconnected" });
    });
    this.#subscriber.subscribe(this.keys.toClient(client)).catch(() => undefined);
    this.#renew();
    this.#renewal = setInterval(() => this.#renew(), this.options.clientLease / 3);
    this.#renewal.unref();
  }

  watch(id: string): void {
    this.#watched.add(id);
    this.#subscriber.subscribe(this.keys.onKept(id)).catch(() => undefined);
    this.#wait([id]);
  }

  unwatch(id: string): void {
    this.#watched.delete(id);
    this.#subscriber.unsubscribe(this.keys.onKept(id)).catch(() => undefined);
    this.redis.call("SREM", this.keys.waiters(id), this.#client).catch(() => undefined);
  }

  async submit(call: WireCall, onSend = () => true): Promise<"stored" | "joined" | "conflict"> {
    if (call.keep > 0) {
      const claimed = await this.#claim(call, onSend);
      if (claimed !== "stored") return claimed;
    }
    await this.#submitted(call, onSend);
    return "stored";
  }

  async cancel(id: string): Promise<"withdrawn" | "running" | "missing" | "shared"> {
    this.#submissions.flush();
    await this.#lastSubmission.catch(() => undefined);
    const { keys, redis } = this;
    // Otherwise the next renewal would make this client wait for the call again.
    this.#watched.delete(id);
    const leave = () =>
      redis.leaveCall(keys.waiters(id), keys.base, id, this.#client, CANCEL_TTL) as Promise<
        "waiting" | "running" | "missing" | "shared"
      >;
    const reply = await leave();
    if (reply !== "waiting") return reply;
    const removed = await this.#queue.remove(id).catch(() => 0);
    if (removed !== 1) {
      // A worker has just taken it.
      const later = await leave();
      return later === "waiting" ? "running" : later;
    }
    // Don't delete the key, because it may by now belong to the next call with this id.
    await redis.call("SET", keys.cancel(id), WITHDRAWN, "PX", ADD_TTL, "XX");
    return "withdrawn";
  }

  async outcomes(ids: readonly string[]): Promise<(CallOutcome | Presence | undefined)[]> {
    if (ids.length === 0) {
      // An empty request checks whether the server replies.
      await this.redis.call("PING");
      return [];
    }
    const found: (CallOutcome | Presence | undefined)[] = [];
    for (let at = 0; at < ids.length; at += CHUNK) {
      found.push(...(await this.#find(ids.slice(at, at + CHUNK))));
    }
    return found;
  }

  forget(ids: readonly string[]): void {
    for (const id of ids) this.#forgotten.add(id);
  }

  async consume(
    options: ConsumeOptions,
    onDelivery: (delivery: Delivery) => void,
  ): Promise<Consumer> {
    await this.ready;
    const consumer = new BullConsumer(this, options, onDelivery);
    await consumer.start();
    return consumer;
  }

  async counts(): Promise<Counts> {
    const counts = await repeated(
      () => this.#queue.getJobCounts("wait", "prioritized", "paused", "delayed", "active"),
      () => this.#isClosed,
    );
    const { wait = 0, prioritized = 0, paused = 0, delayed = 0, active = 0 } = counts;
    return { waiting: wait + prioritized + paused, delayed, running: active };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#renewal);
    clearInterval(this.#clockTimer);
    this.#forgotten.flush();
    if (this.redis.status === "ready" && this.#client !== "") {
      const { keys } = this;
      // Delete the outcomes too, because this client no longer waits for any.
      await this.redis
        .call("DEL", keys.alive(this.#client), keys.out(this.#client))
        .catch(() => undefined);
    }
    await this.#queue.close();
    for (const redis of [this.#sender, this.#subscriber, this.redis]) redis.disconnect();
  }

  async #open(): Promise<void> {
    await this.#queue.waitUntilReady();
    // Set only now, because BullMQ never recovers if its first request fails.
    this.#sender.options.maxRetriesPerRequest = 0;
  }

  /** Returns the replies of a pipeline. @throws the first error in it. */
  async #all(pipeline: Pipeline): Promise<Reply[]> {
    const replies = (await pipeline.exec()) ?? [];
    return replies.map(([error, reply]) => {
      if (error !== null) throw error;
      return reply;
    });
  }

  /**
   * Claims the id of a call whose outcome will be kept. While an earlier call with the same id is
   * ending, or another call with that id is being added, keeps asking.
   */
  async #claim(call: WireCall, onSend: () => boolean): Promise<"stored" | "joined" | "conflict"> {
    // The outcome of an earlier call must not be mistaken for that of this one.
    this.#forgotten.flush();
    const { id, task, args, isDetached } = call;
    const { keys, redis } = this;
    const print = createHash("sha256").update(`${task}\n${args}`).digest("base64");
    const waiter = isDetached ? DETACHED : call.client;
    for (;;) {
      await this.#connected();
      if (!onSend()) return "joined";
      const reply = await repeated(
        () => redis.claimId(keys.claim(id), keys.base, id, print, waiter, CLAIM_TTL, ADD_TTL),
        () => this.#isClosed,
      );
      if (reply !== "ending") return reply as "stored" | "joined" | "conflict";
      await new Promise((resolve) => setTimeout(resolve, REPEAT));
    }
  }

  #submitted(call: WireCall, onSend: () => boolean): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#submissions.add({ call, onSend, resolve, reject }),
    );
  }

  /**
   * Resolves when `redis` and `#sender` are connected, so that nothing waits in a queue of ioredis.
   */
  async #connected(): Promise<void> {
    await this.ready;
    const away = [this.redis, this.#sender].filter(({ status }) => status !== "ready");
    if (away.length === 0) return;
    // One listener for all calls that wait.
    this.#reconnection ??= Promise.all(
      away.map((redis) => new Promise<void>((resolve) => redis.once("ready", resolve))),
    ).then(() => {
      this.#reconnection = undefined;
    });
    await this.#reconnection;
  }

  #add(items: readonly Submission[]): void {
    this.#lastSubmission = this.ready.then(
      () => this.#send(items, false),
      (error: unknown) => {
        for (const { reject } of items) reject(error);
      },
    );
  }

  /** Stores those calls whose callers still wait, once there is a connection. */
  async #send(items: readonly Submission[], isRepeated: boolean): Promise<void> {
    await this.#connected();
    const wanted = items.filter((item) => {
      if (item.onSend()) return true;
      item.resolve();
      return false;
    });
    if (wanted.length > 0) await this.#store(wanted, isRepeated);
  }

  /** Stores calls and settles their submissions. */
  async #store(items: readonly Submission[], isRepeated: boolean): Promise<void> {
    const now = Math.round(this.clock.now());
    try {
      await this.#queue.addBulk(items.map(({ call }) => this.#jobOf(call, now, isRepeated)));
    } catch (error) {
      await this.#storeRest(items, error);
      return;
    }
    for (const { resolve } of items) resolve();
  }

  /** Handles a failed `addBulk`, which may have stored some of the calls without saying which. */
  async #storeRest(items: readonly Submission[], error: unknown): Promise<void> {
    let found: (CallOutcome | Presence | undefined)[];
    try {
      found = await repeated(
        () => this.outcomes(items.map(({ call }) => call.id)),
        () => this.#isClosed,
      );
    } catch {
      for (const { reject } of items) reject(error);
      return;
    }
    const missing = items.filter((_item, index) => found[index] === undefined);
    items.forEach(({ resolve }, index) => {
      if (found[index] !== undefined) resolve();
    });
    if (missing.length === 0) return;
    if (isConnectionError(error) && !this.#isClosed) await this.#send(missing, true);
    else for (const { reject } of missing) reject(error);
  }

  #jobOf(
    call: WireCall,
    now: number,
    isRepeated: boolean,
  ): { name: string; data: unknown; opts: object } {
    const { id, task, keep, delay, priority } = call;
    const opts = {
      jobId: id,
      removeOnComplete: true,
      // A failed job would prevent its id from being reused.
      removeOnFail: keep > 0 ? true : KEEP_FAILED,
      timestamp: now,
      ...(delay > 0 && { delay }),
      priority: PRIORITIES[priority],
    };
    return { name: task, data: dataOf(call, now, isRepeated), opts };
  }

  async #find(ids: readonly string[]): Promise<(CallOutcome | Presence | undefined)[]> {
    const { keys } = this;
    const pipeline = this.redis.pipeline();
    // Read jobs before outcomes, so that a call that ends in between is found by its outcome.
    for (const id of ids) {
      pipeline.call("HMGET", keys.job(id), "name", "finishedOn", "pb");
      pipeline.call("EXISTS", keys.lock(id));
    }
    pipeline.call("HMGET", keys.out(this.#client), ...ids);
    pipeline.call("MGET", ...ids.map((id) => keys.kept(id)));
    const replies = await this.#all(pipeline);
    const own = replies[ids.length * 2] as (string | null)[];
    const kept = replies[ids.length * 2 + 1] as (string | null)[];
    return ids.map((_id, index) => {
      const outcome = own[index] ?? kept[index];
      if (typeof outcome === "string") return outcomeOf(outcome);
      const [name, finished, worker] = replies[index * 2] as (string | null)[];
      if (name === null || finished !== null) return undefined;
      const isRunning = replies[index * 2 + 1] === 1;
      return isRunning ? { state: "running", worker: worker ?? undefined } : { state: "waiting" };
    });
  }

  #delete(ids: readonly string[]): void {
    const key = this.keys.out(this.#client);
    for (let at = 0; at < ids.length; at += CHUNK) {
      this.redis.call("HDEL", key, ...ids.slice(at, at + CHUNK)).catch(() => undefined);
    }
  }

  #setClock(): void {
    // If the server cannot be asked now, the last estimate remains.
    this.clock.set(this.redis).catch(() => undefined);
  }

  /** Records on the server that this client waits for calls. */
  #wait(ids: Iterable<string>): void {
    const pipeline = this.redis.pipeline();
    for (const id of ids) {
      pipeline.call("SADD", this.keys.waiters(id), this.#client);
      pipeline.call("PEXPIRE", this.keys.waiters(id), CLAIM_TTL);
    }
    pipeline.exec().catch(() => undefined);
  }

  #renew(): void {
    const { keys } = this;
    this.#wait(this.#watched);
    this.redis
      .pipeline()
      .call("SET", keys.alive(this.#client), "1", "PX", this.options.clientLease)
      .call("PEXPIRE", keys.out(this.#client), OUT_TTL)
      .exec()
      .catch(() => undefined);
  }

  #onMessage(text: string): void {
    let message: ClientMessage;
    try {
      message = JSON.parse(text) as ClientMessage;
    } catch {
      // This isn't one of our messages, or it is damaged. Then polling finds the outcome.
      return;
    }
    if (!Array.isArray(message)) return;
    for (const entry of message) {
      const [type, id, body] = Array.isArray(entry) ? entry : [];
      if (typeof id !== "string" || typeof body !== "string") continue;
      if (type === "o") this.#onSignal({ type: "outcome", id, outcome: outcomeOf(body) });
      else if (type === "b") this.#onSignal({ type: "begun", id, worker: body });
      else if (type === "p") this.#onSignal({ type: "progress", id, value: body });
    }
  }
}
