import { placeOfCall, places } from "../loop/places.ts";
import { BareCall, type Wait } from "../tasks/bareCall.ts";
import type { Suspension } from "../tasks/coroutine.ts";
import type { Arrival } from "./arrival.ts";

/** What a read needs of its reader. */
interface Source {
  /** What to wait for before there is something; undefined if there is nothing to wait for. @internal */
  _arrivalFor(n: number): Arrival | undefined;
  /** Takes up to `n` bytes of what is there. @internal */
  _takeUpTo(n: number): Uint8Array;
}

/** `read(n)`. Idle connections wait in it, and a generator would take 176 bytes for each. */
export class ReadSome extends BareCall<Uint8Array> {
  declare readonly _reader: Source;
  declare readonly _n: number;

  constructor(reader: Source, n: number) {
    super();
    this._reader = reader;
    this._n = n;
  }

  override get _source(): object {
    return this;
  }

  override _start(): Wait<Uint8Array> {
    return new ReadingSome(this._reader, this._n);
  }
}

/** Takes what is there; while there is nothing, waits. Somebody else may be faster to take what has come. */
class ReadingSome implements Wait<Uint8Array> {
  readonly reader: Source;
  readonly n: number;
  arrival: Arrival | undefined = undefined;

  constructor(reader: Source, n: number) {
    this.reader = reader;
    this.n = n;
  }

  next(): IteratorResult<Suspension, Uint8Array> {
    const step = this.arrival?.next();
    if (step?.done === false) return step;
    this.arrival = this.reader._arrivalFor(this.n);
    if (this.arrival !== undefined) {
      const wait = this.arrival.next() as IteratorYieldResult<Suspension>;
      // It is the caller who waits.
      if (places.watchers > 0) places.last = placeOfCall(this.next);
      return wait;
    }
    return { done: true, value: this.reader._takeUpTo(this.n) };
  }

  /** What is thrown into a coroutine that waits here goes on to it. */
  throw(error: unknown): never {
    throw error;
  }
}
