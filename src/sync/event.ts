import type { Coroutine } from "../tasks/coroutine.ts";
import { Binding } from "./binding.ts";
import { WaitCall } from "./waitCall.ts";
import { type Waiting, WaitQueue } from "./waitQueue.ts";

/**
 * Tells any number of tasks that something has happened. Like `asyncio.Event`.
 *
 * A named import shadows the DOM's `Event` in that module: `import { Event as Happening }` where both are wanted.
 *
 * It belongs to the loop on which somebody waited for it first.
 */
export class Event {
  readonly #waiters = new WaitQueue<true>(this, "Event", new Binding("Event"));
  #isSet = false;

  /** Whether it has happened. */
  isSet(): boolean {
    return this.#isSet;
  }

  /** Says that it has happened. All who wait go on, in order of arrival, even if `clear()` follows at once. */
  set(): void {
    this.#isSet = true;
    this.#waiters.handOverToAll(true);
  }

  /** Has those who come from now on wait for the next `set()`. */
  clear(): void {
    this.#isSet = false;
  }

  /**
   * Waits until it has happened; does not wait if it has already. Gives true.
   *
   * @throws RuntimeError if it would have to wait, and others waited on another loop before.
   */
  wait(): Coroutine<true> {
    return new WaitCall(this) as unknown as Coroutine<true>;
  }

  /** @internal */
  _wait(): Waiting<true> | undefined {
    return this.#isSet ? undefined : this.#waiters.wait();
  }
}
