import { checkCount, checkFunction, wrongType } from "../loop/arguments.ts";
import { CancelledError, RuntimeError } from "../loop/errors.ts";
import { operation } from "../tasks/bareCall.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import { hold } from "./hold.ts";
import { Lock } from "./lock.ts";
import { WaitQueue } from "./waitQueue.ts";

/**
 * Lets tasks that share a lock wait until another has changed what the lock guards. Like `asyncio.Condition`.
 *
 * Several conditions may share a lock. It belongs to the loop of its lock.
 *
 * @example
 * using _ = yield* condition.hold();
 * yield* condition.waitFor(() => stock > 0);
 */
export class Condition {
  readonly #lock: Lock;
  readonly #waiters: WaitQueue<undefined>;

  /**
   * @param lock the lock to use, by default one of its own.
   * @throws TypeError if it is not a `Lock`.
   */
  constructor(lock: Lock = new Lock()) {
    if (!(lock instanceof Lock)) throw wrongType("lock", "a Lock", lock);
    this.#lock = lock;
    this.#waiters = new WaitQueue(this, "Condition", lock._binding, () => this.#notify(1));
  }

  /** Whether somebody has the lock. */
  locked(): boolean {
    return this.#lock.locked();
  }

  /** Acquires the lock. As `Lock.acquire`. */
  acquire(): Coroutine<true> {
    return this.#lock.acquire();
  }

  /** Releases the lock. @throws RangeError if it is free already */
  release(): void {
    this.#lock.release();
  }

  /** Acquires the lock, and gives what releases it once, at the end of the block. */
  hold(): Coroutine<Disposable> {
    return hold(this.#lock);
  }

  /**
   * Releases the lock, waits for a notification, and acquires the lock again. Gives true.
   *
   * The lock is acquired again in any case: a cancel, or several, are thrown after that, the last one. A notification
   * that a cancelled task does not get to use goes to the next one who waits. (Unlike asyncio's, it never wakes for
   * nothing; but what it was notified of may have changed again by the time it has the lock. `waitFor` looks.)
   *
   * @throws RuntimeError if nobody has the lock, or it belongs to another loop.
   */
  wait(): Coroutine<true> {
    return operation(this.#wait());
  }

  *#wait(): Coroutine<true> {
    this.#checkLocked("wait()");
    const notification = this.#waiters.wait();
    this.#lock.release();
    let mustPassOn = false;
    try {
      try {
        yield* notification;
        mustPassOn = true;
      } finally {
        yield* acquireAnyway(this.#lock);
      }
      mustPassOn = false;
      return true;
    } finally {
      if (mustPassOn) this.#notify(1);
    }
  }

  /**
   * Waits, with `wait()`, until `predicate()` is truthy, and gives what it returned; does not wait if it is already.
   *
   * @throws TypeError if `predicate` is not a function.
   * @throws RuntimeError if it has to wait, and nobody has the lock.
   */
  waitFor<T>(predicate: () => T): Coroutine<T> {
    checkFunction("predicate", predicate);
    return operation(this.#waitFor(predicate));
  }

  /**
   * Wakes the `n` tasks that wait longest; they go on when they have got the lock.
   *
   * @throws TypeError or RangeError unless `n` is a whole number >= 0, or Infinity.
   * @throws RuntimeError if nobody has the lock.
   */
  notify(n = 1): void {
    checkCount("n", n);
    this.#checkLocked("notify()");
    this.#notify(n);
  }

  /** Wakes all who wait. @throws RuntimeError if nobody has the lock */
  notifyAll(): void {
    this.notify(Infinity);
  }

  *#waitFor<T>(predicate: () => T): Coroutine<T> {
    for (;;) {
      const result = predicate();
      if (result) return result;
      yield* this.#wait();
    }
  }

  #notify(n: number): void {
    for (let i = 0; i < n && this.#waiters.handOver(undefined); i++);
  }

  #checkLocked(what: string): void {
    if (this.locked()) return;
    throw new RuntimeError(`${what} is for those who have the lock. Acquire the condition first`);
  }
}

/** Acquires the lock however often it is cancelled meanwhile, and only then throws the last cancel. */
function* acquireAnyway(lock: Lock): Coroutine<void> {
  let cancel: CancelledError | undefined;
  for (;;) {
    try {
      yield* lock.acquire();
      break;
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
      cancel = error;
    }
  }
  if (cancel !== undefined) throw cancel;
}
