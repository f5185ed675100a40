import { Fifo } from "./fifo.ts";

/**
 * A lock for async functions, with direct hand-over. Taking a free one needs no promise: `const
 * turn = mutex.acquire(); if (turn !== undefined) await turn;`
 */
export class Mutex {
  readonly #waiting = new Fifo<() => void>();
  #isHeld = false;

  acquire(): Promise<void> | undefined {
    if (this.#isHeld) return new Promise(this.#wait);
    this.#isHeld = true;
    return undefined;
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isHeld = false;
    else next();
  }

  readonly #wait = (resolve: () => void): void => this.#waiting.push(resolve);
}
