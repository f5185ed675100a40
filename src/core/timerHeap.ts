// The timers of the reference core: a binary heap over (deadline, arrival), as textbooks
// have it. Entries are moved by swapping neighbours; each slot knows its index.

const INITIAL_CAPACITY = 64;

export class TimerHeap {
  readonly #slots: number[] = [];
  readonly #deadlines: number[] = [];
  readonly #arrivals: number[] = [];
  #indices = new Int32Array(INITIAL_CAPACITY);
  #nextArrival = 0;

  get size(): number {
    return this.#slots.length;
  }

  /** The slot that is due first. The heap must not be empty. */
  get first(): number {
    return this.#slots[0] as number;
  }

  /** The earliest deadline, Infinity if there is none. */
  get deadline(): number {
    return this.#deadlines[0] ?? Infinity;
  }

  add(slot: number, when: number): void {
    const index = this.size;
    this.#makeRoomFor(slot);
    this.#slots.push(slot);
    this.#deadlines.push(when);
    this.#arrivals.push(this.#nextArrival++);
    this.#indices[slot] = index;
    this.#moveUp(index);
  }

  /** Takes out a slot, which must be on the heap. */
  remove(slot: number): void {
    const index = this.#indices[slot] as number;
    const last = this.size - 1;
    this.#swap(index, last);
    this.#slots.pop();
    this.#deadlines.pop();
    this.#arrivals.pop();
    if (index === last) return;
    this.#moveUp(index);
    this.#moveDown(index);
  }

  clear(): void {
    this.#slots.length = 0;
    this.#deadlines.length = 0;
    this.#arrivals.length = 0;
  }

  #moveUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #moveDown(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      if (left >= this.size) return;
      const child = right < this.size && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, index)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const first = this.#deadlines[a] as number;
    const second = this.#deadlines[b] as number;
    if (first !== second) return first < second;
    return (this.#arrivals[a] as number) < (this.#arrivals[b] as number);
  }

  #swap(a: number, b: number): void {
    swap(this.#slots, a, b);
    swap(this.#deadlines, a, b);
    swap(this.#arrivals, a, b);
    this.#indices[this.#slots[a] as number] = a;
    this.#indices[this.#slots[b] as number] = b;
  }

  #makeRoomFor(slot: number): void {
    let capacity = this.#indices.length;
    while (slot >= capacity) capacity *= 2;
    if (capacity === this.#indices.length) return;
    const indices = new Int32Array(capacity);
    indices.set(this.#indices);
    this.#indices = indices;
  }
}

function swap(array: number[], a: number, b: number): void {
  const value = array[a] as number;
  array[a] = array[b] as number;
  array[b] = value;
}
