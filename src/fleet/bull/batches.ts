// Collects items, and flushes them together in the host's next `setImmediate` callback.

import { setImmediate } from "../../loop/hosts/timers.ts";

export class Batch<T> {
  readonly #flush: (items: T[]) => void;
  #items: T[] = [];

  constructor(flush: (items: T[]) => void) {
    this.#flush = flush;
  }

  add(item: T): void {
    if (this.#items.push(item) > 1) return;
    (setImmediate as typeof globalThis.setImmediate)(() => this.flush());
  }

  /** Flushes the items now, instead of in the next `setImmediate` callback. */
  flush(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#flush(items);
  }
}
