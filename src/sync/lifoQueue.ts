import { Returned } from "../tasks/returned.ts";
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
  /** Items that were put back. They are older than all others. */
  readonly #returned = new Returned<T>();

  get size(): number {
    return this.#items.length + this.#returned.size;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T {
    return this.#items.length > 0 ? (this.#items.pop() as T) : this.#returned.pop();
  }

  putBack(item: T, order: number): void {
    this.#returned.add(item, order);
  }
}
