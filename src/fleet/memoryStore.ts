// The state of one in-memory queue: its calls, their outcomes, and its listeners. One file, because
// each change of a call may concern all three.

import { runningScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { callLoop } from "./callLoop.ts";
import {
  type CallOutcome,
  type ConsumeOptions,
  type Counts,
  isResult,
  type Presence,
  type Signal,
  type StopReason,
  type Timer,
  type WireCall,
} from "./engine.ts";
import { LoopTimers } from "./timers.ts";

/** A call without an outcome yet. */
export class MemoryJob {
  readonly call: WireCall;
  readonly timers: LoopTimers;
  readonly submittedAt: number;
  state: "delayed" | "waiting" | "running" = "waiting";
  /** How many attempts have begun. */
  begun = 0;
  /** When the call was first found to have a task that no worker knows; undefined otherwise. */
  unknownSince: number | undefined;
  isCancelled = false;
  isDetached: boolean;
  timer: Timer | undefined;
  delivery: HeldCall | undefined;
  /** Called when this call is removed: the callbacks of later calls, which wait for its id. */
  readonly onRemoved: (() => void)[] = [];

  constructor(call: WireCall, timers: LoopTimers) {
    this.call = call;
    this.isDetached = call.isDetached;
    this.timers = timers;
    this.submittedAt = timers.now();
  }
}

/** The part of a worker that the store uses. */
export interface MemoryWorker {
  hasRoom(): boolean;
  knows(task: string): boolean;
  give(job: MemoryJob): void;
}

/** A call held by a worker. */
export interface HeldCall {
  readonly worker: string;
  stop(reason: StopReason): void;
  lose(): void;
}

interface Kept {
  readonly call: WireCall;
  readonly outcome: CallOutcome;
  readonly timer: Timer;
}

export type Submitted = "stored" | "joined" | "conflict";

/** Receives the signals of a client's calls. */
export type SignalListener = (signal: Signal) => void;

/** The state of one queue. */
export class MemoryStore {
  readonly jobs = new Map<string, MemoryJob>();
  /** The outcomes stored for each client, by call id. */
  readonly outcomes = new Map<string, Map<string, CallOutcome>>();
  readonly kept = new Map<string, Kept>();
  readonly listeners = new Map<string, SignalListener>();
  /** The clients that wait for each call whose outcome is to be kept, by call id. */
  readonly watchers = new Map<string, Set<string>>();
  readonly #waiting: readonly [Set<MemoryJob>, Set<MemoryJob>, Set<MemoryJob>] = [
    new Set(),
    new Set(),
    new Set(),
  ];
  readonly #consumers = new Set<MemoryWorker>();
  readonly #timers = new Map<Scheduler, LoopTimers>();
  /** The start times of recent calls of all workers with a rate limit. */
  readonly #begins: number[] = [];
  /** The timers of the loops that will dispatch when the rate limit allows the next start. */
  readonly #waking = new WeakSet<LoopTimers>();
  /** Runs calls while there are no other workers. */
  embedded: MemoryWorker | undefined;

  /** Returns the timers of the running loop, or of the calls' own loop if none is running. */
  timers(): LoopTimers {
    const loop = runningScheduler() ?? callLoop.loop;
    let timers = this.#timers.get(loop);
    if (timers === undefined) {
      timers = new LoopTimers(loop);
      this.#timers.set(loop, timers);
      const resource = { close: () => this.#loseLoop(loop) };
      loop._resources.add(resource);
    }
    return timers;
  }

  listen(client: string, listener: SignalListener): void {
    this.listeners.set(client, listener);
    this.outcomes.set(client, new Map());
  }

  watch(id: string, client: string): void {
    const watchers = this.watchers.get(id) ?? new Set();
    this.watchers.set(id, watchers.add(client));
  }

  unwatch(id: string, client: string): void {
    const watchers = this.watchers.get(id);
    if (watchers?.delete(client) === true && watchers.size === 0) this.watchers.delete(id);
  }

  /** Whether the call with this id is being cancelled. Nobody can join such a call. */
  isEnding(id: string): boolean {
    return this.jobs.get(id)?.isCancelled === true;
  }

  /**
   * Calls back when no call with this id is being cancelled: at once if that is the case now,
   * otherwise in a later turn of the current loop.
   */
  whenFree(id: string, callback: () => void): void {
    const timers = this.timers();
    const wait = () => {
      const job = this.isEnding(id) ? this.jobs.get(id) : undefined;
      if (job === undefined) callback();
      else job.onRemoved.push(() => this.#soon(timers, wait));
    };
    wait();
  }

  submit(call: WireCall): Submitted {
    const same = this.jobs.get(call.id);
    let kept = this.kept.get(call.id);
    if (kept !== undefined && !isResult(kept.outcome)) {
      kept.timer.cancel();
      this.kept.delete(call.id);
      kept = undefined;
    }
    // If the client still has an outcome for this id, the outcome belongs to an earlier call.
    if (kept === undefined) this.outcomes.get(call.client)?.delete(call.id);
    const other = same?.call ?? kept?.call;
    if (other !== undefined) {
      if (other.task !== call.task || other.args !== call.args) return "conflict";
      if (same !== undefined && call.isDetached) same.isDetached = true;
      return "joined";
    }
    const job = new MemoryJob(call, this.timers());
    this.jobs.set(call.id, job);
    if (callLoop.is(job.timers.loop)) callLoop.ref();
    this.#wait(job, call.delay);
    return "stored";
  }

  cancel(id: string, client: string): "withdrawn" | "running" | "missing" | "shared" {
    const job = this.jobs.get(id);
    if (job === undefined) return "missing";
    const others = [...(this.watchers.get(id) ?? [])].filter((watcher) => watcher !== client);
    // Nobody can join a cancelled call, so its other watchers wait for the next call with its id.
    if (!job.isCancelled && (job.isDetached || others.length > 0)) {
      this.unwatch(id, client);
      return "shared";
    }
    job.isCancelled = true;
    if (job.state === "running") {
      job.delivery?.stop("cancelled");
      return "running";
    }
    job.timer?.cancel();
    this.#waiting[job.call.priority].delete(job);
    this.remove(job);
    return "withdrawn";
  }

  find(id: string, client: string): CallOutcome | Presence | undefined {
    const outcome = this.outcomes.get(client)?.get(id) ?? this.kept.get(id)?.outcome;
    if (outcome !== undefined) return outcome;
    const job = this.jobs.get(id);
    if (job === undefined) return undefined;
    return job.state === "running"
      ? { state: "running", worker: job.delivery?.worker }
      : { state: "waiting" };
  }

  /** Stores a call's outcome and removes the call. */
  end(job: MemoryJob, outcome: CallOutcome): void {
    const { call } = job;
    const { id, keep } = call;
    if (keep > 0) {
      const timer = job.timers.later(keep, () => this.kept.delete(id));
      this.kept.set(id, { call, outcome, timer });
    }
    for (const client of this.#clientsOf(call)) this.outcomes.get(client)?.set(id, outcome);
    this.remove(job);
    this.tell(job, { type: "outcome", id, outcome });
  }

  remove(job: MemoryJob): void {
    if (!this.jobs.delete(job.call.id)) return;
    for (const callback of job.onRemoved) callback();
    if (callLoop.is(job.timers.loop)) callLoop.unref();
  }

  /** Sends a signal to the clients that wait for a call, in a later turn. */
  tell(job: MemoryJob, signal: Signal): void {
    for (const listener of this.#listenersOf(job.call))
      this.#soon(job.timers, () => listener(signal));
  }

  /** Calls back in a later turn. The process does not exit before that. */
  #soon(timers: LoopTimers, callback: () => void): void {
    const isOwn = callLoop.is(timers.loop);
    if (isOwn) callLoop.ref();
    timers.later(0, () => {
      if (isOwn) callLoop.unref();
      callback();
    });
  }

  /** Returns the clients that wait for a call. */
  #clientsOf({ id, client, keep }: WireCall): string[] {
    return keep > 0 ? [...(this.watchers.get(id) ?? [])] : [client];
  }

  #listenersOf(call: WireCall): SignalListener[] {
    return this.#clientsOf(call)
      .map((client) => this.listeners.get(client))
      .filter((listener) => listener !== undefined);
  }

  /** Queues a call, after `delay` milliseconds. */
  #wait(job: MemoryJob, delay: number): void {
    job.delivery = undefined;
    if (delay > 0) {
      job.state = "delayed";
      job.timer = job.timers.later(delay, () => this.#wait(job, 0));
      return;
    }
    job.state = "waiting";
    this.#waiting[job.call.priority].add(job);
    job.timers.later(0, () => this.dispatch());
  }

  again(job: MemoryJob, delay: number): void {
    if (this.jobs.get(job.call.id) !== job) return;
    if (job.isCancelled) this.end(job, { kind: "cancelled", worker: "" });
    else this.#wait(job, delay);
  }

  addConsumer(consumer: MemoryWorker): void {
    this.#consumers.add(consumer);
    this.dispatch();
  }

  removeConsumer(consumer: MemoryWorker): void {
    this.#consumers.delete(consumer);
    this.dispatch();
  }

  /**
   * Hands each waiting call to a free worker that knows its task, or to any free worker if no
   * worker knows the task.
   */
  dispatch(): void {
    const workers = this.#workers();
    for (const jobs of this.#waiting) {
      for (const job of jobs) {
        const free = workers.filter((worker) => worker.hasRoom());
        if (free.length === 0) return;
        const knows = (worker: MemoryWorker) => worker.knows(job.call.task);
        const isKnown = workers.some(knows);
        if (isKnown) job.unknownSince = undefined;
        const consumer = isKnown ? free.find(knows) : free[0];
        if (consumer === undefined) continue;
        jobs.delete(job);
        job.state = "running";
        job.begun++;
        consumer.give(job);
      }
    }
  }

  /**
   * Whether the workers' rate limit allows another start. If not, dispatches as soon as the limit
   * allows one.
   */
  mayBegin({ max, duration }: NonNullable<ConsumeOptions["limit"]>): boolean {
    const timers = this.timers();
    const now = timers.now();
    while ((this.#begins[0] as number) <= now - duration) this.#begins.shift();
    if (this.#begins.length < max) return true;
    // Each loop needs at most one timer, however many calls wait.
    if (this.#waking.has(timers)) return false;
    this.#waking.add(timers);
    timers.later((this.#begins[0] as number) + duration - now, () => {
      this.#waking.delete(timers);
      this.dispatch();
    });
    return false;
  }

  /** Counts a start towards the workers' rate limit. */
  countBegin(): void {
    this.#begins.push(this.timers().now());
  }

  #workers(): MemoryWorker[] {
    if (this.#consumers.size > 0) return [...this.#consumers];
    return this.embedded === undefined ? [] : [this.embedded];
  }

  /**
   * Cancels the calls of a disconnected client, except detached ones and those for which other
   * clients wait.
   */
  loseClient(client: string): void {
    this.listeners.delete(client);
    this.outcomes.delete(client);
    for (const { call } of [...this.jobs.values()]) {
      if (call.client === client) this.cancel(call.id, client);
    }
  }

  counts(): Counts {
    const counts = { waiting: 0, delayed: 0, running: 0 };
    for (const { state } of this.jobs.values()) counts[state]++;
    return counts;
  }

  /** Ends the calls of a closed loop as lost, because their timers can no longer fire. */
  #loseLoop(loop: Scheduler): void {
    this.#timers.delete(loop);
    for (const job of [...this.jobs.values()]) {
      if (job.timers.loop !== loop) continue;
      for (const jobs of this.#waiting) jobs.delete(job);
      const { id } = job.call;
      const outcome: CallOutcome = { kind: "lost", message: CLOSED, worker: "memory" };
      this.remove(job);
      job.delivery?.lose();
      // A closed loop has no later turn, so call the listeners now.
      for (const listener of this.#listenersOf(job.call))
        listener({ type: "outcome", id, outcome });
    }
  }
}

const CLOSED = "The loop that the call was submitted on has closed";
