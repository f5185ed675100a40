import { locationOfCall, locations } from "../lang/locations.ts";
import type { ExternalFuture } from "../tasks/externalFuture.ts";
import type { Suspension } from "../tasks/kernel/coroutine.ts";
import { LazyCall, type Wait } from "../tasks/lazyCall.ts";

/** The part of a reader that `read(n)` uses. */
interface Source {
  /** Returns the future to wait for; undefined if `read(n)` needn't wait. */
  _dataReady(n: number): ExternalFuture<void> | undefined;
  /** Takes up to `n` buffered bytes. */
  _takeUpTo(n: number): Uint8Array;
}

/**
 * The coroutine of `read(n)`. It is no generator, because each idle connection waits in such a
 * call, and a generator would need more memory.
 */
export class ReadSome extends LazyCall<Uint8Array> {
  declare readonly _reader: Source;
  declare readonly _n: number;

  constructor(reader: Source, n: number) {
    super();
    this._reader = reader;
    this._n = n;
  }

  override get _resource(): object {
    return this;
  }

  override _start(): Wait<Uint8Array> {
    return new ReadSomeIterator(this._reader, this._n);
  }
}

/** Waits until there is data and takes it. Waits again if another read took the data first. */
class ReadSomeIterator implements Wait<Uint8Array> {
  readonly reader: Source;
  readonly n: number;
  dataReady: ExternalFuture<void> | undefined = undefined;

  constructor(reader: Source, n: number) {
    this.reader = reader;
    this.n = n;
  }

  next(): IteratorResult<Suspension, Uint8Array> {
    const step = this.dataReady?.next();
    if (step?.done === false) return step;
    this.dataReady = this.reader._dataReady(this.n);
    if (this.dataReady !== undefined) {
      const wait = this.dataReady.next() as IteratorYieldResult<Suspension>;
      // Records the location of the caller, which waits here.
      if (locations.watchers > 0) locations.last = locationOfCall(this.next);
      return wait;
    }
    return { done: true, value: this.reader._takeUpTo(this.n) };
  }

  /** Passes errors on to the coroutine that waits here. */
  throw(error: unknown): never {
    throw error;
  }
}
