interface Entry<T> {
  readonly item: T;
  readonly order: number;
}

/**
 * Values that were handed to tasks but not taken, because the tasks were cancelled. Kept in the
 * order in which they were first handed over.
 */
export class Returned<T> {
  #entries: (Entry<T> | undefined)[] = [];
  /** The index of the oldest value. */
  #first = 0;

  get size(): number {
    return this.#entries.length - this.#first;
  }

  add(item: T, order: number): void {
    const entries = this.#entries;
    const entry = { item, order };
    let index = entries.length;
    // Tasks resume in the order in which values were handed to them, so `item` usually belongs at
    // the end. If not, it was put back before and handed to a second task, which didn't take it
    // either.
    for (; index > this.#first && entries[index - 1]!.order > order; index--) {
      entries[index] = entries[index - 1]!;
    }
    entries[index] = entry;
  }

  /** Removes the oldest value and returns it. There must be one. */
  shift(): T {
    const { item } = this.#entries[this.#first]!;
    this.#entries[this.#first++] = undefined; // for the garbage collector
    if (this.size === 0) this.#clear();
    return item;
  }

  /** Removes the newest value and returns it. There must be one. */
  pop(): T {
    const { item } = this.#entries.pop()!;
    if (this.size === 0) this.#clear();
    return item;
  }

  #clear(): void {
    this.#entries = [];
    this.#first = 0;
  }
}
