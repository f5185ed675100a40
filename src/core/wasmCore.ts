// The JavaScript side of the compiled core.
//
// Most operations call into the core. The two hottest ones, push and take, stay in JavaScript: they
// use views of the core's memory, and the head and tail of the ring of the default priority,
// `user-visible`, are fields here. Once per turn, the core moves whatever else runs in the turn
// into this ring, so that there is only one ring to take from.
//
//      entries   │ ─ │ 7 │ 0 │ 9 │ 4 │ ─ │ ─ │ ─ │        0: released, a tombstone
//                      ▲               ▲
//                    head            tail                position = counter & mask
//
// Invariants:
//   B1  Between calls, _head and _tail are the counters of the ring of the default priority.
//   B2  Between calls, no view is stale. Growing the memory empties all views, and regions move
//       only then, so the length of one view shows whether all are valid. If the stack is too full
//       to renew the views, they stay empty until the next push, take or turn. Empty views make
//       these leave their fast path and renew the views: push finds the ring full, take finds no
//       entry, and turn finds no deadline in the future.
//   B3  After a trap, or any error in a turn, nothing calls the core again.

import { breakCore } from "./brokenCore.ts";
import { type CoreExports, instantiateCore } from "./compile.ts";
import { type Core, type Priority, SLOT_MASK, tooMany } from "./interface.ts";

const COUNTER_MASK = 0x3fffffff;

// The values of a slot's state, as drawn in assembly/slots.ts.
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
 * Creates a compiled core.
 *
 * @throws the error of WebAssembly if it can't run here.
 */
export function newWasmCore(): Core {
  return new WasmCore(instantiateCore());
}

/** @internal */
export class WasmCore implements Core {
  readonly kind = "wasm";

  _exports: CoreExports;
  _head: number;
  _tail: number;
  /** Whether anything may be ready in the two rings that only the core uses. */
  #othersReady = false;
  #entries = new Int32Array();
  #states = new Int32Array();
  #rings = new Int32Array();
  #earliest = new Float64Array();

  /**
   * `counter` and `arrival` are the initial values of the counters that wrap. Only tests pass them.
   */
  constructor(exports: CoreExports, counter = 0, arrival = 0) {
    exports.reset(counter, arrival);
    this._exports = exports;
    this._head = counter;
    this._tail = counter;
    this.#renewViews();
  }

