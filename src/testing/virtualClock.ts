import { waitForGraph } from "../debug/waitForGraph.ts";
import { checkOptions, checkTime } from "../lang/arguments.ts";
import type { Clock } from "../loop/clock.ts";
import { runningScheduler } from "../loop/current.ts";
import { installPlatform } from "../loop/platform.ts";
import { checkNoOtherCopy } from "../loop/registry.ts";
import { outsideMayWaitFor } from "./dependence.ts";

/**
 * In milliseconds. Less than the five seconds after which most test runners give up with a less
 * helpful message.
 */
const EXTERNAL_TIMEOUT = 4_000;

/**
 * A clock that stands still while anything is ready. When nothing is, it jumps to the next
 * deadline.
 *
 * Sleeps take no real time and end in the same order each time. If nothing is ready and no timer is
 * pending, the run ends with a DeadlockError that contains the wait-for graph. Like Trio's
 * `MockClock` with autojump.
 *
 * The clock also stands still while the loop waits for something outside, such as a promise or a
 * socket, which takes real time. If nothing arrives within `externalTimeout`, `run` ends with a
 * DeadlockError. Promises of the loop's own futures and tasks, and of its `toAsync` calls, don't
 * count as outside. Nor does an async function that itself waits for the loop, by `await task` or
 * by `for await` over a queue. The clock jumps if every promise that the loop awaits may come from
 * such a function, and nothing arrives within a few macrotasks.
 *
 * @example
 * runSync(() => sleep(86_400_000), { clock: new VirtualClock() }); // a day, instantly
 */
export class VirtualClock implements Clock {
  #now: number;
  /** How long `run` waits for something outside the loop, in milliseconds of real time. */
  readonly externalTimeout: number;

  /**
   * @param start the initial time in milliseconds.
   * @param options.externalTimeout how long `run` waits for something outside the loop, in
   * milliseconds of real time. By default 4,000; Infinity means no limit.
   * @throws TypeError or RangeError for invalid arguments.
   */
  constructor(start = 0, options: { readonly externalTimeout?: number | undefined } = {}) {
    checkTime("start", start);
    checkOptions(options);
    const { externalTimeout = EXTERNAL_TIMEOUT } = options;
    checkTime("externalTimeout", externalTimeout);
    this.#now = start;
    this.externalTimeout = externalTimeout;
    installPlatform({ mayJump: outsideMayWaitFor, graph: waitForGraph });
  }

  /** Returns the virtual time in milliseconds. */
  now(): number {
    if (runningScheduler() === undefined) checkNoOtherCopy("The VirtualClock");
    return this.#now;
  }

  /** Jumps forward to `when`. Does nothing if `when` has passed. Called by the loop. */
  advanceTo(when: number): void {
    checkTime("when", when);
    if (when > this.#now) this.#now = when;
  }
}
