// What runs now: the turn of the loop.
//
// One turn asks the core what is ready, and runs exactly that; what gets ready
// meanwhile waits for the next turn. This is the only place that calls callbacks
// and steps tasks. A batch that outlasts the time slice is left where it is and
// goes on in the next slice, so a slice never adds a turn and never reorders one.
//
//   slice 1            slice 2                 slice 3
//   ├─ turn 1 ─┼─ turn 2 ─ ╌╌╌ ─ turn 2 ─┼─ turn 3 ─ ╌╌╌
//
// Reading the clock costs as much as two or three steps of a task. So it is read
// every `stride` steps only, and the stride follows what the steps cost: it
// doubles while they are short, and shrinks at once when they are long.

import { type Clock, monotonicClock } from "./clock.ts";
import type { Runnable, Slots } from "./slots.ts";

/** The most steps between two looks at the clock: the price of a look is then under 1 ns a step. */
const LONGEST_STRIDE = 64;
/** How many milliseconds should pass between two looks. */
const LOOK_EVERY = 0.25;

/** Why `run` came back. */
export const IDLE = 0;
export const STOPPED = 1;
export const SLICE_OVER = 2;
export type Pause = typeof IDLE | typeof STOPPED | typeof SLICE_OVER;

/** Who hears of steps that went wrong. */
export interface Reports {
  onError(runnable: Runnable, error: unknown): void;
  /** `duration` in milliseconds. */
  onSlow(runnable: Runnable, duration: number): void;
}

export class Turns {
  /** Ends the run after the turn in which it becomes true. */
  stopping = false;
  /** A step that takes longer, in milliseconds, goes to `onSlow`; Infinity measures none. */
  slowerThan = Infinity;
  /** Makes ready what outside sources have got ready for; undefined while none is watched. */
  poll: (() => void) | undefined = undefined;
  readonly #slots: Slots;
  readonly #clock: Clock;
  readonly #slice: number;
  readonly #reports: Reports;
  /** Entries of the batch that have not had their turn. */
  #left = 0;
  #stride = 1;
  #untilLook = 0;
  #lookedAt = 0;
  #sliceEnd = 0;

  constructor(slots: Slots, clock: Clock, slice: number, reports: Reports) {
    this.#slots = slots;
    this.#clock = clock;
    this.#slice = slice;
    this.#reports = reports;
  }

  /** Gives the turns that follow a whole slice of time. */
  beginSlice(): void {
    this.#lookedAt = monotonicClock.now();
    this.#sliceEnd = this.#lookedAt + this.#slice;
  }

  /** Runs turn after turn: until nothing is ready, until a turn has stopped the loop, or until the slice is over. */
  run(): Pause {
    const slots = this.#slots;
    const { core } = slots;
    let left = this.#left;
    let began = left > 0;
    let empty = false;
    let untilLook = this.#untilLook;
    for (;;) {
      try {
        for (;;) {
          if (!began) {
            if (this.poll !== undefined) this.poll();
            // Without a timer nothing depends on the time.
            left = core.turn(core.deadline() === Infinity ? 0 : this.#clock.now());
            began = true;
            empty = left === 0;
          }
          while (left > 0) {
            // Before the step, so that steps that throw are counted too.
            if (--untilLook < 0) {
              // However short a slice is, the next one begins with a step.
              if (this.#look()) return this.#pause(SLICE_OVER, left, 1);
              untilLook = this.#stride;
            }
            left--;
            const id = core.take();
            if (id === 0) continue; // cancelled meanwhile
            const runnable = slots.at(id);
            slots.current = runnable;
            const again = this.slowerThan === Infinity ? runnable._run() : this.#runTimed(runnable);
            // Here, where the id is at hand: a task need not look for its loop and its core.
            if (again) core.push(id);
          }
          began = false;
          if (this.stopping) return this.#pause(STOPPED, 0, untilLook);
          if (empty) return this.#pause(IDLE, 0, untilLook);
        }
      } catch (error) {
        const runnable = slots.current;
        if (runnable === undefined) throw error; // not of a step: the core is broken
        this.#left = left;
        // Still its turn: the handler finds its context.
        this.#reports.onError(runnable, error);
        slots.current = undefined;
      }
    }
  }

  #runTimed(runnable: Runnable): boolean {
    const start = monotonicClock.now();
    try {
      return runnable._run();
    } finally {
      const duration = monotonicClock.now() - start;
      if (duration > this.slowerThan) this.#reports.onSlow(runnable, duration);
    }
  }

  #pause(pause: Pause, left: number, untilLook: number): Pause {
    this.#slots.current = undefined;
    this.#left = left;
    this.#untilLook = untilLook;
    return pause;
  }

  /** Drops the rest of the batch: for a loop that is closed. */
  clear(): void {
    this.#left = 0;
  }

  /** Reads the clock. Returns whether the slice is over. */
  #look(): boolean {
    const now = monotonicClock.now();
    const elapsed = now - this.#lookedAt;
    this.#lookedAt = now;
    this.#stride =
      elapsed < LOOK_EVERY
        ? Math.min(this.#stride * 2, LONGEST_STRIDE)
        : Math.max(1, Math.floor((this.#stride * LOOK_EVERY) / elapsed));
    return now >= this.#sliceEnd;
  }
}