  allocate(): number {
    try {
      const id = this._exports.allocate();
      if (this.#states.length === 0) this.#renewViews();
      if (id === 0) throw noRoomForSlot(this.live());
      return id;
    } catch (error) {
      return this.#fail(error);
    }
  }

  release(id: number): boolean {
    try {
      return this._exports.release(id) !== 0;
    } catch (error) {
      return this.#fail(error);
    }
  }

  push(id: number): void {
    const tail = this._tail;
    const entries = this.#entries;
    if (((tail - this._head) & COUNTER_MASK) >= entries.length) return this.#pushWithMoreRoom(id);
    entries[tail & (entries.length - 1)] = id;
    this.#states[id & SLOT_MASK] = READY | tail;
    this._tail = (tail + 1) & COUNTER_MASK;
  }

  schedule(id: number, priority: Priority): void {
    if (priority === 1) {
      this.push(id);
      return;
    }
    try {
      const isScheduled = this._exports.schedule(id, priority);
      if (this.#states.length === 0) this.#renewViews();
      if (isScheduled === 0) throw noRoomForEntry();
      this.#othersReady = true;
    } catch (error) {
      this.#fail(error);
    }
  }

  addTimer(id: number, when: number): void {
    try {
      this._exports.addTimer(id, when);
    } catch (error) {
      this.#fail(error);
    }
  }

  removeTimer(id: number): boolean {
    try {
      return this._exports.removeTimer(id) !== 0;
    } catch (error) {
      return this.#fail(error);
    }
  }

  turn(now: number): number {
    // Usually, everything that is ready is already in the user-visible ring.
    if (!this.#othersReady && this.deadline() > now) {
      return (this._tail - this._head) & COUNTER_MASK;
    }
    return this.#turnInCore(now);
  }

  take(): number {
    const head = this._head;
    const entries = this.#entries;
    const id = entries[head & (entries.length - 1)] ?? this.#reread(head);
    this._head = (head + 1) & COUNTER_MASK;
    if (id !== 0) this.#states[id & SLOT_MASK] = IDLE;
    return id;
  }

  deadline(): number {
    return this.#earliest[0] as number;
  }

  hasReady(): boolean {
    return this.#othersReady || this._head !== this._tail;
  }

  live(): number {
    return this._exports.live.value;
  }

  timers(): number {
    return this._exports.timers.value;
  }

  /** Returns the size of the core's memory, in bytes. */
  bytes(): number {
    return this._exports.memory.buffer.byteLength;
  }

  reset(): void {
    try {
      this._exports.reset(0, 0);
      this._head = 0;
      this._tail = 0;
      this.#othersReady = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Resets the core with a new memory of the initial size. The old memory may be collected. */
  renew(): void {
    this._exports = instantiateCore();
    this.reset();
    this.#renewViews();
  }

  /** Makes the core move everything that runs in this turn into the user-visible ring. */
  #turnInCore(now: number): number {
    try {
      const count = this._exports.turn(now, this._head, this._tail);
      if (this.#states.length === 0) this.#renewViews();
      this._head = this.#rings[VISIBLE_HEAD] as number;
      this._tail = this.#rings[VISIBLE_TAIL] as number;
      this.#othersReady = this.#hasOthers();
      return count;
    } catch (error) {
      // Unlike other calls, a turn may be half done after any error, even a full stack.
      return breakCore(this, error);
    }
  }

  #hasOthers(): boolean {
    const rings = this.#rings;
    return (
      rings[BLOCKING_HEAD] !== rings[BLOCKING_TAIL] ||
      rings[BACKGROUND_HEAD] !== rings[BACKGROUND_TAIL]
    );
  }

  /** Makes room in the ring, or only renews stale views, and then pushes. */
  #pushWithMoreRoom(id: number): void {
    try {
      if (this._exports.makeRoom(this._head, this._tail) === 0) throw noRoomForEntry();
      this.#renewViews();
    } catch (error) {
      this.#fail(error);
    }
    this.push(id);
  }

  #reread(head: number): number {
    this.#renewViews();
    return this.#entries[head & (this.#entries.length - 1)] as number;
  }

  #renewViews(): void {
    const { memory, rings, states, capacity, heap } = this._exports;
    const words = new Int32Array(memory.buffer, rings.value, RING_WORDS);
    const address = (words[VISIBLE_ENTRIES] as number) >>> 0;
    const entries = new Int32Array(memory.buffer, address, (words[VISIBLE_MASK] as number) + 1);
    const rows = new Int32Array(memory.buffer, states.value >>> 0, capacity.value);
    const earliest = new Float64Array(memory.buffer, heap.value >>> 0, 1);
    // Everything that can fail is above this line, so that either all views are renewed or none.
    this.#rings = words;
    this.#entries = entries;
    this.#states = rows;
    this.#earliest = earliest;
  }

  /**
   * Rethrows the error of a call. A trap breaks the core. After other errors, such as a full stack,
   * nothing has changed.
   */
  #fail(error: unknown): never {
    if (error instanceof WebAssembly.RuntimeError) breakCore(this, error);
    throw error;
  }
}

function noRoomForSlot(live: number): RangeError {
  if (live === MAX_LIVE) return tooMany();
  return new RangeError(`No memory is left for more than ${live} pending callbacks and timers`);
}

function noRoomForEntry(): RangeError {
  return new RangeError("No memory is left for another ready callback");
}
