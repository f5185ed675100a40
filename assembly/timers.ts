// The timer heap: which slot is due next.
//
// A 4-ary min-heap over (when, arrival). `arrival` counts the timers added, so that of two timers
// due at the same instant, the one added first fires first. With four children instead of two, the
// heap is half as high, and four adjacent records of 16 bytes share a cache line:
//
//              0                 children of i: 4i + 1 to 4i + 4
//      ┌─────┬───┴─┬─────┐       parent of i:   (i - 1) / 4
//      1     2     3     4
//    ┌─┬┴┬─┐
//    5 6 7 8                     record: when f64 │ arrival u32 │ id u32
//
// A cancelled timer is removed immediately, in O(log n). If it stayed on the heap until it is due,
// the heap would grow with every timeout that is set and cleared.
//
// Invariants:
//   H1  For 0 < i < size, the record at i is not before its parent.
//   H2  For 0 <= i < size, the state of the slot at i is TIMER | i.
//   H3  A slot whose state is TIMER | i is on the heap at i.
//   H4  Without timers, the first record's `when` is Infinity, so that JavaScript can read the
//       earliest deadline from a fixed address.
//
// If the stack is nearly full, entering a function throws. Such an error must not leave the heap
// half changed. So nothing is changed before raiseHole() has been entered, and a release build
// inlines all functions that are called after that.
//
// `arrival` wraps at 2^32, and restarts at 0 when the heap becomes empty. It is compared by
// distance, which is correct as long as timers with equal deadlines were added fewer than 2^31
// timers apart.

import { heap } from "./memory";
import { IDLE, isIdle, isLive, isTimer, SLOT_MASK, setState, stateOf, TIMER } from "./slots";

const RECORD_BITS: u32 = 4;
const WHEN: usize = 0;
const ARRIVAL: usize = 8;
const ID: usize = 12;

export let size: u32 = 0;
let nextArrival: u32 = 0;

export function addTimer(id: u32, when: f64): void {
  if (!ASC_NO_ASSERT) assert(isIdle(id));
  const hole = raiseHole(size, when, nextArrival);
  put(hole, when, nextArrival++, id);
  size++;
}

/** Removes a timer from the heap. Returns false if it is not there. */
export function removeTimer(id: u32): bool {
  if (!isLive(id)) return false;
  const slot = id & SLOT_MASK;
  const state = stateOf(slot);
  if (!isTimer(state)) return false;
  removeAt(state & SLOT_MASK);
  setState(slot, IDLE);
  return true;
}

/** Removes the record at `index`. The caller must set the state of its slot. */
export function removeAt(index: u32): void {
  const last = size - 1;
  if (index !== last) {
    // The last record fills the hole, which first moves up or down to where the record fits.
    const record = recordAt(last);
    const when = whenOf(record);
    const arrival = arrivalOf(record);
    let hole = raiseHole(index, when, arrival);
    if (hole === index) hole = lowerHole(index, last, when, arrival);
    put(hole, when, arrival, idOf(record));
  }
  size = last;
  if (last === 0) resetTimers(0);
}

export function isDue(now: f64): bool {
  return size > 0 && whenOf(heap) <= now;
}

export function firstTimer(): u32 {
  return idOf(heap);
}

/** Empties the heap. Arrivals start at `arrival`, which is 0 except in tests. */
export function resetTimers(arrival: u32): void {
  size = 0;
  nextArrival = arrival;
  store<f64>(heap, Infinity, WHEN);
}

/** Moves a hole up, past parents that come after (when, arrival). Returns its new index. */
function raiseHole(start: u32, when: f64, arrival: u32): u32 {
  let hole = start;
  while (hole > 0) {
    const parent = (hole - 1) >>> 2;
    if (!isBefore(when, arrival, recordAt(parent))) break;
    fillHole(hole, recordAt(parent));
    hole = parent;
  }
  return hole;
}

/**
 * Moves a hole down in a heap of `end` records, past children that come before (when, arrival).
 * Returns its new index.
 */
function lowerHole(start: u32, end: u32, when: f64, arrival: u32): u32 {
  let hole = start;
  let child = (hole << 2) + 1;
  while (child < end) {
    child = firstOfFour(child, end);
    if (isBefore(when, arrival, recordAt(child))) break;
    fillHole(hole, recordAt(child));
    hole = child;
    child = (hole << 2) + 1;
  }
  return hole;
}

/** Returns the index of the earliest record among up to four siblings, from `sibling` on. */
function firstOfFour(sibling: u32, end: u32): u32 {
  let first = sibling;
  for (let other = sibling + 1; other < min(sibling + 4, end); other++) {
    const record = recordAt(other);
    if (isBefore(whenOf(record), arrivalOf(record), recordAt(first))) first = other;
  }
  return first;
}

function fillHole(hole: u32, record: usize): void {
  put(hole, whenOf(record), arrivalOf(record), idOf(record));
}

function put(index: u32, when: f64, arrival: u32, id: u32): void {
  const record = recordAt(index);
  store<f64>(record, when, WHEN);
  store<u32>(record, arrival, ARRIVAL);
  store<u32>(record, id, ID);
  setState(id & SLOT_MASK, TIMER | index);
}

function isBefore(when: f64, arrival: u32, record: usize): bool {
  const other = whenOf(record);
  return when < other || (when === other && ((arrival - arrivalOf(record)) as i32) < 0);
}

function recordAt(index: u32): usize {
  return heap + ((index as usize) << RECORD_BITS);
}

function whenOf(record: usize): f64 {
  return load<f64>(record, WHEN);
}

function arrivalOf(record: usize): u32 {
  return load<u32>(record, ARRIVAL);
}

function idOf(record: usize): u32 {
  return load<u32>(record, ID);
}

/** Asserts H1, H2 and H4. H3 follows from H2 if `verifySlots` also finds `size` timers. */
export function verifyTimers(): void {
  if (size === 0) assert(whenOf(heap) === Infinity); // H4
  for (let index: u32 = 0; index < size; index++) {
    const record = recordAt(index);
    assert(isLive(idOf(record)));
    assert(stateOf(idOf(record) & SLOT_MASK) === (TIMER | index)); // H2
    if (index === 0) continue;
    const parent = recordAt((index - 1) >>> 2);
    assert(!isBefore(whenOf(record), arrivalOf(record), parent)); // H1
  }
}
