// The slots: which are alive, and the state of each.
//
// An id consists of a slot's number and generation. Each release increments the generation, so that
// ids of earlier owners are recognized as stale, until the generations repeat after 64 owners. The
// state of a slot includes its position in a ring or on the heap, so that releasing it needs no
// search:
//
//   31 30 29           24 23                          0
//  ┌─────┬─────────────────────────────────────────────┐
//  │ 0 0 │ counter in the ring of user-blocking        │  ready: the tag is
//  │ 0 1 │ counter in the ring of user-visible         │  the priority
//  │ 1 0 │ counter in the ring of background           │
//  ├─────┼───────────────┬─────────────────────────────┤
//  │ 1 1 │ 0 0 0 0 0 0   │ next free slot, 0: the last │  FREE
//  │ 1 1 │ 0 0 0 0 0 1   │ index in the timer heap     │  TIMER
//  │ 1 1 │ 1 1 1 1 1 1   │ 1 1 1 ...                   │  IDLE
//  └─────┴───────────────┴─────────────────────────────┘
//
// Slots from `fresh` on have not been used since the last reset, and their rows may contain
// anything. This makes growing and resetting cheap, because no row is written before its first use.
//
// Invariants:
//   S1  Slot 0 is always FREE and never in the free list, so that 0 is never a valid id.
//   S2  The free list, from `firstFree`, contains each FREE slot from 1 to fresh - 1 once.
//   S3  The other slots from 1 to fresh - 1 are alive; `live` is their number.

import { capacity, generations, growRows, states } from "./memory";

export const SLOT_MASK: u32 = 0xffffff;
const SLOT_BITS: u32 = 24;
const GENERATION_MASK: u32 = 0x3f;

const FREE: u32 = 0xc0000000;
export const TIMER: u32 = 0xc1000000;
export const IDLE: u32 = 0xffffffff;
const KIND_MASK: u32 = 0xff000000;

export let live: u32 = 0;
let firstFree: u32 = 0;
let fresh: u32 = 1;

/**
 * Allocates the free slot that was released last, or the next fresh one if none is free. Returns
 * its id, or 0 if there is no room.
 */
export function allocate(): u32 {
  let slot = firstFree;
  if (slot !== 0) {
    firstFree = stateOf(slot) & SLOT_MASK;
  } else {
    if (fresh === capacity && !growRows()) return 0;
    slot = fresh++;
    setGeneration(slot, 0);
  }
  setState(slot, IDLE);
  live++;
  return (generationOf(slot) << SLOT_BITS) | slot;
}

/** Frees a slot that is in no ring and not on the heap. */
export function free(slot: u32): void {
  setGeneration(slot, (generationOf(slot) + 1) & GENERATION_MASK);
  setState(slot, FREE | firstFree);
  firstFree = slot;
  live--;
}

export function resetSlots(): void {
  setState(0, FREE);
  setGeneration(0, 0);
  firstFree = 0;
  fresh = 1;
  live = 0;
}

/**
 * Whether `id` belongs to the current owner of its slot. An id from before a reset is stale until
 * the same id is allocated again.
 */
export function isLive(id: u32): bool {
  const slot = id & SLOT_MASK;
  return slot < fresh && generationOf(slot) === id >>> SLOT_BITS && !isFree(stateOf(slot));
}

export function isIdle(id: u32): bool {
  return isLive(id) && stateOf(id & SLOT_MASK) === IDLE;
}

export function stateOf(slot: u32): u32 {
  return load<u32>(states + ((slot as usize) << 2));
}

export function setState(slot: u32, state: u32): void {
  store<u32>(states + ((slot as usize) << 2), state);
}

/** Whether a slot with this state is in a ring, the one of priority `state >>> 30`. */
export function isReady(state: u32): bool {
  return state < FREE;
}

export function isTimer(state: u32): bool {
  return (state & KIND_MASK) === TIMER;
}

function isFree(state: u32): bool {
  return (state & KIND_MASK) === FREE;
}

function generationOf(slot: u32): u32 {
  return load<u8>(generations + (slot as usize));
}

function setGeneration(slot: u32, generation: u32): void {
  store<u8>(generations + (slot as usize), generation);
}

/** Asserts S1 to S3, and the numbers of slots in rings (`ready`) and on the heap (`timers`). */
export function verifySlots(ready: u32, timers: u32): void {
  assert(isFree(stateOf(0))); // S1
  let freeSlots: u32 = 0;
  for (let slot: u32 = 1; slot < fresh; slot++) {
    const state = stateOf(slot);
    if (isReady(state)) ready--;
    else if (isTimer(state)) timers--;
    else if (isFree(state)) freeSlots++;
    else assert(state === IDLE);
  }
  assert(ready === 0 && timers === 0);
  assert(live + freeSlots === fresh - 1); // S3
  for (let slot = firstFree; slot !== 0; slot = stateOf(slot) & SLOT_MASK) {
    assert(isFree(stateOf(slot)) && slot < fresh && freeSlots-- > 0); // S2
  }
  assert(freeSlots === 0); // S2
}
