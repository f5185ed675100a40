// The turns of a loop.
//
// A turn asks the core what is ready, and runs exactly that. Whatever becomes ready meanwhile waits
// for the next turn. Callbacks and steps of tasks run only here, except for the first step of a
// task that starts eagerly. When the slice ends in the middle of a batch, the next slice continues
// with the rest, so slices never add a turn and never change the order.
//
//   slice 1            slice 2                 slice 3
//   ├─ turn 1 ─┼─ turn 2 ─ ╌╌╌ ─ turn 2 ─┼─ turn 3 ─ ╌╌╌
//
// Reading the clock takes longer than a short step, so it is read only once every `stride` steps.
// The stride doubles while steps are short, and shrinks as soon as they are long. The steps between
// two readings are a stretch, which is shorter if the batch ends first.

import { type Clock, monotonicClock } from "./clock.ts";
import { callWithHooks, emit, emitTurn, type Hooks, stepWithHooks } from "./hooks.ts";
import type { Runnable, Slots } from "./slots.ts";

/** The most steps between two readings of the clock. */
const LONGEST_STRIDE = 64;
/** How many milliseconds should pass between two readings. */
const READ_EVERY = 0.25;

/** Why `run` returned. */
export const IDLE = 0;
export const STOPPED = 1;
export const SLICE_OVER = 2;
export type Pause = typeof IDLE | typeof STOPPED | typeof SLICE_OVER;

/** Reports a step that threw. */
type ReportStep = (runnable: Runnable, exception: unknown) => void;

export class Turns {
  /** Set to end the run after the current turn. */
  stopping = false;
  /** Queues the callbacks of ready sources. Undefined while no source is watched. */
  poll: (() => void) | undefined = undefined;
  readonly #slots: Slots;
  readonly #clock: Clock;
  readonly #pace: Clock;
  readonly #slice: number;
  readonly #report: ReportStep;
  /** The number of entries of the batch that have not run yet, not counting the current stretch. */
  #left = 0;
  /**
   * The hooks whose `sleeps` was called. Their `idleEnds` is called when the loop continues. Hooks
   * that were removed meanwhile do nothing.
   */
  #told: Hooks = [];
  #stride = 1;
  /** The number of steps until the clock is read, not counting the current stretch. */
  #untilReading = 0;
  #readAt = -Infinity;
  #sliceEnd = -Infinity;

  constructor(slots: Slots, clock: Clock, slice: number, report: ReportStep) {
    this.#slots = slots;
    this.#clock = clock;
    this.#pace = clock._pace ?? monotonicClock;
    this.#slice = slice;
    this.#report = report;
  }

  /** Starts a new slice. */
  beginSlice(): void {
    this.#readAt = this.#pace.now();
    this.#sliceEnd = this.#readAt + this.#slice;
  }

  /** Runs turns until nothing is ready, a turn has stopped the loop, or the slice is over. */
  run(): Pause {
    const { hooks } = this.#slots;
    if (hooks === undefined) return this.#run();
    emit(this.#told, "idleEnds");
    const began = monotonicClock.now();
    const pause = this.#run();
    emit(hooks, "sliceEnds", monotonicClock.now() - began);
    this.#told = pause === IDLE ? hooks : [];
    emit(this.#told, "sleeps", this.#slots.core.deadline());
    return pause;
  }

  #run(): Pause {
    const slots = this.#slots;
    const { core } = slots;
    // A loop that has been told to stop before still runs one turn.
    if (this.#left === 0 && !this.#beginTurn()) return this.#pause();
    for (;;) {
      if (this.#untilReading === 0 && this.#readClock()) return this.#pause(SLICE_OVER);
      // Subtracted in advance, so that a step changes only one counter.
      let steps = Math.min(this.#left, this.#untilReading);
      this.#left -= steps;
      this.#untilReading -= steps;
      try {
        while (steps > 0) {
          // Before the step, so that steps that throw are counted too.
          steps--;
          const id = core.take();
          if (id === 0) continue; // cancelled in the meantime
          const task = slots.taskAt(id);
          if (task === undefined) this.#runOther(id);
          else {
            slots.current = task;
            const { hooks } = slots;
            const again = hooks === undefined ? task._run() : stepWithHooks(hooks, task);
            // Pushed here because the id and the core are at hand, so the task needs neither.
            if (again) core.push(id);
          }
        }
      } catch (error) {
        const runnable = slots.current;
        if (runnable === undefined) throw error; // nothing has run yet: the core is broken
        this.#left += steps;
        this.#untilReading += steps;
        // `current` is still the failed runnable, so the exception handler runs in its context.
        this.#report(runnable, error);
        slots.current = undefined;
      }
      if (this.#left === 0 && (this.stopping || !this.#beginTurn())) return this.#pause();
    }
  }

  /** Asks the core what is ready. Returns whether anything is. */
  #beginTurn(): boolean {
    const slots = this.#slots;
    const { core } = slots;
    if (this.poll !== undefined) this.poll();
    // Without timers, the time is irrelevant.
    this.#left = core.turn(core.deadline() === Infinity ? 0 : this.#clock.now());
    if (slots.hooks !== undefined) emitTurn(slots.hooks, this.#left);
    return this.#left > 0;
  }

  /** Runs what is not a task. */
  #runOther(id: number): void {
    const slots = this.#slots;
    const { hooks } = slots;
    const runnable = slots.otherAt(id);
    slots.current = runnable;
    const again = hooks === undefined ? runnable._run() : callWithHooks(hooks, runnable, id);
    if (again) slots.core.push(id);
  }

  #pause(pause: Pause = this.stopping ? STOPPED : IDLE): Pause {
    this.#slots.current = undefined;
    return pause;
  }

  /** Drops the rest of the batch when the loop closes. */
  clear(): void {
    this.#left = 0;
  }

  /** Reads the clock, and adapts the stride. Returns whether the slice is over. */
  #readClock(): boolean {
    const now = this.#pace.now();
    const elapsed = now - this.#readAt;
    this.#readAt = now;
    this.#stride =
      elapsed < READ_EVERY
        ? Math.min(this.#stride * 2, LONGEST_STRIDE)
        : Math.max(1, Math.floor((this.#stride * READ_EVERY) / elapsed));
    const isOver = now >= this.#sliceEnd;
    // Even the shortest slice begins with a step, so the loop always progresses.
    this.#untilReading = isOver ? 1 : this.#stride;
    return isOver;
  }
}
