import type { HostFactory } from "./host.ts";
import { performance } from "./hosts/timers.ts";

/** The source of a loop's time: milliseconds since an arbitrary start, never decreasing. */
export interface Clock {
  now(): number;
  /**
   * Present on a clock that doesn't advance by itself. The loop calls it with the next deadline,
   * instead of sleeping. Afterwards `now()` must be at least `when`.
   */
  advanceTo?(when: number): void;
  /**
   * How many milliseconds of real time `run` waits for something outside the loop, such as a
   * promise, before it ends with a DeadlockError. Only for a clock that doesn't advance by itself.
   */
  readonly externalTimeout?: number;
  /** Creates the loop's host. By default, the loop uses the platform's. @internal */
  readonly _host?: HostFactory;
  /** The clock by which slices end. By default, they are measured in real time. @internal */
  readonly _pace?: Clock;
}

/** The host's monotonic clock. */
export const monotonicClock: Clock = {
  // Bound once, because looking up `performance` and `now` would make each call noticeably slower.
  now: /* @__PURE__ */ performance.now.bind(performance),
};
