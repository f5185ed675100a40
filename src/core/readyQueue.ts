// A ready queue of the reference core: a ring in which no position is used twice.
//
// Positions count up from 0 and are exact up to 2^53. Unlike the counters of the compiled core,
// they never wrap.

const INITIAL_CAPACITY = 64;

export class ReadyQueue {
  _ids = new Int32Array(INITIAL_CAPACITY);
  _first = 0;
  _end = 0;

  get length(): number {
    return this._end - this._first;
  }

  /** Appends an id. Returns its position, for `erase`. */
  append(id: number): number {
    if (this.length === this._ids.length) this.#grow();
    const position = this._end++;
    this._ids[this.#indexOf(position)] = id;
    return position;
  }

  /** Removes and returns the first entry, or 0 if it was erased. The queue must not be empty. */
  take(): number {
    return this._ids[this.#indexOf(this._first++)] as number;
  }

  /** Replaces an id that was not taken yet with a tombstone. */
  erase(position: number): void {
    this._ids[this.#indexOf(position)] = 0;
  }

  clear(): void {
    this._first = this._end;
  }

  #indexOf(position: number): number {
    return position & (this._ids.length - 1);
  }

  #grow(): void {
    const old = this._ids;
    const ids = new Int32Array(old.length * 2);
    for (let position = this._first; position < this._end; position++) {
      ids[position & (ids.length - 1)] = old[position & (old.length - 1)] as number;
    }
    this._ids = ids;
  }
}
