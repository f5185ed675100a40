import { Fifo } from "./fifo.ts";

/**
 * A bounded queue for async functions, with direct hand-over. A call that need not wait needs no
 * promise: `const room = queue.put(item); if (room !== undefined) await room;`
 */
export class AsyncQueue<T> {
  readonly #items = new Fifo<T>();
  readonly #getters = new Fifo<(item: T) => void>();
  readonly #putters = new Fifo<{ item: T; resolve: () => void }>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  put(item: T): Promise<void> | undefined {
    const getter = this.#getters.shift();
    if (getter !== undefined) getter(item);
    else if (this.#items.size < this.#size) this.#items.push(item);
    else return new Promise((resolve) => this.#putters.push({ item, resolve }));
    return undefined;
  }

  get(): T | Promise<T> {
    if (this.#items.size === 0) return new Promise((resolve) => this.#getters.push(resolve));
    const item = this.#items.shift() as T;
    const putter = this.#putters.shift();
    if (putter !== undefined) {
      this.#items.push(putter.item);
      putter.resolve();
    }
    return item;
  }
}
