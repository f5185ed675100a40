// A call that a worker has taken from BullMQ.

import { performance } from "../../loop/hosts/timers.ts";
import type { CallOutcome, Delivery, StopReason, WireCall } from "../engine.ts";
import { type Job, packages } from "./packages.ts";
import type { JobData } from "./wire.ts";

/** The part of the worker that its deliveries need. */
export interface DeliveryOwner {
  /** Returns the server's time in milliseconds. */
  now(): number;
  store(delivery: BullDelivery, outcome: CallOutcome): Promise<void>;
  tell(delivery: BullDelivery, type: "b" | "p", text: string): void;
  /** Resolves when the worker may take another call in place of one that it put back. */
  rest(): Promise<void>;
}

export class BullDelivery implements Delivery {
  readonly call: WireCall & JobData;
  readonly token: string;
  readonly begun: number;
  readonly startedAt = performance.now();
  renewedAt = this.startedAt;
  /** Whether the client has been told that the call has begun. */
  isAnnounced = false;
  /** Whether this worker or another live one knows the task. */
  isKnown = true;
  /** The promise that BullMQ's processor returns. */
  readonly whenGivenBack: Promise<unknown>;
  readonly #owner: DeliveryOwner;
  readonly #job: Job;
  #onStop: ((reason: StopReason) => void) | undefined;
  #stopped: StopReason | undefined;
  #finish: (error?: Error) => void = () => undefined;

  constructor(owner: DeliveryOwner, job: Job, call: WireCall & JobData, token: string) {
    this.#owner = owner;
    this.#job = job;
    this.call = call;
    this.token = token;
    this.begun = job.attemptsStarted - (call.skipped ?? 0);
    this.whenGivenBack = new Promise((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve(undefined) : reject(error));
    });
    // Prevents an unhandled rejection before BullMQ awaits it.
    this.whenGivenBack.catch(() => undefined);
  }

  get unknownFor(): number | undefined {
    if (this.isKnown) return undefined;
    const { unknownSince } = this.call;
    return unknownSince === undefined ? 0 : this.#now() - unknownSince;
  }

  get timeLeft(): number {
    const { submitted, timeout } = this.call;
    return timeout == null ? Infinity : submitted + timeout - this.#now();
  }

  onStop(callback: (reason: StopReason) => void): void {
    this.#onStop = callback;
    if (this.#stopped !== undefined) callback(this.#stopped);
  }

  get isLost(): boolean {
    return this.#stopped === "lost";
  }

  stop(reason: StopReason): void {
    if (this.#stopped === reason || this.#stopped === "lost") return;
    this.#stopped = reason;
    // When `whenGivenBack` settles, BullMQ stops renewing the job's lease, whichever run of the job
    // holds it. So the promise must settle now: later, this worker may be running the same job
    // again, and the lease of that run would no longer be renewed.
    if (reason === "lost") this.#finish(new (packages().WaitingError)());
    this.#onStop?.(reason);
  }

  renewed(): void {
    this.renewedAt = performance.now();
  }

  async end(outcome: CallOutcome): Promise<void> {
    await this.#owner.store(this, outcome);
    const { UnrecoverableError } = packages();
    // BullMQ keeps failed jobs for a while, so the queue's operators can see the error.
    const text = textOf(outcome);
    if (text === undefined) this.#finish();
    else this.#finish(new UnrecoverableError(text));
  }

  async retry(delay: number): Promise<void> {
    await this.#giveBack(delay, false);
  }

  async putBack(delay: number): Promise<void> {
    const { skipped = 0, unknownSince = this.#now() } = this.call;
    const isElsewhere = delay > 0 && this.isKnown;
    const { id: _id, task: _task, delay: _delay, priority: _priority, ...data } = this.call;
    try {
      await this.#job.updateData({
        ...data,
        skipped: skipped + 1,
        unknownSince: this.isKnown ? undefined : unknownSince,
      });
    } catch (error) {
      this.#finish(error as Error);
      return;
    }
    await this.#giveBack(delay, isElsewhere);
  }

  progress(value: string): void {
    this.#owner.tell(this, "p", value);
  }

  async #giveBack(delay: number, isResting: boolean): Promise<void> {
    const { DelayedError, WaitingError } = packages();
    // Don't announce the call from now on: while this worker rests, another one may run the call.
    this.isAnnounced = true;
    try {
      if (delay > 0) await this.#job.moveToDelayed(Date.now() + Math.ceil(delay), this.token);
      else await this.#job.moveToWait(this.token);
      if (isResting) await this.#owner.rest();
      this.#finish(delay > 0 ? new DelayedError() : new WaitingError());
    } catch (error) {
      // The lease is lost, so another worker has the call.
      this.#finish(error as Error);
    }
  }

  #now(): number {
    return this.#owner.now();
  }
}

/** Returns the error text of a failed job, or undefined if the job did not fail. */
function textOf(outcome: CallOutcome): string | undefined {
  switch (outcome.kind) {
    case "value":
    case "cancelled":
      return undefined;
    case "timeout":
      return "The call did not end in time";
    case "lost":
      return outcome.message;
    case "error":
      return outcome.error.slice(0, 1_000);
  }
}
