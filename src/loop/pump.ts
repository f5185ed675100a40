// When the loop runs and when it sleeps: the loop as a guest of its host.
//
// This is one file because running and sleeping form one state machine.
//
// Browsers and Node have event loops of their own. The host's loop can do nothing until our code
// returns, so our loop runs in slices:
//
//           ┌───────── wake (from outside: a microtask) ────────┐
//           v                                                   │
//   ──> turn, turn, ... ──────> nothing ready: #sleep ──> asleep
//           ^      │                                            │
//           │      └─ slice over: wait for the host ─┐          │
//           └────────────────────────────────────────┴──────────┘
//                                    #onMacrotask (host.post)   #onTimer (host.sleep)
//
// An event from outside wakes the loop in a microtask, for low latency. But the host runs all
// microtasks before it does anything else. All microtasks of the loop within one macrotask of the
// host therefore share one slice: the first one posts a macrotask (#posted), and once the slice is
// used up, the loop waits for that macrotask. So promises and the loop together can't starve the
// host.
//
// Invariants, while the loop is started and none of its code is on the stack:
//   P1  If anything is ready, or the loop is stopping, one of its microtasks or macrotasks is
//       pending.
//   P2  Otherwise the loop is asleep, and the host wakes it no later than the earliest deadline.

import type { Core } from "../core/core.ts";
import type { Clock } from "./clock.ts";
import { createKept } from "./createKept.ts";
import { enterScheduler } from "./current.ts";
import { deadlock } from "./deadlock.ts";
import { markLatest } from "./handled.ts";
import type { Host, HostFactory } from "./host.ts";
import { keepAsyncContext } from "./hosts/asyncContext.ts";
import { block, takeIn } from "./hosts/blocking.ts";
import type { Flow } from "./hosts/flow.ts";
import { postMicrotask } from "./hosts/microtask.ts";
import { platform } from "./platform.ts";
import { registerLoop } from "./registry.ts";
import type { DirectEntry, Scheduler } from "./scheduler.ts";
import { SLICE_OVER, STOPPED, type Turns } from "./turns.ts";

/** Called once when the loop stops, with an error only if the loop is broken or deadlocked. */
type OnStop = (broken?: { error: unknown }) => void;

/**
 * When nothing is left to do, the loop posts this many more macrotasks before it stops expecting
 * unannounced events.
 */
const MAX_IDLE_TASKS = 3;

/** Used by a run that blocks: its caller is on the stack, so there is nothing to notify. */
const IGNORE_STOP: OnStop = () => undefined;

export class Pump implements DirectEntry {
  /** Whether `wake` must be called when something becomes ready. */
  asleep = false;
  /** Called each time before the loop falls asleep. May stop the loop. */
  onSleep: (() => void) | undefined;
  readonly #scheduler: Scheduler;
  readonly #core: Core;
  readonly #turns: Turns;
  readonly #clock: Clock;
  readonly #host: Host;
  #onStop: OnStop | undefined;
  /**
   * The host's context of the code that started the loop. The code that wakes it may have another.
   */
  #home: Flow | undefined;
  #inside = false;
  /** Whether a posted macrotask, which will call `#onMacrotask`, is pending. */
  #posted = false;
  /** Whether the run ends with a DeadlockError when nothing is ready or pending. */
  #detectsDeadlock = false;
  /**
   * How many macrotasks have passed without an event. 0 while the loop is busy, Infinity once the
   * clock's `externalTimeout` has passed.
   */
  #idleTasks = 0;
  /**
   * The deadline, by the loop's clock, until which the host was last asked to sleep. If the clock
   * advances by itself, the host calls `#onTimer` at that deadline. NaN before a run first sleeps,
   * and after each `#onTimer`, because every comparison with NaN is false.
   */
  #wakesAt = Number.NaN;

  constructor(scheduler: Scheduler, turns: Turns, clock: Clock, host: HostFactory) {
    this.#scheduler = scheduler;
    this.#core = scheduler._core;
    this.#turns = turns;
    this.#clock = clock;
    this.#host = host(this.#onMacrotask, this.#onTimer);
  }

  /** Whether a run has begun and not ended. */
  get started(): boolean {
    return this.#onStop !== undefined;
  }

