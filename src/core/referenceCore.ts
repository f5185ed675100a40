// The reference core: behaves like the compiled core, and is written to be obviously correct.
//
// Tests compare the compiled core with it, and it runs where WebAssembly can't. To be independent,
// it shares only the interface with the compiled core and solves each part differently: it counts a
// batch instead of collecting it, its heap is binary, and its counters never wrap.

import { type Core, type Priority, SLOT_BITS, SLOT_MASK, tooMany } from "./interface.ts";
import { ReadyQueue } from "./readyQueue.ts";
import { TimerHeap } from "./timerHeap.ts";

const GENERATIONS = 64;

// The states of a slot. The state of a ready slot is READY + its priority.
const FREE = 0;
const IDLE = 1;
const TIMER = 2;
const READY = 3;

const USER_BLOCKING = 0;
const USER_VISIBLE = 1;
const BACKGROUND = 2;

/** How many other entries run for each background entry. */
const OTHERS_PER_BACKGROUND = 8;

export class ReferenceCore implements Core {
  readonly kind = "js";

  // Columns, indexed by slot. A slot's position is its index in a ready queue or on the heap.
  readonly #states: number[] = [FREE];
  readonly #generations: number[] = [0];
  readonly #positions: number[] = [0];

  /** Released slots. The one released last is at the end. */
  readonly #free: number[] = [];
  /** The first slot that was never used. */
  #fresh = 1;

  readonly _timers = new TimerHeap(this.#positions);
  readonly _queues = [new ReadyQueue(), new ReadyQueue(), new ReadyQueue()] as const;
  /** For each priority, how many entries of the batch have not been taken yet. */
  readonly #batch: [number, number, number] = [0, 0, 0];

  allocate(): number {
    const slot = this.#free.pop() ?? this.#takeFreshSlot();
    this.#states[slot] = IDLE;
    return this.#idOf(slot);
  }

  release(id: number): boolean {
    if (!this.#isLive(id)) return false;
    const slot = id & SLOT_MASK;
    const state = this.#states[slot] as number;
    if (state === TIMER) this._timers.remove(slot);
    if (state >= READY) {
      this._queues[(state - READY) as Priority].erase(this.#positions[slot] as number);
    }
    this.#states[slot] = FREE;
    this.#generations[slot] = ((this.#generations[slot] as number) + 1) % GENERATIONS;
    this.#free.push(slot);
    return true;
  }

  push(id: number): void {
    this.schedule(id, USER_VISIBLE);
  }

  schedule(id: number, priority: Priority): void {
    const slot = id & SLOT_MASK;
    this.#positions[slot] = this._queues[priority].append(id);
    this.#states[slot] = READY + priority;
  }

  addTimer(id: number, when: number): void {
    const slot = id & SLOT_MASK;
    this._timers.add(slot, when);
    this.#states[slot] = TIMER;
  }

  removeTimer(id: number): boolean {
    const slot = id & SLOT_MASK;
    if (!this.#isLive(id) || this.#states[slot] !== TIMER) return false;
    this._timers.remove(slot);
    this.#states[slot] = IDLE;
    return true;
  }

  turn(now: number): number {
    while (this._timers.size > 0 && this._timers.deadline <= now) {
      const slot = this._timers.first;
      this._timers.remove(slot);
      this.push(this.#idOf(slot));
    }
    const blocking = this._queues[USER_BLOCKING].length;
    const visible = this._queues[USER_VISIBLE].length;
    const background = Math.min(
      this._queues[BACKGROUND].length,
      shareOfBackground(blocking + visible),
    );
    this.#batch[USER_BLOCKING] = blocking;
    this.#batch[USER_VISIBLE] = visible;
    this.#batch[BACKGROUND] = background;
    return blocking + visible + background;
  }

  take(): number {
    const priority = this.#nextPriority();
    this.#batch[priority]--;
    const id = this._queues[priority].take();
    if (id !== 0) this.#states[id & SLOT_MASK] = IDLE;
    return id;
  }

  deadline(): number {
    return this._timers.deadline;
  }

  hasReady(): boolean {
    return this._queues.some((queue) => queue.length > 0);
  }

  live(): number {
    return this.#fresh - 1 - this.#free.length;
  }

  timers(): number {
    return this._timers.size;
  }

  reset(): void {
    for (const queue of this._queues) queue.clear();
    this.#batch.fill(0);
    this._timers.clear();
    this.#free.length = 0;
    this.#fresh = 1;
  }

  #idOf(slot: number): number {
    return ((this.#generations[slot] as number) << SLOT_BITS) | slot;
  }

  #isLive(id: number): boolean {
    const slot = id & SLOT_MASK;
    return (
      slot < this.#fresh &&
      this.#states[slot] !== FREE &&
      this.#generations[slot] === id >>> SLOT_BITS
    );
  }

  #takeFreshSlot(): number {
    if (this.#fresh > SLOT_MASK) throw tooMany();
    this.#generations[this.#fresh] = 0;
    this.#positions[this.#fresh] = 0;
    return this.#fresh++;
  }

  #nextPriority(): Priority {
    if (this.#batch[USER_BLOCKING] > 0) return USER_BLOCKING;
    if (this.#batch[USER_VISIBLE] > 0) return USER_VISIBLE;
    return BACKGROUND;
  }
}

function shareOfBackground(others: number): number {
  return others === 0 ? Infinity : Math.max(1, Math.floor(others / OTHERS_PER_BACKGROUND));
}
