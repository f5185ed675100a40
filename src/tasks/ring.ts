/** The initial capacity. */
const FEW = 16;
/** A larger ring halves its capacity when it is less than a quarter full. */
const MANY = 1_024;

/** A FIFO whose capacity doubles when it is full. An array's `shift()` would take linear time. */
export class Ring<T> implements Iterable<T> {
  size = 0;
  #items: (T | undefined)[] = emptyItems(FEW);
  #head = 0;

  push(item: T): void {
    if (this.size === this.#items.length) this.#resize(this.size * 2);
    this.#items[(this.#head + this.size++) & (this.#items.length - 1)] = item;
  }

  /** Removes the first item and returns it; undefined if the ring is empty. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const items = this.#items;
    const item = items[this.#head];
    items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (items.length - 1);
    if (--this.size < items.length / 4 && items.length > MANY) this.#resize(items.length / 2);
    return item;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.size; i++) {
      yield this.#items[(this.#head + i) & (this.#items.length - 1)] as T;
    }
  }

  /** Moves all items to a new array. `capacity` is a power of two. */
  #resize(capacity: number): void {
    const items = emptyItems<T>(capacity);
    let count = 0;
    for (const item of this) items[count++] = item;
    this.#items = items;
    this.#head = 0;
  }
}

function emptyItems<T>(capacity: number): (T | undefined)[] {
  return new Array<T | undefined>(capacity).fill(undefined);
}
