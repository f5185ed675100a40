import { checkCount } from "../loop/arguments.ts";
import { holders, noteGiven } from "../loop/holders.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import { Binding } from "./binding.ts";
import { hold } from "./hold.ts";
import { WaitCall } from "./waitCall.ts";
import { type Waiting, WaitQueue } from "./waitQueue.ts";

/**
 * Lets a number of tasks in at a time. Like `asyncio.Semaphore`.
 *
 * First come, first served. `release()` hands its permit to the one who waits longest, at once, so who comes in between
 * waits behind.
 *
 * It belongs to the loop on which somebody waited for it first.
 *
 * @example
 * using _ = yield* semaphore.hold();
 */
export class Semaphore {
  /** How many permits are there to be taken; 0 while somebody waits. @internal */
  _value: number;
  /** @internal */
  _bound = Infinity;
  readonly #waiters = new WaitQueue<true>(this, "Semaphore", new Binding("Semaphore"), () =>
    this.#pass(),
  );

  /**
   * @param value how many permits there are.
   * @throws TypeError or RangeError unless `value` is a whole number >= 0, or Infinity.
   */
  constructor(value = 1) {
    checkCount("value", value);
    this._value = value;
  }

  /** Whether `acquire()` would have to wait. */
  locked(): boolean {
    return this._value === 0;
  }

  /**
   * Takes a permit, and waits for one if there is none. Gives true.
   *
   * A cancel gives up the place in line. A permit that was handed over in the turn of the cancel goes to the next one.
   *
   * @throws RuntimeError if it would have to wait, and others waited on another loop before.
   */
  acquire(): Coroutine<true> {
    return new WaitCall(this, "Semaphore") as unknown as Coroutine<true>;
  }

  /** @internal */
  _wait(): Waiting<true> | undefined {
    if (this._value === 0) return this.#waiters.wait();
    this._value--;
    return undefined;
  }

  /** Gives a permit to the next in line, or puts it back. It may be one that nobody has acquired. */
  release(): void {
    if (holders.watchers > 0) noteGiven(this, true);
    this.#pass();
  }

  /** Takes a permit, and gives what releases it once, at the end of the block: `using _ = yield* semaphore.hold()`. */
  hold(): Coroutine<Disposable> {
    return hold(this);
  }

  #pass(): void {
    // One that comes back may have been released twice.
    if (!this.#waiters.handOver(true)) this._value = Math.min(this._value + 1, this._bound);
  }
}

/** A semaphore that never has more permits than at first. Like `asyncio.BoundedSemaphore`. */
export class BoundedSemaphore extends Semaphore {
  /** @internal */
  override _bound = this._value;

  /** As `Semaphore.release`. @throws RangeError if it is released more often than acquired */
  override release(): void {
    if (this._value >= this._bound) {
      throw new RangeError("The semaphore is released more often than acquired");
    }
    super.release();
  }
}
