import { RuntimeError } from "../lang/errors.ts";
import { currentScheduler, runningScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";

/**
 * Binds a primitive to the loop of its first wait, because one loop must wake all waiters of a
 * queue.
 */
export class Binding {
  /** The name of the primitive in messages. */
  readonly name: string;
  #loop: Scheduler | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /**
   * Returns the running loop.
   * @throws RuntimeError if no loop is running, or the first wait was on another loop.
   */
  loop(): Scheduler {
    // `currentScheduler` is called only to throw, so the common case builds no message.
    const loop = runningScheduler() ?? currentScheduler(`A wait (${this.name})`);
    this.#loop ??= loop;
    if (this.#loop === loop) return loop;
    throw new RuntimeError(
      `The ${this.name} is bound to another event loop, where a task first waited for it. Create one per loop`,
    );
  }
}
