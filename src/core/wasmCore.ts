// The compiled core, as an object.
//
// All but the hot path is a call into the core. The two hottest operations, push and take,
// stay on this side: they store and load through views of the core's memory, and keep the
// head and tail of the user-visible ring as fields. Everything else that is ready becomes
// part of that ring once per turn, so that there is only one ring to take from.
//
//      entries   │ ─ │ 7 │ 0 │ 9 │ 4 │ ─ │ ─ │ ─ │        0: released, a tombstone
//                      ▲               ▲
//                    head            tail                position = counter & mask
//
// Invariants:
//   B1  Between calls, #head and #tail are the counters of the user-visible ring.
//   B2  Between calls no view is stale. Growing the memory empties all views, and no region
//       moves without it, so the length of one tells about all. Should the stack have been
//       too full to renew them, push takes the empty ring for a full one, take finds nothing,
//       and turn no deadline that is to come: they then renew the views themselves.
//   B3  After a trap nothing reaches the core again.

import { breakCore } from "./brokenCore.ts";
import { type CoreExports, instantiateCore } from "./compile.ts";
import { type Core, type Priority, SLOT_MASK, tooMany } from "./interface.ts";

const COUNTER_MASK = 0x3fffffff;

// Places, as drawn in assembly/slots.ts.
const READY = 1 << 30;
const IDLE = -1;

// The words of the rings: for each priority the address of its entries, mask, head, tail.
const RING_WORDS = 12;
const BLOCKING_HEAD = 2;
const BLOCKING_TAIL = 3;
const VISIBLE_ENTRIES = 4;
const VISIBLE_MASK = 5;
const VISIBLE_HEAD = 6;
const VISIBLE_TAIL = 7;
const BACKGROUND_HEAD = 10;
const BACKGROUND_TAIL = 11;

const MAX_LIVE = SLOT_MASK;

/**
 * Makes a compiled core.
 *
 * @throws whatever keeps WebAssembly from running here.
 */
export function newWasmCore(): Core {
  return new WasmCore(instantiateCore());
}

/** @internal */
export class WasmCore implements Core {
  readonly kind = "wasm";

  readonly #exports: CoreExports;
  #head: number;
  #tail: number;
  /** Whether anything may be ready in the rings that the core keeps for itself. */
  #othersReady = false;
  #entries = new Int32Array();
  #places = new Int32Array();
  #rings = new Int32Array();
  #earliest = new Float64Array();

  /** The counters that wrap start at `counter` and `arrival`; only tests do not say 0. */
  constructor(exports: CoreExports, counter = 0, arrival = 0) {
    exports.reset(counter, arrival);
    this.#exports = exports;
    this.#head = counter;
    this.#tail = counter;
    this.#renewViews();
  }

  allocate(): number {
    try {
      const id = this.#exports.allocate();
      if (this.#places.length === 0) this.#renewViews();
      if (id === 0) throw noRoomForSlot(this.live());
      return id;
    } catch (error) {
      return this.#fail(error);
    }
  }

  release(id: number): boolean {
    try {
      return this.#exports.release(id) !== 0;
    } catch (error) {
      return this.#fail(error);
    }
  }

  push(id: number): void {
    const tail = this.#tail;
    if (((tail - this.#head) & COUNTER_MASK) >= this.#entries.length) this.#makeRoom();
    this.#entries[tail & (this.#entries.length - 1)] = id;
    this.#places[id & SLOT_MASK] = READY | tail;
    this.#tail = (tail + 1) & COUNTER_MASK;
  }

  schedule(id: number, priority: Priority): void {
    if (priority === 1) {
      this.push(id);
      return;
    }
    try {
      const isScheduled = this.#exports.schedule(id, priority);
      if (this.#places.length === 0) this.#renewViews();
      if (isScheduled === 0) throw noRoomForEntry();
      this.#othersReady = true;
    } catch (error) {
      this.#fail(error);
    }
  }

  addTimer(id: number, when: number): void {
    try {
      this.#exports.addTimer(id, when);
    } catch (error) {
      this.#fail(error);
    }
  }

  removeTimer(id: number): boolean {
    try {
      return this.#exports.removeTimer(id) !== 0;
    } catch (error) {
      return this.#fail(error);
    }
  }

  turn(now: number): number {
    // Mostly there is nothing to bring together, and the batch is what stands in the ring.
    if (!this.#othersReady && this.deadline() > now) {
      return (this.#tail - this.#head) & COUNTER_MASK;
    }
    try {
      const count = this.#exports.turn(now, this.#head, this.#tail);
      if (this.#places.length === 0) this.#renewViews();
      this.#head = this.#rings[VISIBLE_HEAD] as number;
      this.#tail = this.#rings[VISIBLE_TAIL] as number;
      this.#othersReady = this.#hasOthers();
      return count;
    } catch (error) {
      // A turn changes much in many calls: even a full stack may have left it half done.
      return breakCore(this, error);
    }
  }

  take(): number {
    const head = this.#head;
    const id = this.#entries[head & (this.#entries.length - 1)] ?? this.#reread(head);
    this.#head = (head + 1) & COUNTER_MASK;
    if (id !== 0) this.#places[id & SLOT_MASK] = IDLE;
    return id;
  }

  deadline(): number {
    return this.#earliest[0] as number;
  }

  hasReady(): boolean {
    return this.#othersReady || this.#head !== this.#tail;
  }

  live(): number {
    return this.#exports.live.value;
  }

  timers(): number {
    return this.#exports.timers.value;
  }

  /** How much memory it has taken. */
  bytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  reset(): void {
    try {
      this.#exports.reset(0, 0);
      this.#head = 0;
      this.#tail = 0;
      this.#othersReady = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  #hasOthers(): boolean {
    const rings = this.#rings;
    return (
      rings[BLOCKING_HEAD] !== rings[BLOCKING_TAIL] ||
      rings[BACKGROUND_HEAD] !== rings[BACKGROUND_TAIL]
    );
  }

  #makeRoom(): void {
    try {
      if (this.#exports.makeRoom(this.#head, this.#tail) === 0) throw noRoomForEntry();
      this.#renewViews();
    } catch (error) {
      this.#fail(error);
    }
  }

  #reread(head: number): number {
    this.#renewViews();
    return this.#entries[head & (this.#entries.length - 1)] as number;
  }

  #renewViews(): void {
    const { memory, rings, places, capacity, heap } = this.#exports;
    const words = new Int32Array(memory.buffer, rings.value, RING_WORDS);
    const address = (words[VISIBLE_ENTRIES] as number) >>> 0;
    const entries = new Int32Array(memory.buffer, address, (words[VISIBLE_MASK] as number) + 1);
    const rows = new Int32Array(memory.buffer, places.value >>> 0, capacity.value);
    const earliest = new Float64Array(memory.buffer, heap.value >>> 0, 1);
    // All or none: whatever can fail comes before.
    this.#rings = words;
    this.#entries = entries;
    this.#places = rows;
    this.#earliest = earliest;
  }

  /** Throws on what a call threw. Unless it is a trap, nothing has changed: a full stack throws first. */
  #fail(error: unknown): never {
    if (error instanceof WebAssembly.RuntimeError) breakCore(this, error);
    throw error;
  }
}

function noRoomForSlot(live: number): RangeError {
  if (live === MAX_LIVE) return tooMany();
  return new RangeError(
    `No memory is left for another callback or timer after ${live} pending ones`,
  );
}

function noRoomForEntry(): RangeError {
  return new RangeError("No memory is left for another ready callback");
}
