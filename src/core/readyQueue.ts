// A ready queue of the reference core: a ring whose positions never come again.
//
// Positions count up from 0 and are exact up to 2^53, so unlike the compiled core's
// counters they need no thought about wrapping.

const INITIAL_CAPACITY = 64;

export class ReadyQueue {
  #ids = new Int32Array(INITIAL_CAPACITY);
  #first = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#first;
  }

  /** Appends an id; its position, by which it can be erased until it is taken. */
  append(id: number): number {
    if (this.length === this.#ids.length) this.#grow();
    const position = this.#end++;
    this.#ids[this.#indexOf(position)] = id;
    return position;
  }

  /** Takes the first entry, 0 if it was erased. The queue must not be empty. */
  take(): number {
    return this.#ids[this.#indexOf(this.#first++)] as number;
  }

  erase(position: number): void {
    this.#ids[this.#indexOf(position)] = 0;
  }

  clear(): void {
    this.#first = this.#end;
  }

  #indexOf(position: number): number {
    return position & (this.#ids.length - 1);
  }

  #grow(): void {
    const old = this.#ids;
    const ids = new Int32Array(old.length * 2);
    for (let position = this.#first; position < this.#end; position++) {
      ids[position & (ids.length - 1)] = old[position & (old.length - 1)] as number;
    }
    this.#ids = ids;
  }
}
