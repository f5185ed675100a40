import { waitForGraph } from "../debug/waitForGraph.ts";
import { checkTime } from "../loop/arguments.ts";
import type { Clock } from "../loop/clock.ts";
import { provideGraph } from "../loop/deadlock.ts";

/**
 * A clock that stands still while anything is ready, and leaps to the next deadline when nothing is.
 *
 * A program that waits for what can never happen ends with a DeadlockError, which has the graph of who waits for whom.
 * Sleeps take no real time, and run in the same order each time. Like Trio's `MockClock` with autojump.
 *
 * @example
 * runSync(() => sleep(86_400_000), { clock: new VirtualClock() }); // a day, at once
 */
export class VirtualClock implements Clock {
  #now: number;

  /** @param start the time at which it starts, in milliseconds. */
  constructor(start = 0) {
    checkTime("start", start);
    this.#now = start;
    provideGraph(waitForGraph);
  }

  /** The virtual time in milliseconds. */
  now(): number {
    return this.#now;
  }

  /** Leaps forward to `when`; back in time it does not go. The loop calls it. */
  advanceTo(when: number): void {
    checkTime("when", when);
    if (when > this.#now) this.#now = when;
  }
}
