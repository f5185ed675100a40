// A stage stands in for the host during one run of a program: awaits, external calls, timers and
// time.
//
//   async code ──> at(), io(), setTimeout() ──> Stage ──> steps of the run's loop ──> the policy
//
// The policy decides whether each marked await is delayed, and which of the pending steps runs
// next. Between two steps, the host runs all of its microtasks, so promises, `nextTick` and
// packages whose awaits aren't marked keep their native order.

import { CancelledError } from "../../lang/errors.ts";
import type { EventLoop } from "../../program/eventLoop.ts";
import type { Conditions } from "../conditions.ts";
import { type ExploringCore, Lane } from "../exploringCore.ts";
import type { VirtualClock } from "../virtualClock.ts";
import { guestClock } from "./guestClock.ts";
import { DelayedAwait, ExternalCall, type PatientStep } from "./hostStep.ts";
import { Jobs } from "./jobs.ts";
import type { OutsideSource } from "./outsideSource.ts";
import { placeOfCaller } from "./places.ts";
import type { RunStage } from "./runStage.ts";

/** The date at which a run begins: midnight on January 1, 2000, UTC. */
const START_DATE = 946_684_800_000;
/** Not 0, because programs may use a time of 0 to mean "never". */
const START_TIME = 1_000;
/** After this many awaits without a pause, an async function is assumed never to pause. */
const MAX_BURST = 100_000;

/** Observes what async code does in a run. Must not call user code. */
export interface AwaitObserver {
  /** Called at each await, with what the async function will wait for. */
  onAwait(place: string, isDelayed: boolean, awaited: unknown, time: number): void;
}

/** What a stage needs from the run it belongs to. */
export interface Run {
  readonly loop: EventLoop;
  readonly core: ExploringCore;
  readonly clock: VirtualClock;
  readonly conditions: Conditions;
  /**
   * If the run cancels only functions with a given name, the stage adds the names of all functions
   * with marked awaits to this set.
   */
  readonly names: Set<string>;
  readonly observer: AwaitObserver | undefined;
  /** Called when async code never pauses. */
  onEndless(): void;
}

export class Stage implements RunStage {
  readonly loop: EventLoop;
  readonly clock = guestClock(this);
  readonly immediates = new Lane();
  readonly timers = new Map<number, { close(): unknown }>();
  /**
   * Whether async code takes part in the run. If so, the host runs its microtasks after each step.
   */
  hasAsyncCode = false;
  isOver = false;
  readonly rejections: unknown[] = [];
  readonly outside = new Map<string, OutsideSource>();
  readonly jobs = new Jobs(this.outside);
  /**
   * Whether `main` is an async function. If so, each marked await of the run is a cancel point,
   * unless only functions with a given name are to be cancelled.
   */
  isMainAsync = false;
  /** How many awaits the run has reached so far, of those at which a cancellation is possible. */
  awaits = 0;
  /** The await that was cancelled. */
  cancelledAt: string | undefined;
  readonly #run: Run;
  readonly #lanes = new Map<number, Lane>();
  /** The ready steps that may wait while the clock advances, each up to its limit. */
  readonly #patient = new Set<PatientStep>();
  #burst = 0;
  #posted: (() => void)[] = [];

  constructor(run: Run) {
    this.loop = run.loop;
    this.#run = run;
  }

  now(): number {
    return this.#run.clock.now();
  }

  performanceNow(): number {
    return START_TIME + this.now();
  }

  dateNow(): number {
    return START_DATE + Math.floor(this.now());
  }

  touch(): void {
    if (this.hasAsyncCode || this.isOver) return;
    this.hasAsyncCode = true;
    this.loop.stop();
  }

  post(callback: () => void): void {
    this.touch();
    if (!this.isOver) this.#posted.push(callback);
  }

  /** Whether anything is posted. */
  get hasPosted(): boolean {
    return this.#posted.length > 0;
  }

  /** Called when the host has run all of its microtasks. */
  beginStep(): void {
    this.#burst = 0;
    const posted = this.#posted;
    this.#posted = [];
    for (const callback of posted) callback();
  }

  /** Ends the run. Whatever async code still awaits stays pending forever. */
  end(): void {
    this.isOver = true;
    this.timers.clear();
    this.#posted = [];
    this.jobs.clear();
    this.#patient.clear();
  }

  laneOfDelay(delay: number): Lane {
    let lane = this.#lanes.get(delay);
    if (lane === undefined) {
      lane = new Lane();
      this.#lanes.set(delay, lane);
    }
    return lane;
  }

  placeOfCall(): string | undefined {
    if (this.#run.observer === undefined) return undefined;
    return placeOfCaller(this.placeOfCall);
  }

  await(value: unknown, place: string): unknown {
    if (this.isOver) return value;
    this.touch();
    if (++this.#burst > MAX_BURST) {
      this.#run.onEndless();
      return new Promise(() => undefined);
    }
    if (this.#cancels(place)) return this.#cancelAt(place, value);
    const { conditions, core, observer } = this.#run;
    const isDelayed = conditions.awaits && core.chooseDelay();
    const awaited = isDelayed ? this.#later(DelayedAwait, value, place, undefined) : value;
    observer?.onAwait(place, isDelayed, awaited, this.now());
    return awaited;
  }

  external<T>(result: PromiseLike<T> | T, max: number | undefined): Promise<T> {
    this.touch();
    const place = this.placeOfCall();
    return this.#later(ExternalCall, result, place, max) as Promise<T>;
  }

  /**
   * Returns whether the clock may advance to `deadline`, because all steps that are ready may also
   * run after that. `count` is the number of ready steps.
   */
  mayJump(count: number, deadline: number): boolean {
    if (count !== this.#patient.size) return false;
    for (const { limit } of this.#patient) if (limit < deadline) return false;
    return true;
  }

  /** Returns a promise that settles as `value` does, in a separate step. */
  #later(
    Step: typeof ExternalCall | typeof DelayedAwait,
    value: unknown,
    place: string | undefined,
    max: number | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const arrive = (settle: () => void) => {
        if (this.isOver) return;
        const limit = this.now() + (max ?? this.#run.conditions.latency);
        const step = new Step(this.loop, place, limit, () => {
          this.#patient.delete(step);
          settle();
        });
        this.#patient.add(step);
      };
      Promise.resolve(value).then(
        (result) => arrive(() => resolve(result)),
        (reason) => arrive(() => reject(reason)),
      );
    });
  }

  /** The ready steps that may wait while the clock advances, in the order they became ready. */
  get patient(): Iterable<PatientStep> {
    return this.#patient;
  }

  #cancels(place: string): boolean {
    const { conditions, names } = this.#run;
    const { cancel } = conditions;
    if (cancel === undefined) return false;
    let isMeant = this.isMainAsync;
    if (cancel.target !== "") {
      isMeant = place.startsWith(`${cancel.target} (`);
      names.add(isMeant ? cancel.target : (place.split(" (", 1)[0] as string));
    }
    return isMeant && ++this.awaits === cancel.at;
  }

  #cancelAt(place: string, value: unknown): Promise<never> {
    this.cancelledAt = place;
    // Nothing awaits the value now, so nothing else would handle its rejection.
    Promise.resolve(value).then(undefined, () => undefined);
    return Promise.reject(new CancelledError());
  }
}
