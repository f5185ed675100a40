// The two operations that concern all parts of the core: releasing a slot in any state, and
// resetting.

import { erase, resetRings } from "./ready";
import { free, isLive, isReady, isTimer, resetSlots, SLOT_MASK, stateOf } from "./slots";
import { removeAt, resetTimers } from "./timers";

/** Releases a slot. Returns false if the id is stale. */
export function release(id: u32): bool {
  if (!isLive(id)) return false;
  const slot = id & SLOT_MASK;
  const state = stateOf(slot);
  if (isReady(state)) erase(state);
  else if (isTimer(state)) removeAt(state & SLOT_MASK);
  free(slot);
  return true;
}

/**
 * Resets everything except the sizes of the regions. A new core is reset before its first use.
 * `counter` and `arrival` are the initial values of the counters that wrap: 0, except in tests.
 */
export function reset(counter: u32, arrival: u32): void {
  resetSlots();
  resetRings(counter);
  resetTimers(arrival);
}
