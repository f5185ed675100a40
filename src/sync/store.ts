import { Returned } from "../tasks/returned.ts";
import { Ring } from "../tasks/ring.ts";

/** Stores the items of a queue, and decides which one is next. */
export interface Store<T> {
  readonly size: number;
  /** Adds an item. If it throws, nothing has changed. */
  add(item: T): void;
  /** Removes and returns the next item. There must be one. */
  take(): T;
  /**
   * Takes back an item that was handed to a getter while the store was empty. The item is older
   * than all items that were added since. Never throws.
   *
   * @param order the item's position among those that are put back. The oldest has the lowest.
   */
  putBack(item: T, order: number): void;
}

/** The store of a `Queue`. The oldest item is next. */
export class FirstInFirstOut<T> implements Store<T> {
  /** The number of items. Kept up to date, because it is read more often than it changes. */
  size = 0;
  readonly #items = new Ring<T>();
  /** Items that were put back. */
  #returned: Returned<T> | undefined;

  add(item: T): void {
    this.#items.push(item);
    this.size++;
  }

  take(): T {
    this.size--;
    if (this.#returned === undefined) return this.#items.shift() as T;
    const item = this.#returned.shift();
    if (this.#returned.size === 0) this.#returned = undefined;
    return item;
  }

  putBack(item: T, order: number): void {
    this.#returned ??= new Returned();
    this.#returned.add(item, order);
    this.size++;
  }
}
