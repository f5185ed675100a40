import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { asCoroutine } from "../tasks/lazyCall.ts";
import { Binding } from "./binding.ts";
import { WaitCall } from "./waitCall.ts";
import { type QueuedWaiter, WaitQueue } from "./waitQueue.ts";

/**
 * Notifies any number of tasks that something has happened. Like `asyncio.Event`.
 *
 * A named import shadows the DOM's `Event` in that module. If you need both, write `import { Event
 * as TaskEvent }`.
 *
 * Belongs to the loop of the first task that waits for it.
 */
export class Event {
  readonly #waiters = new WaitQueue<true>(this, "Event", new Binding("Event"));
  #isSet = false;

  /** Returns whether the event is set. */
  isSet(): boolean {
    return this.#isSet;
  }

  /**
   * Sets the event. All waiting tasks resume, in order of arrival, even if `clear()` follows
   * immediately. Can be called from anywhere in the thread, for example by an event listener.
   */
  set(): void {
    this.#isSet = true;
    this.#waiters.handOverToAll(true);
  }

  /** Clears the event. Later calls of `wait()` wait for the next `set()`. */
  clear(): void {
    this.#isSet = false;
  }

  /**
   * Waits until the event is set. Does not suspend if it is already set. Returns true.
   *
   * @throws RuntimeError if the task must wait, and the event belongs to another loop.
   */
  wait(): Coroutine<true> {
    return asCoroutine(new WaitCall(this));
  }

  _wait(): QueuedWaiter<true> | undefined {
    return this.#isSet ? undefined : this.#waiters.wait();
  }
}
