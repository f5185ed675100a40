// Reads the ready queue and the timer heap of a core, without changing them.

import type { CoreShape } from "./shapes.ts";

interface ReadyEntry {
  readonly id: number;
  /** 0 is user-blocking, 1 user-visible, 2 background. */
  readonly priority: number;
}

interface TimerEntry {
  /** An id in the compiled core, a slot in the reference core. `Slots.at` accepts both. */
  readonly id: number;
  readonly when: number;
}

const COUNTER_MASK = 0x3fffffff;
const RING_WORDS = 4;
const RECORD_BYTES = 16;
const VISIBLE = 1;

/** Returns the entries of all priorities, in the order in which they will run. */
export function readyEntries(core: CoreShape): ReadyEntry[] {
  const found: ReadyEntry[] = [];
  const add = (id: number | undefined, priority: number): void => {
    if (id !== undefined && id !== 0) found.push({ id, priority });
  };
  core._queues?.forEach(({ _ids, _first, _end }, priority) => {
    for (let at = _first; at < _end; at++) add(_ids[at & (_ids.length - 1)], priority);
  });
  const { _exports: exports } = core;
  if (exports === undefined) return found;
  const words = new Int32Array(exports.memory.buffer, exports.rings.value, 3 * RING_WORDS);
  for (let priority = 0; priority < 3; priority++) {
    const [address = 0, mask = 0, first = 0, end = 0] = words.subarray(priority * RING_WORDS);
    const entries = new Int32Array(exports.memory.buffer, address >>> 0, mask + 1);
    // The counters of the user-visible ring are in JavaScript fields of the core.
    const from = priority === VISIBLE ? (core._head ?? first) : first;
    const count = ((priority === VISIBLE ? (core._tail ?? end) : end) - from) & COUNTER_MASK;
    for (let at = 0; at < count; at++) add(entries[(from + at) & mask], priority);
  }
  return found;
}

/** Returns the timers in the order of the heap's array. */
export function timerEntries(core: CoreShape): TimerEntry[] {
  const timers = core._timers;
  if (timers !== undefined) {
    return timers._slots.map((id, at) => ({ id, when: timers._deadlines[at] as number }));
  }
  if (core._exports === undefined) return [];
  const { memory, heap, timers: size } = core._exports;
  const records = new DataView(memory.buffer, heap.value >>> 0, size.value * RECORD_BYTES);
  return Array.from({ length: size.value }, (_, at) => ({
    when: records.getFloat64(at * RECORD_BYTES, true),
    id: records.getInt32(at * RECORD_BYTES + 12, true),
  }));
}
