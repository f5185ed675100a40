import { RuntimeError } from "../loop/errors.ts";
import { runningScheduler, type Scheduler } from "../loop/scheduler.ts";
import { currentScheduler } from "../tasks/future.ts";

/** Binds a primitive to the loop of its first wait: who waits in one line must be woken by one loop. */
export class Binding {
  /** The name of the primitive in messages. */
  readonly what: string;
  #loop: Scheduler | undefined;

  constructor(what: string) {
    this.what = what;
  }

  /** The running loop. @throws RuntimeError if there is none, or it is not the one of the first wait */
  loop(): Scheduler {
    // Words for the error are put together only where there is one.
    const loop = runningScheduler() ?? currentScheduler(`A wait (${this.what})`);
    this.#loop ??= loop;
    if (this.#loop === loop) return loop;
    throw new RuntimeError(
      `The ${this.what} is bound to another event loop, where somebody waited for it first. Make one for each loop`,
    );
  }
}
