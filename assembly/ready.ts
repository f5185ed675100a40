// The ready queues.
//
// Each priority has a ring of ids. `head` and `tail` count the entries ever taken and appended.
// They wrap at 2^30, and the position of an entry is its counter & mask. When a ring grows to twice
// its size, its entries are copied into both halves, so every counter still finds its entry:
//
//   mask 3   │ 4 │ 5 │ 2 │ 3 │                       counters 2 to 5
//   mask 7   │ 4 │ 5 │ 2 │ 3 │ 4 │ 5 │ 2 │ 3 │
//                      ▲   ▲   ▲   ▲                 2 & 7, 3 & 7, 4 & 7, 5 & 7
//
// A released slot leaves a tombstone, 0, in its entry.
//
// JavaScript appends to the user-visible ring and takes from it through views. It keeps the head
// and tail of that ring in fields of an object, which are faster than words of memory. It passes
// both to turn(), which leaves their new values in the ring's words in RINGS. Once JavaScript has
// read these two words, they are stale until the next turn.
//
// Invariants:
//   R1  tail - head <= mask + 1
//   R2  An entry from head to tail is a tombstone, or the id of a slot whose state contains
//       this ring and this counter.
//   R3  If the state of a slot contains a ring and a counter, its id is in that entry.

import { FIRST_ENTRIES, grow } from "./memory";
import { isIdle, isLive, SLOT_MASK, setState, stateOf } from "./slots";

const COUNTER_MASK: u32 = 0x3fffffff;
const COUNTER_BITS: u32 = 30;

const RING_SIZE: usize = 16;
const ENTRIES: usize = 0;
const MASK: usize = 4;
const HEAD: usize = 8;
const TAIL: usize = 12;

/**
 * A quarter of the address space. A ring of this size has room for sixteen times as many entries as
 * there are slots.
 */
const MAX_SIZE: usize = 1 << 30;

const VISIBLE_MASK: u32 = 2047;
const OTHER_MASK: u32 = 1023;
const VISIBLE_ENTRIES: usize = FIRST_ENTRIES;
const BLOCKING_ENTRIES: usize = VISIBLE_ENTRIES + ((VISIBLE_MASK as usize) + 1) * 4;
const BACKGROUND_ENTRIES: usize = BLOCKING_ENTRIES + ((OTHER_MASK as usize) + 1) * 4;

/** The rings in the order of their priorities: address of the entries, mask, head, tail. */
// biome-ignore format: one ring per line
export const RINGS: usize = memory.data<u32>([
  BLOCKING_ENTRIES as u32, OTHER_MASK, 0, 0,
  VISIBLE_ENTRIES as u32, VISIBLE_MASK, 0, 0,
  BACKGROUND_ENTRIES as u32, OTHER_MASK, 0, 0,
], 16);

export const USER_BLOCKING: usize = RINGS;
export const USER_VISIBLE: usize = RINGS + RING_SIZE;
export const BACKGROUND: usize = RINGS + 2 * RING_SIZE;

/**
 * Appends an idle slot to the user-blocking or background ring. Returns false if there is no room.
 */
export function schedule(id: u32, priority: u32): bool {
  const ring = ringOf(priority);
  if (!ASC_NO_ASSERT) assert(isIdle(id) && ring !== USER_VISIBLE);
  return append(id, ring);
}

/** Makes room for one entry in the user-visible ring. Returns false if there is no memory. */
export function makeRoom(head: u32, tail: u32): bool {
  setHead(USER_VISIBLE, head);
  setTail(USER_VISIBLE, tail);
  return reserve(1, USER_VISIBLE) !== 0;
}

export function append(id: u32, ring: usize): bool {
  if (reserve(1, ring) === 0) return false;
  const tail = tailOf(ring);
  put(id, ring, tail);
  setTail(ring, tail + 1);
  return true;
}

/** Makes room for `count` entries if it can. Returns how many of them fit. */
export function reserve(count: u32, ring: usize): u32 {
  while (roomOf(ring) < count && growRing(ring));
  return min(count, roomOf(ring));
}

/**
 * Moves the first `count` entries of a ring to the front of the user-visible ring, in their order.
 */
