// Drives a run across macrotasks of the host, which runs all microtasks after each of them.
//
//   ready ──> a step ──> macrotask ──> ...
//   dry   ──> jump to the next deadline, wait for something outside the loop, or deadlock
//
// A run is dry when nothing is ready.

import { monotonicClock } from "../../loop/clock.ts";
import { postLater, postMacrotask } from "./macrotask.ts";
import { hasMoreActive, reportsResources } from "./outside.ts";
import type { OutsideSource } from "./outsideSource.ts";

/** After this many macrotasks without an outside event, the clock may advance. */
const DRY_TASKS = 3;
/** How long to wait for something outside the loop, in milliseconds. */
export const PATIENCE = 5_000;

/**
 * How many milliseconds must pass without any event before the run counts as deadlocked. The first
 * number of each pair applies until a deadlock has been confirmed, the second one after that,
 * because `explore` runs the same program many times. `ifReported` applies where the host reports
 * which resources a run uses, as Node does.
 */
const GRACE = { ifReported: [100, 10], otherwise: [1_000, 50] } as const;
let hadDeadlock = false;

function grace(): number {
  return (reportsResources() ? GRACE.ifReported : GRACE.otherwise)[hadDeadlock ? 1 : 0];
}

/** What the driver needs from its run. */
interface DrivenRun {
  /** Whether async functions or the host's timers take part, not only coroutines. */
  readonly hasAsyncCode: boolean;
  readonly isOver: boolean;
  readonly isReady: boolean;
  /** Whether a coroutine waits for something outside the loop. */
  readonly waitsOutside: boolean;
  /** Whether what that coroutine waits for may itself be waiting for the loop. */
  readonly outsideMayWaitForLoop: boolean;
  /** What the run has used that completes only in real time. */
  readonly outside: ReadonlyMap<string, OutsideSource>;
  /** Whether cryptography or compression is running. */
  readonly hasJobs: boolean;
  readonly now: number;
  readonly deadline: number;
  step(): void;
  advanceTo(when: number): void;
  /** Called at the end of the run, before the next macrotask. */
  onEnd(): void;
  /** Called when something arrived that the host did not announce. */
  onArrival(): void;
}

export class RunDriver {
  readonly #run: DrivenRun;
  readonly #active: ReadonlyMap<string, number>;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #dryTasks = 0;
  #drySince = 0;

  /** @param active how many resources of each type were active in the host before the run. */
  constructor(run: DrivenRun, active: ReadonlyMap<string, number>) {
    this.#run = run;
    this.#active = active;
  }

  /** Resolves when the run has ended, or when it can't continue. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      postMacrotask(this.#onMacrotask);
    });
  }

  readonly #onMacrotask = (): void => {
    try {
      const run = this.#run;
      if (!run.isOver && !run.isReady && !this.#whenDry()) return;
      if (run.isOver || !run.isReady) {
        // Resolve in a later macrotask, because browsers report unhandled rejections in macrotasks
        // of their own, which must come first.
        run.onEnd();
        return postMacrotask(this.#resolve, false);
      }
      if (this.#dryTasks > DRY_TASKS) {
        hadDeadlock = false;
        run.onArrival();
      }
      this.#dryTasks = 0;
      run.step();
      postMacrotask(this.#onMacrotask);
    } catch (error) {
      this.#reject(error);
    }
  };

  /**
   * Advances the clock to the next deadline if nothing else can happen before it. Returns false if
   * the run must wait for another macrotask instead. If this returns true and nothing is ready, the
   * run is deadlocked.
   */
  #whenDry(): boolean {
    if (this.#dryTasks++ === 0) this.#drySince = monotonicClock.now();
    const waited = monotonicClock.now() - this.#drySince;
    return this.#run.hasAsyncCode ? this.#dryAsync(waited) : this.#dryCoroutines(waited);
  }

  #dryAsync(waited: number): boolean {
    const run = this.#run;
    const { deadline, hasJobs } = run;
    if (!reportsResources() && this.#dryTasks <= DRY_TASKS) return this.#wait();
    if (run.outside.size > 0) {
      // While an outside resource is active, wait for the deadline in real time, within limits.
      const silence = hasJobs || hasMoreActive(this.#active) ? PATIENCE : 0;
      if (waited < Math.min(deadline - run.now, silence)) return this.#waitLonger();
    } else if (deadline === Infinity && waited < grace()) {
      return this.#waitLonger();
    }
    if (deadline === Infinity) hadDeadlock = true;
    else this.#advance(deadline);
    return true;
  }

  #dryCoroutines(waited: number): boolean {
    const run = this.#run;
    if (!run.waitsOutside || waited >= PATIENCE) return true;
    if (this.#dryTasks <= DRY_TASKS) return this.#wait();
    if (run.deadline === Infinity || !run.outsideMayWaitForLoop) return this.#waitLonger();
    this.#advance(run.deadline);
    return true;
  }

  #advance(deadline: number): void {
    this.#dryTasks = 0;
    this.#run.advanceTo(deadline);
  }

  #wait(): false {
    postMacrotask(this.#onMacrotask);
    return false;
  }

  #waitLonger(): false {
    postLater(this.#onMacrotask, 1);
    return false;
  }
}
