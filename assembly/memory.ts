// The layout of the memory, and how it grows.
//
// There are no managed objects. The core is a few regions at computed addresses.
//
//   page 0                                                             more pages
//   ┌───────┬─────────────────────────────┬───────────────────────────┬─────────┐
//   │ RINGS │ heap · states · generations │ one region for each ring  │   ...   │
//   └───────┴─────────────────────────────┴───────────────────────────┴─────────┘
//    1 KiB    the rows                      the entries
//
// A full region moves to new pages at the end, with twice the size. The old region is not used
// again. All former sizes of a region together are smaller than its current one, so at most half of
// the memory is wasted. Reusing old regions would save less memory than the code for it takes.
//
// Invariants:
//   M1  A region moves only to pages that were grown for it. Growing detaches all views in
//       JavaScript, so a stale view is empty and never shows old data.
//   M2  If the memory can't grow, nothing changes.
//   M3  Nothing relies on unused memory being zero.

const PAGE_BITS = 16;

/** Static data ends below this address. */
const START: usize = 2048;

// A row is the memory for one slot: a state, a generation, and a record on the timer heap. Heap
// records are not in the order of the slots. But there are as many records as slots, so there is
// always room for the timer of an allocated slot.
const INITIAL_ROWS: u32 = 2048;
const MAX_ROWS: u32 = 1 << 24;
const HEAP_RECORD_SIZE: usize = 16;
const STATE_SIZE: usize = 4;
const GENERATION_SIZE: usize = 1;

/** Aligns the four children of a timer, which are adjacent, to one cache line of 64 bytes. */
const HEAP_OFFSET: usize = 64 - HEAP_RECORD_SIZE;

const FIRST_HEAP: usize = START + HEAP_OFFSET;
const FIRST_STATES: usize = FIRST_HEAP + (INITIAL_ROWS as usize) * HEAP_RECORD_SIZE;
const FIRST_GENERATIONS: usize = FIRST_STATES + (INITIAL_ROWS as usize) * STATE_SIZE;

/** Where the first regions of the rings begin. */
export const FIRST_ENTRIES: usize = FIRST_GENERATIONS + (INITIAL_ROWS as usize) * GENERATION_SIZE;

/** The number of rows. */
export let capacity: u32 = INITIAL_ROWS;
export let heap: usize = FIRST_HEAP;
export let states: usize = FIRST_STATES;
export let generations: usize = FIRST_GENERATIONS;

/** Doubles the number of rows. Returns false if there is no room. */
export function growRows(): bool {
  if (capacity === MAX_ROWS) return false;
  const rows = (capacity as usize) << 1;
  const region = grow(HEAP_OFFSET + rows * (HEAP_RECORD_SIZE + STATE_SIZE + GENERATION_SIZE));
  if (region === 0) return false;

  const newHeap = region + HEAP_OFFSET;
  const newStates = newHeap + rows * HEAP_RECORD_SIZE;
  const newGenerations = newStates + rows * STATE_SIZE;
  memory.copy(newHeap, heap, (capacity as usize) * HEAP_RECORD_SIZE);
  memory.copy(newStates, states, (capacity as usize) * STATE_SIZE);
  memory.copy(newGenerations, generations, (capacity as usize) * GENERATION_SIZE);
  heap = newHeap;
  states = newStates;
  generations = newGenerations;
  capacity = rows as u32;
  return true;
}

/** Allocates a region. Returns its address, or 0 if there is no room. */
export function grow(size: usize): usize {
  const pages = (size + (1 << PAGE_BITS) - 1) >>> PAGE_BITS;
  const end = memory.grow(pages as i32);
  return end < 0 ? 0 : (end as usize) << PAGE_BITS;
}