export function prepend(count: u32, ring: usize): void {
  const from = headOf(ring);
  const to = headOf(USER_VISIBLE) - count;
  for (let i: u32 = 0; i < count; i++) {
    put(load<u32>(entryAt(ring, from + i)), USER_VISIBLE, to + i);
  }
  setHead(ring, from + count);
  setHead(USER_VISIBLE, to);
}

/** The first entry of a ring, an id or a tombstone. The ring must not be empty. */
export function firstOf(ring: usize): u32 {
  return load<u32>(entryAt(ring, headOf(ring)));
}

/** Drops the first entry of a ring, which must not be empty. */
export function dropFirst(ring: usize): void {
  setHead(ring, headOf(ring) + 1);
}

/** Puts a tombstone in the entry of a ready slot, given the slot's state. */
export function erase(state: u32): void {
  store<u32>(entryAt(ringOf(state >>> COUNTER_BITS), state), 0);
}

/** Empties the rings. Their counters start at `counter`, which is 0 except in tests. */
export function resetRings(counter: u32): void {
  for (let ring = USER_BLOCKING; ring <= BACKGROUND; ring += RING_SIZE) {
    setHead(ring, counter);
    setTail(ring, counter);
  }
}

export function lengthOf(ring: usize): u32 {
  return (tailOf(ring) - headOf(ring)) & COUNTER_MASK;
}

export function headOf(ring: usize): u32 {
  return load<u32>(ring, HEAD);
}

function tailOf(ring: usize): u32 {
  return load<u32>(ring, TAIL);
}

export function setHead(ring: usize, counter: u32): void {
  store<u32>(ring, counter & COUNTER_MASK, HEAD);
}

export function setTail(ring: usize, counter: u32): void {
  store<u32>(ring, counter & COUNTER_MASK, TAIL);
}

function put(id: u32, ring: usize, counter: u32): void {
  store<u32>(entryAt(ring, counter), id);
  if (id !== 0) setState(id & SLOT_MASK, stateAt(ring, counter));
}

/** The state of a slot in a ring: the priority in the bits above the counter. */
function stateAt(ring: usize, counter: u32): u32 {
  return ((((ring - RINGS) / RING_SIZE) as u32) << COUNTER_BITS) | (counter & COUNTER_MASK);
}

/** The address of the entry with this counter. Ignores the higher bits of a state, its priority. */
function entryAt(ring: usize, counter: u32): usize {
  return entriesOf(ring) + (((counter & maskOf(ring)) as usize) << 2);
}

/** Doubles a ring. Returns false if there is no memory. */
function growRing(ring: usize): bool {
  const mask = maskOf(ring);
  const size = ((mask as usize) + 1) << 2;
  if (size === MAX_SIZE) return false;
  const region = grow(size << 1);
  if (region === 0) return false;
  memory.copy(region, entriesOf(ring), size);
  memory.copy(region + size, region, size);
  store<u32>(ring, region as u32, ENTRIES);
  store<u32>(ring, (mask << 1) | 1, MASK);
  return true;
}

function roomOf(ring: usize): u32 {
  return maskOf(ring) + 1 - lengthOf(ring);
}

function ringOf(priority: u32): usize {
  return RINGS + (priority as usize) * RING_SIZE;
}

function entriesOf(ring: usize): usize {
  return load<u32>(ring, ENTRIES) as usize;
}

function maskOf(ring: usize): u32 {
  return load<u32>(ring, MASK);
}

/**
 * Asserts R1 and R2. Returns the number of entries that are not tombstones. verifySlots needs it to
 * check R3.
 */
export function verifyRings(): u32 {
  let ready: u32 = 0;
  for (let ring = USER_BLOCKING; ring <= BACKGROUND; ring += RING_SIZE) {
    const length = lengthOf(ring);
    assert(length <= maskOf(ring) + 1); // R1
    for (let i: u32 = 0; i < length; i++) {
      const counter = headOf(ring) + i;
      const id = load<u32>(entryAt(ring, counter));
      if (id === 0) continue;
      assert(isLive(id) && stateOf(id & SLOT_MASK) === stateAt(ring, counter)); // R2
      ready++;
    }
  }
  return ready;
}