  /**
   * Runs from the next microtask until the end of the turn in which `stop` is called.
   *
   * @param detectDeadlock whether the run ends with a DeadlockError when nothing is left to do. Has
   * no effect on a clock that advances by itself.
   */
  start(onStop: OnStop, detectDeadlock = false): void {
    this.#onStop = onStop;
    registerLoop(this.#scheduler, true);
    this.#home = keepAsyncContext();
    this.#detectsDeadlock = detectDeadlock && this.#clock.advanceTo !== undefined;
    this.asleep = true;
    this.wake();
  }

  /**
   * Runs on this stack until the end of the turn in which `stop` is called. On a clock that
   * advances by itself, blocks the thread between turns until the next deadline.
   *
   * @throws DeadlockError when nothing is left to do, or something is awaited that can't arrive
   * while the thread is blocked. After that, the loop can run again.
   */
  runHere(): void {
    this.#onStop = IGNORE_STOP;
    registerLoop(this.#scheduler, true);
    const outer = enterScheduler(this.#scheduler);
    this.#inside = true;
    try {
      for (;;) {
        const pause = this.#turns.run();
        if (pause === STOPPED) return;
        if (pause === SLICE_OVER) {
          takeIn(this.#scheduler);
          this.#turns.beginSlice();
        } else if (!this.#jump() && !this.#block()) throw deadlock(this.#scheduler);
      }
    } finally {
      this.#inside = false;
      enterScheduler(outer);
      markLatest();
      this.#turns.stopping = false;
      this.#onStop = undefined;
      registerLoop(this.#scheduler, false);
    }
  }

  /**
   * Ends the run after the current turn, or after the next one if the loop is asleep or has not
   * started.
   */
  stop(): void {
    this.#turns.stopping = true;
    if (this.asleep) this.wake();
  }

  /**
   * Wakes a sleeping loop, because something became ready or the loop must check whether to stop.
   */
  wake(): void {
    this.asleep = false;
    this.#idleTasks = 0;
    postMicrotask(this.#onMicrotask);
  }

  markAwake(): boolean {
    const slept = this.asleep;
    this.asleep = false;
    this.#idleTasks = 0;
    return slept;
  }

  runNow(): void {
    this.#onMicrotask();
  }

  runInMacrotask(): void {
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

  readonly #onMacrotask = (): void => {
    this.#posted = false;
    createKept();
    // If nothing waits for the macrotask, it only marks that the host has run.
    if (this.asleep && this.#idleTasks === 0) return;
    this.#turns.beginSlice();
    this.#run();
  };

  readonly #onTimer = (): void => {
    this.#wakesAt = Number.NaN;
    if (this.#idleTasks > MAX_IDLE_TASKS) this.#idleTasks = Infinity;
    this.#turns.beginSlice();
    this.#run();
  };

  #run(): void {
    if (this.#onStop === undefined || this.#inside) return;
    this.asleep = false;
    if (this.#home === undefined) this.#runTurns();
    else this.#home.runInAsyncScope(this.#runTurns);
  }

  readonly #runTurns = (): void => {
    this.#inside = true;
    const outer = enterScheduler(this.#scheduler);
    try {
      for (;;) {
        const pause = this.#turns.run();
        if (pause === STOPPED) return this.#end();
        if (pause === SLICE_OVER) return this.#post();
        if (!this.#jump() && (this.#waitOutside() || this.#sleep())) return;
      }
    } catch (error) {
      this.#end({ error });
    } finally {
      this.#inside = false;
      enterScheduler(outer);
      markLatest();
    }
  };

  #post(): void {
    if (this.#posted) return;
    this.#posted = true;
    this.#host.post();
  }

  /**
   * If the clock doesn't advance by itself, advances it to the next deadline, unless outside code
   * must have its chance first. Returns whether it advanced the clock.
   */
  #jump(): boolean {
    const deadline = this.#core.deadline();
    if (this.#clock.advanceTo === undefined || deadline === Infinity) return false;
    const { _external: external, _events: events } = this.#scheduler;
    // Once this many macrotasks have passed without an event, outside code has had its chance. If
    // it is still pending, it may itself be waiting for something that is due at the deadline.
    const isBusy = this.#idleTasks < MAX_IDLE_TASKS;
    if (external > 0 && (isBusy || !platform.mayJump?.(this.#scheduler))) return false;
    // A run that blocks the thread doesn't wait for events, because outside code can't emit them.
    if (events > 0 && isBusy && this.#onStop !== IGNORE_STOP) return false;
    this.#idleTasks = 0;
    this.#clock.advanceTo(deadline);
    return true;
  }

  /**
   * Blocks the thread until something may be due or has arrived. Returns false if something is
   * awaited that can't arrive while the thread is blocked, or if nothing is left to wait for.
   */
  #block(): boolean {
    const deadline = this.#clock.advanceTo === undefined ? this.#core.deadline() : Infinity;
    return block(this.#scheduler, deadline - this.#clock.now());
  }

  /**
   * On a clock that doesn't advance by itself, waits for code outside the loop. First lets a few
   * more macrotasks pass, because events such as the end of an async function are not announced.
   * Then, if the run detects deadlocks, waits for announced outside events, for as long as the
   * clock allows, and ends the run with a DeadlockError if none arrives. Returns false if the loop
   * should sleep instead.
   */
  #waitOutside(): boolean {
    const external = this.#scheduler._external + this.#scheduler._events;
    const { advanceTo, externalTimeout = Infinity } = this.#clock;
    if (advanceTo === undefined || !(this.#detectsDeadlock || external > 0)) return false;
    this.asleep = true;
    if (++this.#idleTasks <= MAX_IDLE_TASKS) this.#post();
    else if (!this.#detectsDeadlock) return false;
    else if (external === 0) this.#end({ error: deadlock(this.#scheduler) });
    else if (this.#idleTasks < Infinity) this.#host.sleep(externalTimeout);
    else this.#end({ error: deadlock(this.#scheduler, externalTimeout) });
    return true;
  }

  /**
   * Falls asleep until the earliest deadline. Returns false if something is due or the loop was
   * stopped.
   */
  #sleep(): boolean {
    if (this.onSleep !== undefined) {
      this.onSleep();
      if (this.#turns.stopping) return false;
    }
    const deadline = this.#core.deadline();
    // An earlier host timer stays. If it fires too early, that costs less than replacing it here.
    if (!(this.#wakesAt <= deadline)) {
      const delay = deadline === Infinity ? Infinity : deadline - this.#clock.now();
      if (delay <= 0) return false;
      // On a clock that doesn't advance by itself, only an outside event ends the sleep.
      this.#host.sleep(this.#clock.advanceTo === undefined ? delay : Infinity);
      this.#wakesAt = deadline;
    }
    this.asleep = true;
    return true;
  }

  #end(broken?: { error: unknown }): void {
    const onStop = this.#onStop as OnStop;
    this.#onStop = undefined;
    registerLoop(this.#scheduler, false);
    this.#home = undefined;
    this.#turns.stopping = false;
    this.#host.cancelSleep();
    this.#wakesAt = Number.NaN;
    onStop(broken);
  }
}
