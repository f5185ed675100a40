// What a core is: the order in which callbacks run, and nothing about what they do.
//
// A core knows ids, deadlines and priorities. An id stands in one of three states, and
// only the core's own methods change that:
//
//             push, schedule
//      ┌────────────────────────────▶ ready ──┐
//    idle ◀───────────────────────────────────┘ take
//      │ ▲        removeTimer           ▲
//      │ └─────────────────────── timer ┘ turn, when due
//      └────────addTimer────────────▶
//
// `allocate` gives an idle id, `release` takes back one in any state.

/** `"wasm"` runs the compiled core, `"js"` the reference core, which is the same in TypeScript. */
export type CoreKind = "wasm" | "js";

/** 0 is user-blocking, 1 user-visible (the default), 2 background. */
export type Priority = 0 | 1 | 2;

// An id is generation << 24 | slot. With six bits of generation it has 30 bits, so that
// every engine keeps it as a small integer, without a box. No id is 0.
export const SLOT_BITS = 24;
export const SLOT_MASK = 0xffffff;

export interface Core {
  readonly kind: CoreKind;

  /**
   * Takes a free slot, that one first which was given back last. An owner's id is
   * recognised as stale until its slot has had 64 more owners.
   *
   * @throws RangeError if all 2^24 - 1 slots are taken or memory cannot grow. Nothing has changed then.
   */
  allocate(): number;

  /**
   * Gives a slot back at once, wherever it stands. A ready entry becomes a tombstone, which
   * counts as an entry until it is taken; a timer leaves the heap.
   *
   * @returns false, without any effect, if the id is stale.
   */
  release(id: number): boolean;

  /**
   * Appends an idle id to the ready queue of the default priority.
   *
   * @throws RangeError if memory cannot grow. Nothing has changed then.
   */
  push(id: number): void;

  /**
   * Appends an idle id to the ready queue of a priority.
   *
   * @throws RangeError if memory cannot grow. Nothing has changed then.
   */
  schedule(id: number, priority: Priority): void;

  /** Puts an idle id on the timer heap. Needs no memory, and so never fails. */
  addTimer(id: number, when: number): void;

  /** Takes an id from the timer heap and leaves it idle; false if it is not there. */
  removeTimer(id: number): boolean;

  /**
   * Starts a turn and says of how many entries its batch is; exactly as many calls of
   * `take` have to follow before the next turn.
   *
   * Timers with `when <= now` become ready at the default priority, behind what is ready
   * already, by deadline and then by arrival. The batch is what is ready at that moment:
   * all that is user-blocking, all that is user-visible, then of background as much as
   * there is if there is nothing else, otherwise one entry for every eight others, at
   * least one. Within a priority it is first come, first served. What becomes ready while
   * the batch is taken waits for the next turn.
   */
  turn(now: number): number;

  /** Takes the next entry of the batch: an id, which is idle now, or 0 if it was released. */
  take(): number;

  /** The earliest deadline, Infinity if there is none. */
  deadline(): number;

  /** Whether anything is ready, in any priority. Tombstones count. */
  hasReady(): boolean;

  /** The number of allocated slots. */
  live(): number;

  /** The number of timers on the heap. */
  timers(): number;

  /** Makes the core as new, except that it keeps its memory. No id means anything any more. */
  reset(): void;
}

/** The error of a core whose slots are all taken. */
export function tooMany(): RangeError {
  return new RangeError(`Expected at most ${SLOT_MASK} pending callbacks and timers, got one more`);
}
