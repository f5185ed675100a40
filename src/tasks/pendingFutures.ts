import type { Future } from "./kernel/future.ts";

/**
 * Done futures stay in the list until they outnumber the others by more than this number, because
 * removing only a few isn't worth it.
 */
const FEW = 16;

/**
 * Futures that are not done, in insertion order. Done ones stay in the list until they clearly
 * outnumber the others, because adding to a set and removing from it would be slower.
 */
export class PendingFutures {
  /** The number of futures that are not done. */
  size = 0;
  #futures: Future<unknown>[] = [];

  add(future: Future<unknown>): void {
    this.#futures.push(future);
    this.size++;
  }

  /** Records that one of the futures is now done. */
  settle(): void {
    this.size--;
    if (this.size === 0) this.#futures = [];
    else if (this.#futures.length > 2 * this.size + FEW) this.#futures = [...this];
  }

  *[Symbol.iterator](): Generator<Future<unknown>, void> {
    for (const future of this.#futures) if (!future.done()) yield future;
  }
}
