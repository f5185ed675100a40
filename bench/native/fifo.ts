/** A queue: a ring that doubles when it is full. An array's `shift` moves all other items. */
export class Fifo<T> {
  #ring: (T | undefined)[] = new Array(16).fill(undefined);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The item that `shift` would return. */
  get first(): T | undefined {
    return this.#ring[this.#head];
  }

  push(value: T): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size++) & (this.#ring.length - 1)] = value;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const value = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size--;
    return value;
  }

  #grow(): void {
    const inOrder = [...this.#ring.slice(this.#head), ...this.#ring.slice(0, this.#head)];
    this.#ring = [...inOrder, ...new Array(inOrder.length).fill(undefined)];
    this.#head = 0;
  }
}
