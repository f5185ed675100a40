import { checkCount, checkFunction, wrongType } from "../lang/arguments.ts";
import { type CancelledError, RuntimeError } from "../lang/errors.ts";
import { isCancellation } from "../lang/thrown.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { operation } from "../tasks/lazyCall.ts";
import { hold, holdDuring } from "./hold.ts";
import { Lock } from "./lock.ts";
import { WaitQueue } from "./waitQueue.ts";

/**
 * Lets tasks wait until another task changes the state that a lock guards. Like
 * `asyncio.Condition`.
 *
 * Several conditions may share a lock. A condition belongs to the loop of its lock.
 *
 * @example
 * using _ = yield* condition.hold();
 * yield* condition.waitFor(() => stock > 0);
 */
export class Condition {
  readonly #lock: Lock;
  readonly #waiters: WaitQueue<undefined>;

  /**
   * @param lock the lock to use, by default a new one.
   * @throws TypeError if `lock` is not a `Lock`.
   */
  constructor(lock: Lock = new Lock()) {
    if (!(lock instanceof Lock)) {
      // A Lock of another copy of this package has this field too.
      const isForeign = (lock as Partial<Lock> | null)?._binding !== undefined;
      throw wrongType("lock", isForeign ? "a Lock of this copy of mysyncio" : "a Lock", lock);
    }
    this.#lock = lock;
    this.#waiters = new WaitQueue(this, "Condition", lock._binding, () => this.#notify(1));
  }

  /** Returns whether the lock is held. */
  locked(): boolean {
    return this.#lock.locked();
  }

  /** Acquires the lock, as `Lock.acquire` does. */
  acquire(): Coroutine<true> {
    return this.#lock.acquire();
  }

  /** Releases the lock. @throws RangeError if it is not held. */
  release(): void {
    this.#lock.release();
  }

  /**
   * Acquires the lock, and releases it at the end of the block: `using _ = yield*
   * condition.hold()`.
   */
  hold(): Coroutine<Disposable> {
    return hold(this.#lock);
  }

  /**
   * Acquires the lock, awaits `body(...args)`, and always releases the lock at the end. Returns the
   * result of `body`.
   *
   * Equivalent to a block with `using _ = yield* condition.hold()`, which some JavaScript engines
   * don't support yet.
   *
   * @throws TypeError if `body` is not a function that returns a coroutine or a future. @throws
   * whatever `body` throws.
   */
  with<T, Args extends unknown[]>(
    body: (...args: Args) => Coroutine<T> | Future<T>,
    ...args: Args
  ): Coroutine<T> {
    return holdDuring(this.#lock, body, args);
  }

  /**
   * Releases the lock, waits for a notification, and acquires the lock again. Returns true.
   *
   * A cancellation is thrown only after the lock is acquired again. If there are several, the last
   * one is thrown. If a cancelled task can't use a notification, the next waiter gets it. Unlike
   * asyncio, there are no spurious wakeups. But the state may have changed again before the task
   * has the lock, so prefer `waitFor`, which checks it.
   *
   * @throws RuntimeError if the lock is not held, or belongs to another loop.
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
   * Waits until `predicate()` returns a truthy value, and returns that value. Does not suspend if
   * the first value is truthy.
   *
   * @throws TypeError if `predicate` is not a function.
   * @throws RuntimeError if the task must wait, and the lock is not held.
   */
  waitFor<T>(predicate: () => T): Coroutine<T> {
    checkFunction("predicate", predicate);
    return operation(this.#waitFor(predicate));
  }

  /**
   * Wakes the `n` tasks that have waited longest. Each resumes once it has the lock.
   *
   * @throws TypeError or RangeError unless `n` is an integer >= 0 or Infinity.
   * @throws RuntimeError if the lock is not held.
   */
  notify(n = 1): void {
    checkCount("n", n);
    this.#checkLocked("notify()");
    this.#notify(n);
  }

  /** Wakes all waiting tasks. @throws RuntimeError if the lock is not held. */
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

  #checkLocked(caller: string): void {
    if (this.locked()) return;
    throw new RuntimeError(`${caller} requires the lock. Acquire the condition first`);
  }
}

/**
 * Acquires the lock even if the task is cancelled in the meantime, then throws the last
 * cancellation.
 */
function* acquireAnyway(lock: Lock): Coroutine<void> {
  let cancellation: CancelledError | undefined;
  for (;;) {
    try {
      yield* lock.acquire();
      break;
    } catch (error) {
      if (!isCancellation(error)) throw error;
      cancellation = error;
    }
  }
  if (cancellation !== undefined) throw cancellation;
}
