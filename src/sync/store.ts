import { Ring } from "../tasks/ring.ts";

/** Stores the items of a queue, and decides which one is next. */
export interface Store<T> {
  readonly size: number;
  /** Adds an item. If it throws, nothing has changed. */
  add(item: T): void;
  /** Removes and returns the next item. There must be one. */
  take(): T;
  /**
   * Returns an item to the store as if it had never been taken: older than all others. Never
   * throws.
   */
  putBack(item: T): void;
}

/** The store of a `Queue`. The oldest item is next. */
export class FirstInFirstOut<T> implements Store<T> {
  /** The number of items. Kept up to date, because it is read more often than it changes. */
  size = 0;
  readonly #items = new Ring<T>();
  /**
   * Items that were returned. They are in order of age, because getters resume in the order in
   * which they were served.
   */
  #returned: Ring<T> | undefined;

  add(item: T): void {
    this.#items.push(item);
    this.size++;
  }

  take(): T {
    this.size--;
    if (this.#returned === undefined) return this.#items.shift() as T;
    const item = this.#returned.shift() as T;
    if (this.#returned.size === 0) this.#returned = undefined;
    return item;
  }

  putBack(item: T): void {
    this.#returned ??= new Ring();
    this.#returned.push(item);
    this.size++;
  }
}
