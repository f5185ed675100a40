// When the loop runs, and when it sleeps: the loop as a guest of its host.
//
// A browser or Node has an event loop already, and the stack must go back to it
// for anything else to happen. So the loop runs in slices:
//
//           ┌───────── wake (from outside: a microtask) ────────┐
//           v                                                   │
//   ──> turn, turn, ... ──────> nothing ready: #sleep ──> #asleep
//           ^      │                                            │
//           │      └─ slice over: wait for the host ─┐          │
//           └────────────────────────────────────────┴──────────┘
//                                    #onTask (host.post)   #onTimer (host.sleep)
//
// Woken from outside, the loop goes on in a microtask, for latency. But microtasks
// come before anything else of the host, so all that happen within one task of the
// host share one slice: the first of them posts a task (#posted), and whoever finds
// the slice used up waits for it. So promises and loop together cannot starve the host.
//
// Invariants, while the stack is the host's and the loop is started:
//   P1  anything ready or stopping  =>  a microtask of ours or a posted task is to come
//   P2  otherwise #asleep, and the host wakes us no later than the earliest deadline

import type { Core } from "../core/core.ts";
import type { Clock } from "./clock.ts";
import { deadlock } from "./deadlock.ts";
import type { Host, HostFactory } from "./host.ts";
import { keepAsyncContext } from "./hosts/asyncContext.ts";
import { block, takeIn } from "./hosts/blocking.ts";
import { postMicrotask } from "./hosts/microtask.ts";
import { mayLeap } from "./ownPromises.ts";
import { enterScheduler, type Scheduler, type Snapshot } from "./scheduler.ts";
import { SLICE_OVER, STOPPED, type Turns } from "./turns.ts";

/** Called once when the loop stops: with an error only if the loop itself broke. */
export type OnStop = (broken?: { error: unknown }) => void;

/** For how many tasks of the host a run waits for what nobody has announced. */
const MOST_DRY_TASKS = 3;

/** Who waits for the end of a run that blocks: its caller, on the stack. */
const NOBODY: OnStop = () => undefined;

export class Pump {
  /** Whether something that gets ready now must call `wake`. */
  asleep = false;
  /** Called each time before the loop falls asleep. May stop it. */
  onSleep: (() => void) | undefined;
  readonly #scheduler: Scheduler;
  readonly #core: Core;
  readonly #turns: Turns;
  readonly #clock: Clock;
  readonly #host: Host;
  #onStop: OnStop | undefined;
  /** Runs turns in the host's own context of who started the loop: whoever wakes it may have another one. */
  #home: Snapshot | undefined;
  #inside = false;
  /** Whether a task of the host is to come that calls `#onTask`. */
  #posted = false;
  /** Whether the run is over once nothing can come any more. */
  #endsDry = false;
  /** For how many tasks of the host nothing has come; 0 while something is to be done, Infinity after a timeout. */
  #dryFor = 0;
  /** When the host calls `#onTimer`, by the loop's clock. NaN, which is not before or after anything: never. */
  #wakesAt = Number.NaN;

  constructor(scheduler: Scheduler, turns: Turns, clock: Clock, host: HostFactory) {
    this.#scheduler = scheduler;
    this.#core = scheduler._core;
    this.#turns = turns;
    this.#clock = clock;
    this.#host = host(this.#onTask, this.#onTimer);
  }

  /** Whether the loop is between `start` and its end. */
  get started(): boolean {
    return this.#onStop !== undefined;
  }

  /**
   * Runs from the next microtask on, until the turn in which `stop` was called is over.
   *
   * @param endsDry whether it is an error that nothing is left to do, on a clock that does not pass by itself.
   */
  start(onStop: OnStop, endsDry = false): void {
    this.#onStop = onStop;
    this.#home = keepAsyncContext();
    this.#endsDry = endsDry && this.#clock.advanceTo !== undefined;
    this.asleep = true;
    this.wake();
  }

