// Where does everything lie, and where does more room come from?
//
// Nothing here is a managed object: the core is a few regions at computed addresses.
//
//   page 0                                                             more pages
//   ┌───────┬─────────────────────────────┬───────────────────────────┬─────────┐
//   │ RINGS │ heap · places · generations │ one region for each ring  │   ...   │
//   └───────┴─────────────────────────────┴───────────────────────────┴─────────┘
//    1 KiB    the rows                      the entries
//
// A region that is full moves to new pages at the end, with twice the room. What it
// leaves behind is not used again: its former sizes together are less than its present
// one, so at most half of the memory is ever wasted. A free list of regions would win
// back less than its code costs.
//
// Invariants:
//   M1  A region moves only into pages grown for it. Growing detaches every view that
//       JavaScript holds, so a stale view is an empty view, never one of old data.
//   M2  When the memory cannot grow, nothing has changed.
//   M3  Nothing relies on unused memory being zero.

const PAGE_BITS = 16;

/** Static data ends below this address. */
const START: usize = 2048;

// A row is what one slot takes: a place, a generation, and room for a timer. The timers
// are not in the order of the slots, but there is one record for each slot, so that a
// timer never lacks room once its slot has been allocated.
const INITIAL_ROWS: u32 = 2048;
const MAX_ROWS: u32 = 1 << 24;
const HEAP_RECORD_SIZE: usize = 16;
const PLACE_SIZE: usize = 4;
const GENERATION_SIZE: usize = 1;

/** Puts the four children of a timer, which are neighbours, into one cache line of 64 bytes. */
const HEAP_OFFSET: usize = 64 - HEAP_RECORD_SIZE;

const FIRST_HEAP: usize = START + HEAP_OFFSET;
const FIRST_PLACES: usize = FIRST_HEAP + (INITIAL_ROWS as usize) * HEAP_RECORD_SIZE;
const FIRST_GENERATIONS: usize = FIRST_PLACES + (INITIAL_ROWS as usize) * PLACE_SIZE;

/** Where the regions of the rings begin. */
export const FIRST_ENTRIES: usize = FIRST_GENERATIONS + (INITIAL_ROWS as usize) * GENERATION_SIZE;

/** The number of rows. */
export let capacity: u32 = INITIAL_ROWS;
export let heap: usize = FIRST_HEAP;
export let places: usize = FIRST_PLACES;
export let generations: usize = FIRST_GENERATIONS;

/** Doubles the rows; false if there is no room. */
export function growRows(): bool {
  if (capacity === MAX_ROWS) return false;
  const rows = (capacity as usize) << 1;
  const region = grow(HEAP_OFFSET + rows * (HEAP_RECORD_SIZE + PLACE_SIZE + GENERATION_SIZE));
  if (region === 0) return false;

  const newHeap = region + HEAP_OFFSET;
  const newPlaces = newHeap + rows * HEAP_RECORD_SIZE;
  const newGenerations = newPlaces + rows * PLACE_SIZE;
  memory.copy(newHeap, heap, (capacity as usize) * HEAP_RECORD_SIZE);
  memory.copy(newPlaces, places, (capacity as usize) * PLACE_SIZE);
  memory.copy(newGenerations, generations, (capacity as usize) * GENERATION_SIZE);
  heap = newHeap;
  places = newPlaces;
  generations = newGenerations;
  capacity = rows as u32;
  return true;
}

/** The address of a new region; 0 if there is no room. */
export function grow(size: usize): usize {
  const pages = (size + (1 << PAGE_BITS) - 1) >>> PAGE_BITS;
  const end = memory.grow(pages as i32);
  return end < 0 ? 0 : (end as usize) << PAGE_BITS;
}
