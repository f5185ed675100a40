import { holders, noteGiven } from "../loop/holders.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import { Binding } from "./binding.ts";
import { hold } from "./hold.ts";
import { WaitCall } from "./waitCall.ts";
import { type Waiting, WaitQueue } from "./waitQueue.ts";

/**
 * Lets one in at a time. Like `asyncio.Lock`.
 *
 * First come, first served. `release()` hands the lock to the one who waits longest, at once: `locked()` stays true,
 * and who comes in between waits behind. (Unlike asyncio's, which is free until the one woken comes to its turn.)
 * It has no owner: any task or callback may release it, and a task that acquires it twice waits for itself.
 *
 * It belongs to the loop on which somebody waited for it first.
 *
 * @example
 * using _ = yield* lock.hold();
 */
export class Lock {
  /** @internal */
  readonly _binding = new Binding("Lock");
  readonly #waiters = new WaitQueue<true>(this, "Lock", this._binding, () => this.#pass());
  #isLocked = false;

  /** Whether somebody has it, or it was just handed to somebody. */
  locked(): boolean {
    return this.#isLocked;
  }

  /**
   * Waits until the lock is free, and takes it; a free one is taken without waiting. Gives true.
   *
   * A cancel gives up the place in line. A lock that was handed over in the turn of the cancel goes to the next one.
   *
   * @throws RuntimeError if it would have to wait, and others waited on another loop before.
   */
  acquire(): Coroutine<true> {
    return new WaitCall(this, "Lock") as unknown as Coroutine<true>;
  }

  /** Hands the lock to the next in line, or frees it. @throws RangeError if it is free already */
  release(): void {
    if (!this.#isLocked) throw new RangeError("The lock is released more often than acquired");
    if (holders.watchers > 0) noteGiven(this, false);
    this.#pass();
  }

  /** Acquires it, and gives what releases it once, at the end of the block: `using _ = yield* lock.hold()`. */
  hold(): Coroutine<Disposable> {
    return hold(this);
  }

  /** @internal */
  _wait(): Waiting<true> | undefined {
    if (this.#isLocked) return this.#waiters.wait();
    this.#isLocked = true;
    return undefined;
  }

  #pass(): void {
    this.#isLocked = this.#waiters.handOver(true);
  }
}
