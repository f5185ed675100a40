// The worker's side of the in-memory engine.

import type { EventLoop } from "../program/eventLoop.ts";
import type {
  CallOutcome,
  ConsumeOptions,
  Consumer,
  Delivery,
  StopReason,
  WireCall,
} from "./engine.ts";
import type { HeldCall, MemoryJob, MemoryStore, MemoryWorker } from "./memoryStore.ts";

/** Runs calls from a `MemoryStore`. */
export class MemoryConsumer implements Consumer, MemoryWorker {
  readonly options: ConsumeOptions;
  readonly #store: MemoryStore;
  readonly #onDelivery: (delivery: Delivery) => void;
  readonly #running = new Set<MemoryDelivery>();
  #isStopped = false;

  constructor(
    store: MemoryStore,
    options: ConsumeOptions,
    onDelivery: (delivery: Delivery) => void,
  ) {
    this.#store = store;
    this.options = options;
    this.#onDelivery = onDelivery;
  }

  hasRoom(): boolean {
    if (this.#isStopped || this.#running.size >= this.options.concurrency) return false;
    const { limit } = this.options;
    return limit === undefined || this.#store.mayBegin(limit);
  }

  knows(task: string): boolean {
    return this.options.tasks.includes(task);
  }

  give(job: MemoryJob): void {
    if (this.options.limit !== undefined) this.#store.countBegin();
    const delivery = new MemoryDelivery(this.#store, this, job);
    this.#running.add(delivery);
    job.delivery = delivery;
    this.#store.tell(job, { type: "begun", id: job.call.id, worker: this.options.name });
    this.#onDelivery(delivery);
  }

  release(delivery: MemoryDelivery): void {
    this.#running.delete(delivery);
    delivery.job.timers.later(0, () => this.#store.dispatch());
  }

  stop(): void {
    this.#isStopped = true;
    this.#store.removeConsumer(this);
  }

  /** Abandons the remaining calls, as if the process had died. */
  close(): void {
    this.stop();
    for (const delivery of [...this.#running]) delivery.abandon();
  }
}

class MemoryDelivery implements Delivery, HeldCall {
  readonly job: MemoryJob;
  readonly #store: MemoryStore;
  readonly #consumer: MemoryConsumer;
  readonly begun: number;
  #onStop: ((reason: StopReason) => void) | undefined;
  /** Whether this worker still holds the call. */
  #hasLease = true;

  constructor(store: MemoryStore, consumer: MemoryConsumer, job: MemoryJob) {
    this.#store = store;
    this.#consumer = consumer;
    this.job = job;
    this.begun = job.begun;
  }

  get call(): WireCall {
    return this.job.call;
  }

  get worker(): string {
    return this.#consumer.options.name;
  }

  get loop(): EventLoop {
    return this.job.timers.loop as EventLoop;
  }

  get unknownFor(): number | undefined {
    if (this.#consumer.knows(this.call.task)) return undefined;
    const now = this.job.timers.now();
    this.job.unknownSince ??= now;
    return now - this.job.unknownSince;
  }

  get timeLeft(): number {
    const { timeout = Infinity } = this.call;
    return this.job.submittedAt + timeout - this.job.timers.now();
  }

  onStop(callback: (reason: StopReason) => void): void {
    this.#onStop = callback;
    if (this.job.isCancelled) this.stop("cancelled");
  }

  stop(reason: StopReason): void {
    const onStop = this.#onStop;
    this.#onStop = undefined;
    onStop?.(reason);
  }

  end(outcome: CallOutcome): void {
    if (this.#giveBack()) this.#store.end(this.job, outcome);
  }

  retry(delay: number): void {
    if (this.#giveBack()) this.#store.again(this.job, delay);
  }

  putBack(delay: number): void {
    if (!this.#giveBack()) return;
    this.job.begun--;
    this.#store.again(this.job, delay);
  }

  progress(value: string): void {
    if (this.#hasLease) this.#store.tell(this.job, { type: "progress", id: this.call.id, value });
  }

  /** Returns the call to the queue, as if the worker had died. */
  abandon(): void {
    this.stop("lost");
    if (this.#giveBack()) this.#store.again(this.job, 0);
  }

  /** Releases a call that no longer exists. */
  lose(): void {
    this.#hasLease = false;
    this.#consumer.release(this);
    this.stop("lost");
  }

  #giveBack(): boolean {
    if (!this.#hasLease) return false;
    this.#hasLease = false;
    this.#consumer.release(this);
    return true;
  }
}
