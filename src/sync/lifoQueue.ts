import { Queue } from "./queue.ts";
import type { Store } from "./store.ts";

/**
 * A queue that returns the newest item first, and otherwise behaves like `Queue`. Like
 * `asyncio.LifoQueue`.
 */
export class LifoQueue<T> extends Queue<T> {
  override _store: Store<T> = new LastInFirstOut();
}

class LastInFirstOut<T> implements Store<T> {
  readonly #items: T[] = [];
  /** Items that were returned to the queue. They count as older than all others. */
  readonly #returned: T[] = [];

  get size(): number {
    return this.#items.length + this.#returned.length;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T {
    return (this.#items.length > 0 ? this.#items : this.#returned).pop() as T;
  }

  putBack(item: T): void {
    this.#returned.push(item);
  }
}