  /**
   * Runs turn after turn on this stack, until the turn in which `stop` was called is over. On a clock that passes by
   * itself the thread is blocked until the next deadline.
   *
   * @throws DeadlockError when nothing is left that could call `stop`; the loop can run again.
   */
  runHere(): void {
    this.#onStop = NOBODY;
    const outer = enterScheduler(this.#scheduler);
    this.#inside = true;
    try {
      for (;;) {
        const pause = this.#turns.run();
        if (pause === STOPPED) return;
        if (pause === SLICE_OVER) {
          takeIn(this.#scheduler);
          this.#turns.beginSlice();
        } else if (!this.#leap() && !this.#block()) throw deadlock(this.#scheduler);
      }
    } finally {
      this.#inside = false;
      enterScheduler(outer);
      this.#turns.stopping = false;
      this.#onStop = undefined;
    }
  }

  /** Ends the loop after the turn that runs now, or after the next one if it sleeps or has not begun. */
  stop(): void {
    this.#turns.stopping = true;
    if (this.asleep) this.wake();
  }

  /** Something got ready, or must be looked at, while the loop was asleep. */
  wake(): void {
    this.asleep = false;
    this.#dryFor = 0;
    postMicrotask(this.#onMicrotask);
  }

  /** Keeps the loop from asking for a microtask if it sleeps: `runNow` is to follow. Returns whether it slept. */
  hold(): boolean {
    const slept = this.asleep;
    this.asleep = false;
    this.#dryFor = 0;
    return slept;
  }

  /** Runs in this very microtask. */
  runNow(): void {
    this.#onMicrotask();
  }

  /** Runs on the stack of a host's task that does nothing else: it has a slice of its own, and needs no task after it. */
  runInTask(): void {
    this.#turns.beginSlice();
    this.#run();
  }

  setRef(ref: boolean): void {
    this.#host.setRef(ref);
  }

  close(): void {
    this.#host.close();
  }

  readonly #onMicrotask = (): void => {
    if (!this.#posted) {
      this.#posted = true;
      this.#host.post();
      this.#turns.beginSlice();
    }
    this.#run();
  };

  readonly #onTask = (): void => {
    this.#posted = false;
    // Unless it was waited for, it only marked the end of the host's turn.
    if (this.asleep && this.#dryFor === 0) return;
    this.#turns.beginSlice();
    this.#run();
  };

  readonly #onTimer = (): void => {
    this.#wakesAt = Number.NaN;
    if (this.#dryFor > MOST_DRY_TASKS) this.#dryFor = Infinity;
    this.#turns.beginSlice();
    this.#run();
  };

  #run(): void {
    if (this.#onStop === undefined || this.#inside) return;
    this.asleep = false;
    if (this.#home === undefined) this.#runTurns();
    else this.#home(this.#runTurns);
  }

  readonly #runTurns = (): void => {
    this.#inside = true;
    const outer = enterScheduler(this.#scheduler);
    try {
      for (;;) {
        const pause = this.#turns.run();
        if (pause === STOPPED) return this.#end();
        if (pause === SLICE_OVER) return this.#post();
        if (!this.#leap() && (this.#dryOut() || this.#sleep())) return;
      }
    } catch (error) {
      this.#end({ error });
    } finally {
      this.#inside = false;
      enterScheduler(outer);
    }
  };

  #post(): void {
    if (this.#posted) return;
    this.#posted = true;
    this.#host.post();
  }

  /** Moves a clock that does not pass by itself to the next deadline. Returns whether there is now something due. */
  #leap(): boolean {
    const deadline = this.#core.deadline();
    if (this.#clock.advanceTo === undefined) return false;
    if (deadline === Infinity) return false;
    // What is outside has had its turns of the host, and may wait for what is to happen at the deadline.
    const isDry = this.#dryFor >= MOST_DRY_TASKS;
    if (this.#scheduler._external > 0 && !(isDry && mayLeap(this.#scheduler))) return false;
    this.#dryFor = 0;
    this.#clock.advanceTo(deadline);
    return true;
  }

  /** Blocks the thread until something may be due, or have come. Returns false if nothing can come that is waited for. */
  #block(): boolean {
    const deadline = this.#clock.advanceTo === undefined ? this.#core.deadline() : Infinity;
    return block(this.#scheduler, deadline - this.#clock.now());
  }

  /**
   * Ends a run that nothing can go on, or gives the host a few tasks more in which something may come after all, as from
   * an async function that did not say so. Something outside has the time that the clock says. Returns false if there
   * is something else to wait for.
   */
  #dryOut(): boolean {
    const { _external: external } = this.#scheduler;
    const { advanceTo, externalTimeout = Infinity } = this.#clock;
    if (advanceTo === undefined || !(this.#endsDry || external > 0)) return false;
    this.asleep = true;
    if (++this.#dryFor <= MOST_DRY_TASKS) this.#post();
    else if (!this.#endsDry) return false;
    else if (external === 0) this.#end({ error: deadlock(this.#scheduler) });
    else if (this.#dryFor < Infinity) this.#host.sleep(externalTimeout);
    else this.#end({ error: deadlock(this.#scheduler, externalTimeout) });
    return true;
  }

  /** Has the host wake us in time. Returns false, and does nothing, if something is due or the loop was stopped. */
  #sleep(): boolean {
    if (this.onSleep !== undefined) {
      this.onSleep();
      if (this.#turns.stopping) return false;
    }
    const deadline = this.#core.deadline();
    // A host's timer that comes too early costs less than setting it anew each time.
    if (!(this.#wakesAt <= deadline)) {
      const delay = deadline === Infinity ? Infinity : deadline - this.#clock.now();
      if (delay <= 0) return false;
      // A clock that does not pass by itself waits for something outside.
      this.#host.sleep(this.#clock.advanceTo === undefined ? delay : Infinity);
      this.#wakesAt = deadline;
    }
    this.asleep = true;
    return true;
  }

  #end(broken?: { error: unknown }): void {
    const onStop = this.#onStop as OnStop;
    this.#onStop = undefined;
    this.#home = undefined;
    this.#turns.stopping = false;
    this.#host.cancelSleep();
    this.#wakesAt = Number.NaN;
    onStop(broken);
  }
}
