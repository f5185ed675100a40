import { checkCount } from "../lang/arguments.ts";
import { holders, noteGiven } from "../loop/holders.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { asCoroutine } from "../tasks/lazyCall.ts";
import { Binding } from "./binding.ts";
import { hold, holdDuring } from "./hold.ts";
import { WaitCall } from "./waitCall.ts";
import { type QueuedWaiter, WaitQueue } from "./waitQueue.ts";

/**
 * Limits how many tasks do something at the same time. Like `asyncio.Semaphore`.
 *
 * FIFO. `release()` hands its permit directly to the task that has waited longest, so newcomers
 * can't jump the queue.
 *
 * Belongs to the loop of the first task that waits for it.
 *
 * @example
 * using _ = yield* semaphore.hold();
 */
export class Semaphore {
  /** The number of free permits; 0 while a task waits. */
  _value: number;
  _bound = Infinity;
  readonly #waiters = new WaitQueue<true>(this, "Semaphore", new Binding("Semaphore"), () =>
    this.#pass(),
  );

  /**
   * @param value the number of permits.
   * @throws TypeError or RangeError unless `value` is an integer >= 0 or Infinity.
   */
  constructor(value = 1) {
    checkCount("value", value);
    this._value = value;
  }

  /** Returns whether `acquire()` would have to wait. */
  locked(): boolean {
    return this._value === 0;
  }

  /**
   * Acquires a permit. Waits if none is free; otherwise doesn't suspend. Returns true.
   *
   * A cancelled task leaves the queue. If a permit was handed to it in the same turn, the next task
   * gets that permit.
   *
   * @throws RuntimeError if the task must wait, and the semaphore belongs to another loop.
   */
  acquire(): Coroutine<true> {
    return asCoroutine(new WaitCall(this, "Semaphore"));
  }

  _wait(): QueuedWaiter<true> | undefined {
    if (this._value === 0) return this.#waiters.wait();
    this._value--;
    return undefined;
  }

  /**
   * Hands a permit to the next waiting task, or frees the permit if none waits. Any task may call
   * this, even one that never acquired a permit.
   */
  release(): void {
    if (holders.watchers > 0) noteGiven(this, true);
    this.#pass();
  }

  /**
   * Acquires a permit, and releases it at the end of the block: `using _ = yield*
   * semaphore.hold()`.
   */
  hold(): Coroutine<Disposable> {
    return hold(this);
  }

  /**
   * Acquires a permit, awaits `body(...args)`, and always releases the permit at the end. Returns
   * the result of `body`.
   *
   * Equivalent to a block with `using _ = yield* semaphore.hold()`, which some JavaScript engines
   * don't support yet.
   *
   * @throws TypeError if `body` is not a function that returns a coroutine or a future. @throws
   * whatever `body` throws.
   */
  with<T, Args extends unknown[]>(
    body: (...args: Args) => Coroutine<T> | Future<T>,
    ...args: Args
  ): Coroutine<T> {
    return holdDuring(this, body, args);
  }

  #pass(): void {
    // Never more than `_bound`: other code may already have released the permit that a cancelled
    // task gives back.
    if (!this.#waiters.handOver(true)) this._value = Math.min(this._value + 1, this._bound);
  }
}

/** A semaphore that never has more permits than initially. Like `asyncio.BoundedSemaphore`. */
export class BoundedSemaphore extends Semaphore {
  override _bound = this._value;

  /**
   * Releases a permit, as `Semaphore.release` does.
   * @throws RangeError if released more often than acquired.
   */
  override release(): void {
    // Infinity + 1 is not more than Infinity, so an unlimited semaphore can be released.
    if (this._value + 1 > this._bound) {
      throw new RangeError("The semaphore was released more often than acquired");
    }
    super.release();
  }
}
