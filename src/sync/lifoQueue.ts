import { Queue } from "./queue.ts";
import type { Store } from "./store.ts";

/** A queue that gives the youngest item first. Like `asyncio.LifoQueue`; all else as `Queue`. */
export class LifoQueue<T> extends Queue<T> {
  /** @internal */
  override _store: Store<T> = new LastInFirstOut();
}

class LastInFirstOut<T> implements Store<T> {
  readonly #items: T[] = [];
  /** What came back: older than all else. */
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
