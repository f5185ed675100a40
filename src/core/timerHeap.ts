// The timers of the reference core: a textbook binary heap over (deadline, arrival). Entries move
// by swapping. A table records where in the heap each slot is.

export class TimerHeap {
  readonly _slots: number[] = [];
  readonly _deadlines: number[] = [];
  readonly #arrivals: number[] = [];
  readonly #indices: number[];
  #nextArrival = 0;

  /** @param indices where the heap stores the index of each slot. */
  constructor(indices: number[]) {
    this.#indices = indices;
  }

  get size(): number {
    return this._slots.length;
  }

  /** The slot with the earliest deadline. The heap must not be empty. */
  get first(): number {
    return this._slots[0] as number;
  }

  /** The earliest deadline, Infinity if there is none. */
  get deadline(): number {
    return this._deadlines[0] ?? Infinity;
  }

  add(slot: number, when: number): void {
    const index = this.size;
    this._slots.push(slot);
    this._deadlines.push(when);
    this.#arrivals.push(this.#nextArrival++);
    this.#indices[slot] = index;
    this.#moveUp(index);
  }

  /** Removes a slot, which must be on the heap. */
  remove(slot: number): void {
    const index = this.#indices[slot] as number;
    const last = this.size - 1;
    this.#swap(index, last);
    this._slots.pop();
    this._deadlines.pop();
    this.#arrivals.pop();
    if (index === last) return;
    this.#moveUp(index);
    this.#moveDown(index);
  }

  clear(): void {
    this._slots.length = 0;
    this._deadlines.length = 0;
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
    const first = this._deadlines[a] as number;
    const second = this._deadlines[b] as number;
    if (first !== second) return first < second;
    return (this.#arrivals[a] as number) < (this.#arrivals[b] as number);
  }

  #swap(a: number, b: number): void {
    swap(this._slots, a, b);
    swap(this._deadlines, a, b);
    swap(this.#arrivals, a, b);
    this.#indices[this._slots[a] as number] = a;
    this.#indices[this._slots[b] as number] = b;
  }
}

function swap(array: number[], a: number, b: number): void {
  const value = array[a] as number;
  array[a] = array[b] as number;
  array[b] = value;
}
