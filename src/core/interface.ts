// The interface of a core, which decides the order in which callbacks run.
//
// A core knows ids, deadlines and priorities, but not the callbacks. An allocated id is in one of
// three states, which only these methods change:
//
//             push, schedule
//      ┌────────────────────────────▶ ready ──┐
//    idle ◀───────────────────────────────────┘ take
//      │ ▲        removeTimer           ▲
//      │ └─────────────────────── timer ┘ turn, when due
//      └────────addTimer────────────▶
//
// `allocate` returns an idle id. `release` frees an id in any state.

/** `"wasm"` is the compiled core, `"js"` the reference core in TypeScript. Both behave the same. */
export type CoreKind = "wasm" | "js";

/** 0 is user-blocking, 1 user-visible (the default), 2 background. */
export type Priority = 0 | 1 | 2;

// An id is generation << 24 | slot. With six bits for the generation it has 30 bits, so that every
// engine represents it as a small integer, without boxing. No id is 0.
export const SLOT_BITS = 24;
export const SLOT_MASK = 0xffffff;

export interface Core {
  readonly kind: CoreKind;

  /**
   * Allocates the free slot that was released last, or a new one if none is free. Returns its id.
   * Once released, the id is recognized as stale until the slot has been allocated 64 more times.
   *
   * @throws RangeError, without changing anything, if all 2^24 - 1 slots are taken or memory can't
   * grow.
   */
  allocate(): number;

  /**
   * Frees a slot immediately, in any state. A ready entry becomes a tombstone, which counts as an
   * entry until it is taken. A timer leaves the heap.
   *
   * @returns false, without any effect, if the id is stale.
   */
  release(id: number): boolean;

  /**
   * Appends an idle id to the ready queue of the default priority.
   *
   * @throws RangeError, without changing anything, if memory can't grow.
   */
  push(id: number): void;

  /**
   * Appends an idle id to the ready queue of a priority.
   *
   * @throws RangeError, without changing anything, if memory can't grow.
   */
  schedule(id: number, priority: Priority): void;

  /** Adds an idle id to the timer heap. Never fails, because it needs no memory. */
  addTimer(id: number, when: number): void;

  /** Removes an id from the timer heap and leaves it idle. Returns false if it is not there. */
  removeTimer(id: number): boolean;

  /**
   * Starts a turn and returns the size of its batch. Exactly as many calls of `take` must follow
   * before the next turn.
   *
   * Timers with `when <= now` become ready at the default priority, behind the entries that are
   * already ready, by deadline and then by arrival. The batch contains all user-blocking entries,
   * then all user-visible ones, then background entries. If there are no other entries, it contains
   * all background entries. Otherwise it contains one per eight entries of other priorities, and at
   * least one. Within a priority, entries are in the order in which they became ready. Entries
   * added while the batch is taken wait for the next turn.
   */
  turn(now: number): number;

  /**
   * Takes the next entry of the batch. Returns its id, which is idle now, or 0 for a tombstone.
   */
  take(): number;

  /** Returns the earliest deadline, or Infinity if there is none. */
  deadline(): number;

  /** Whether anything is ready, in any priority. Tombstones count. */
  hasReady(): boolean;

  /** Returns the number of allocated slots. */
  live(): number;

  /** Returns the number of timers on the heap. */
  timers(): number;

  /** Resets the core to its initial state, but keeps its memory. All ids become invalid. */
  reset(): void;
}

/** Returns the error for a core whose slots are all taken. */
export function tooMany(): RangeError {
  return new RangeError(`Expected at most ${SLOT_MASK} pending callbacks and timers, got one more`);
}
