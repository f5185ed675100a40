import { holders, noteGiven } from "../loop/holders.ts";
import { keepInstances } from "../loop/kept.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { asCoroutine } from "../tasks/lazyCall.ts";
import { Binding } from "./binding.ts";
import { hold, holdDuring } from "./hold.ts";
import { WaitCall } from "./waitCall.ts";
import { type QueuedWaiter, WaitQueue } from "./waitQueue.ts";

/**
 * A mutual exclusion lock. Like `asyncio.Lock`.
 *
 * FIFO. `release()` hands the lock directly to the task that has waited longest: `locked()` stays
 * true, and newcomers can't jump the queue. (In asyncio, the lock is free until the woken task
 * runs.) A lock has no owner: any task or callback may release it, and a task that acquires it
 * twice deadlocks.
 *
 * Belongs to the loop of the first task that waits for it.
 *
 * @example
 * using _ = yield* lock.hold();
 */
export class Lock {
  static readonly _kept = /* @__PURE__ */ keepInstances(lockToKeep);

  readonly _binding = new Binding("Lock");
  readonly #waiters = new WaitQueue<true>(this, "Lock", this._binding, () => this.#pass());
  #isLocked = false;

  /** Returns whether the lock is held or being handed over. */
  locked(): boolean {
    return this.#isLocked;
  }

  /**
   * Acquires the lock. Waits if `locked()`; otherwise doesn't suspend. Returns true.
   *
   * A task that is cancelled while it waits leaves the queue. If the lock was already handed to the
   * task, but the task hasn't run since, the next waiting task gets the lock.
   *
   * @throws RuntimeError if the task must wait, and the lock belongs to another loop.
   */
  acquire(): Coroutine<true> {
    return asCoroutine(new WaitCall(this, "Lock"));
  }

  /** Hands the lock to the next waiting task, or frees it. @throws RangeError if it is not held. */
  release(): void {
    if (!this.#isLocked) throw new RangeError("The lock was released more often than acquired");
    if (holders.watchers > 0) noteGiven(this, false);
    this.#pass();
  }

  /** Acquires the lock, and releases it at the end of the block: `using _ = yield* lock.hold()`. */
  hold(): Coroutine<Disposable> {
    return hold(this);
  }

  /**
   * Acquires the lock, awaits `body(...args)`, and always releases the lock at the end. Returns the
   * result of `body`.
   *
   * Equivalent to a block with `using _ = yield* lock.hold()`, which some JavaScript engines don't
   * support yet.
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

  _wait(): QueuedWaiter<true> | undefined {
    if (this.#isLocked) return this.#waiters.wait();
    this.#isLocked = true;
    return undefined;
  }

  #pass(): void {
    this.#isLocked = this.#waiters.handOver(true);
  }
}

function lockToKeep(): readonly object[] {
  return [new Lock()];
}
