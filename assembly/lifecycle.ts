// The two operations that concern every part at once: to give a slot back, wherever it
// stands, and to start again.

import { erase, resetRings } from "./ready";
import { free, isLive, isReady, isTimer, placeOf, resetSlots, SLOT_MASK } from "./slots";
import { removeAt, resetTimers } from "./timers";

/** Gives back a slot; false if the id is stale. */
export function release(id: u32): bool {
  if (!isLive(id)) return false;
  const slot = id & SLOT_MASK;
  const place = placeOf(slot);
  if (isReady(place)) erase(place);
  else if (isTimer(place)) removeAt(place & SLOT_MASK);
  free(slot);
  return true;
}

/**
 * Forgets everything but the size of the regions. A new core is reset before its first use.
 * The starting points of the two counters that wrap are for tests, otherwise 0.
 */
export function reset(counter: u32, arrival: u32): void {
  resetSlots();
  resetRings(counter);
  resetTimers(arrival);
}
