import { waitForGraph } from "../debug/waitForGraph.ts";
import { checkOptions, checkTime } from "../loop/arguments.ts";
import type { Clock } from "../loop/clock.ts";
import { provideGraph } from "../loop/deadlock.ts";
import { provideDependence } from "../loop/ownPromises.ts";
import { mayDependOn } from "./dependence.ts";

/** Less than the five seconds after which most test runners give up, and tell less. */
const EXTERNAL_TIMEOUT = 4_000;

/**
 * A clock that stands still while anything is ready, and leaps to the next deadline when nothing is.
 *
 * A program that waits for what can never happen ends with a DeadlockError, which has the graph of who waits for whom.
 * Sleeps take no real time, and run in the same order each time. Like Trio's `MockClock` with autojump.
 *
 * The clock also stands still while the loop waits for something outside, such as a promise or a socket, which has its real
 * time: `run` ends with a DeadlockError if nothing comes within `externalTimeout`. The promises of the loop's own futures
 * and tasks, and of calls of `toAsync` on it, are not outside. Neither is an async function that waits for the loop, in
 * `await task` or in `for await` over a queue: if the host has had a few turns, nothing came, and for each promise that
 * the loop waits for somebody outside waits for the loop, the clock leaps.
 *
 * @example
 * runSync(() => sleep(86_400_000), { clock: new VirtualClock() }); // a day, at once
 */
export class VirtualClock implements Clock {
  #now: number;
  /** For how long `run` waits for something outside of the loop, in milliseconds of real time. */
  readonly externalTimeout: number;

  /**
   * @param start the time at which it starts, in milliseconds.
   * @param options.externalTimeout for how many milliseconds of real time `run` waits for something outside of the loop,
   * by default 4,000; Infinity sets no limit.
   */
  constructor(start = 0, options: { readonly externalTimeout?: number | undefined } = {}) {
    checkTime("start", start);
    checkOptions(options);
    const { externalTimeout = EXTERNAL_TIMEOUT } = options;
    checkTime("externalTimeout", externalTimeout);
    this.#now = start;
    this.externalTimeout = externalTimeout;
    provideDependence(mayDependOn);
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
