// The reference core: the same behaviour as the compiled one, written to be plainly right.
//
// It is the oracle that the compiled core is tested against, and it runs where WebAssembly
// may not. So it shares nothing with the compiled core but the interface, and solves each
// part in its own way: a batch is not collected but counted, the heap is a binary one, and
// no counter ever wraps.

import { type Core, type Priority, SLOT_BITS, SLOT_MASK, tooMany } from "./interface.ts";
import { ReadyQueue } from "./readyQueue.ts";
import { TimerHeap } from "./timerHeap.ts";

const INITIAL_CAPACITY = 64;
const GENERATIONS = 64;

// What a slot is doing. A ready slot's state is READY + its priority.
const FREE = 0;
const IDLE = 1;
const TIMER = 2;
const READY = 3;

const USER_BLOCKING = 0;
const USER_VISIBLE = 1;
const BACKGROUND = 2;

/** Background may take one entry for so many others. */
const OTHERS_PER_BACKGROUND = 8;

export class ReferenceCore implements Core {
  readonly kind = "js";

  // Columns by slot. A position is that in the ready queue and means nothing otherwise.
  #states = new Uint8Array(INITIAL_CAPACITY);
  #generations = new Uint8Array(INITIAL_CAPACITY);
  #positions = new Float64Array(INITIAL_CAPACITY);

  /** Slots given back, the latest last. */
  readonly #free: number[] = [];
  /** The first slot that was never used. */
  #fresh = 1;

  readonly #timers = new TimerHeap();
  readonly #queues = [new ReadyQueue(), new ReadyQueue(), new ReadyQueue()] as const;
  /** For each priority, how many entries of the batch are still to be taken. */
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
    if (state === TIMER) this.#timers.remove(slot);
    if (state >= READY) {
      this.#queues[(state - READY) as Priority].erase(this.#positions[slot] as number);
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
    this.#positions[slot] = this.#queues[priority].append(id);
    this.#states[slot] = READY + priority;
  }

  addTimer(id: number, when: number): void {
    const slot = id & SLOT_MASK;
    this.#timers.add(slot, when);
    this.#states[slot] = TIMER;
  }

  removeTimer(id: number): boolean {
    const slot = id & SLOT_MASK;
    if (!this.#isLive(id) || this.#states[slot] !== TIMER) return false;
    this.#timers.remove(slot);
    this.#states[slot] = IDLE;
    return true;
  }

  turn(now: number): number {
    while (this.#timers.size > 0 && this.#timers.deadline <= now) {
      const slot = this.#timers.first;
      this.push(this.#idOf(slot));
      this.#timers.remove(slot);
    }
    const blocking = this.#queues[USER_BLOCKING].length;
    const visible = this.#queues[USER_VISIBLE].length;
    const background = Math.min(
      this.#queues[BACKGROUND].length,
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
    const id = this.#queues[priority].take();
    if (id !== 0) this.#states[id & SLOT_MASK] = IDLE;
    return id;
  }

  deadline(): number {
    return this.#timers.deadline;
  }

  hasReady(): boolean {
    return this.#queues.some((queue) => queue.length > 0);
  }

  live(): number {
    return this.#fresh - 1 - this.#free.length;
  }

  timers(): number {
    return this.#timers.size;
  }

  reset(): void {
    for (const queue of this.#queues) queue.clear();
    this.#batch.fill(0);
    this.#timers.clear();
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
    if (this.#fresh > SLOT_MASK) {
      throw tooMany();
    }
    if (this.#fresh === this.#states.length) this.#grow();
    this.#generations[this.#fresh] = 0;
    return this.#fresh++;
  }

  #grow(): void {
    const capacity = this.#states.length * 2;
    // Made before any is put in place, for the case that there is no memory for all.
    const states = new Uint8Array(capacity);
    const generations = new Uint8Array(capacity);
    const positions = new Float64Array(capacity);
    states.set(this.#states);
    generations.set(this.#generations);
    positions.set(this.#positions);
    this.#states = states;
    this.#generations = generations;
    this.#positions = positions;
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
