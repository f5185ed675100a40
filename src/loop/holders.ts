// The holders of locks, recorded for debugging and tests.
//
// Locks have no owner, because recording one takes longer than acquiring the lock. Holders are
// recorded only while some loop is in debug mode, has a clock that doesn't advance by itself, or is
// searched for warnings. A DeadlockError or a warning can then name the task that holds a lock.

import { runningScheduler } from "./current.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Runnable } from "./slots.ts";

/** A lock or a permit that was acquired and not released. */
export interface Holding {
  /** The lock, or the semaphore of the permit. */
  readonly primitive: object;
  /** Its kind, such as `"Lock"`. */
  readonly kind: string;
  /** The task or callback that acquired it. Undefined for a coroutine that is driven by hand. */
  readonly by: Runnable | undefined;
  /** The loop in whose turn it was acquired. */
  readonly loop: Scheduler | undefined;
}

export const holders = {
  /** The number of loops that need this record. */
  watchers: 0,
  /**
   * How many of these loops also check that a plain generator becomes a task only once. Loops that
   * are only observed don't check it, because observers must not change what a program does.
   */
  checkers: 0,
};

let ofPrimitive = /* @__PURE__ */ new WeakMap<object, Holding[]>();
/** What was acquired and not released, for each loop that `recordHeld` was called with. */
const ofLoop = /* @__PURE__ */ new WeakMap<Scheduler, Set<Holding>>();
/**
 * How many permits were released without being acquired, as when a semaphore serves as a signal. A
 * task that acquires such a permit doesn't count as its holder.
 */
let signals = /* @__PURE__ */ new WeakMap<object, number>();

/**
 * Adds (1) or removes (-1) a loop for which holders must be recorded. When no such loop is left,
 * drops all records, because they would become stale.
 *
 * @param checks 0 if the loop is only observed
 */
export function watchHolders(difference: 1 | -1, checks: number = difference): void {
  holders.watchers += difference;
  holders.checkers += checks;
  if (holders.watchers > 0) return;
  ofPrimitive = new WeakMap();
  signals = new WeakMap();
}

/**
 * Makes `heldOn` work for a loop. The loop must stay watched, see `watchHolders`. The record keeps
 * everything that is acquired and never released, so this is only for the loops of tests.
 */
export function recordHeld(loop: Scheduler): void {
  ofLoop.set(loop, new Set());
}

/** Records that `primitive` was acquired in this turn. */
export function noteTaken(primitive: object, kind: string): void {
  const signalled = signals.get(primitive) ?? 0;
  if (signalled > 0) {
    signals.set(primitive, signalled - 1);
    return;
  }
  const loop = runningScheduler();
  const holding: Holding = { primitive, kind, by: loop?._slots.current, loop };
  const known = ofPrimitive.get(primitive);
  if (known === undefined) ofPrimitive.set(primitive, [holding]);
  else known.push(holding);
  if (loop !== undefined) ofLoop.get(loop)?.add(holding);
}

/**
 * Records that `primitive` was released: by the running task or callback if it is a holder,
 * otherwise on behalf of the first holder. `isSignal` says that a release without a holder counts
 * as a signal.
 */
export function noteGiven(primitive: object, isSignal: boolean): void {
  const known = ofPrimitive.get(primitive) ?? [];
  const by = runningScheduler()?._slots.current;
  const own = known.findIndex((holding) => holding.by === by);
  const [holding] = known.splice(Math.max(own, 0), 1);
  if (holding === undefined && isSignal) signals.set(primitive, (signals.get(primitive) ?? 0) + 1);
  if (holding?.loop !== undefined) ofLoop.get(holding.loop)?.delete(holding);
}

/** Returns the recorded holders of `primitive`, in the order in which they acquired it. */
export function holdersOf(primitive: object): readonly Holding[] {
  return ofPrimitive.get(primitive) ?? [];
}

/** Returns what was acquired in turns of `loop` since `recordHeld(loop)`, and not released. */
export function heldOn(loop: Scheduler): readonly Holding[] {
  return [...(ofLoop.get(loop) ?? [])];
}
