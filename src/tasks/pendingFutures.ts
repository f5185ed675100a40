import type { Future } from "./future.ts";

/** So many that are done are not worth a sweep. */
const FEW = 16;

/**
 * Futures that are not done, in the order in which they came. Those that are done stay in the list until they are more
 * than the others, or all: to come to a set and to leave it takes several times as long.
 */
export class PendingFutures {
  /** How many are not done. */
  size = 0;
  #futures: Future<unknown>[] = [];

  add(future: Future<unknown>): void {
    this.#futures.push(future);
    this.size++;
  }

  /** Says that one of them is done now. */
  settle(): void {
    this.size--;
    if (this.size === 0) this.#futures = [];
    else if (this.#futures.length > 2 * this.size + FEW) this.#futures = [...this];
  }

  *[Symbol.iterator](): Generator<Future<unknown>, void> {
    for (const future of this.#futures) if (!future.done()) yield future;
  }
}
