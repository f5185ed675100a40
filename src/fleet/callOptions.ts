// The options of `FleetView.with()`: their types, checks and defaults.

import {
  checkChoice,
  checkCount,
  checkFunction,
  checkOptions,
  checkString,
  checkTime,
  outOfRange,
  wrongType,
} from "../lang/arguments.ts";
import { PRIORITIES, type TaskPriority } from "../tasks/kernel/taskOptions.ts";
import type { Backoff } from "./engine.ts";

/** The options of the calls made through a `FleetView`, such as a `FleetExecutor`. */
export interface FleetCallOptions {
  /**
   * How many times the function may be started. The default, 1, means that it runs at most once.
   * With more, a call whose worker is lost starts again elsewhere, so it may run more than once.
   */
  readonly attempts?: number | undefined;
  /**
   * What causes another attempt: only a lost worker (`"lost"`, the default), or also an error
   * thrown by the function (`"errors"`).
   */
  readonly retry?: "lost" | "errors" | undefined;
  /**
   * How many milliseconds to wait before a retry after an error, doubled for each further retry;
   * 1,000 by default. An object can also set the factor, instead of 2, and a jitter.
   */
  readonly backoff?: Partial<Backoff> | number | undefined;
  /**
   * How many milliseconds after its submission a call is cancelled and fails with a TimeoutError.
   * No timeout by default.
   */
  readonly timeout?: number | null | undefined;
  /**
   * How urgent the call is, as for tasks; workers take urgent calls first. `"user-visible"` by
   * default.
   */
  readonly priority?: TaskPriority | undefined;
  /**
   * How many milliseconds a call waits before a worker may take it; 0 by default. Inexact if the
   * machines' clocks differ.
   */
  readonly delay?: number | undefined;
  /**
   * Names the call. If a call with this id exists, the new call joins it. If that call has ended
   * and its result or error is still kept, the new call receives it.
   */
  readonly id?: string | undefined;
  /** How many milliseconds a cancelled call may take to end; 1,000 by default. */
  readonly grace?: number | undefined;
  /**
   * Called with values that the function passes to `reportProgress`. If it throws, the error goes
   * to the exception handler of the loop that made the call. With `submit`, the error is uncaught.
   */
  readonly onProgress?: ((value: never) => void) | undefined;
}

/** Checked options with defaults filled in. */
export interface CallSettings {
  readonly attempts: number;
  readonly retriesErrors: boolean;
  readonly backoff: Backoff;
  readonly timeout: number | undefined;
  readonly priority: 0 | 1 | 2;
  readonly delay: number;
  readonly id: string | undefined;
  readonly grace: number;
  readonly onProgress: ((value: unknown) => void) | undefined;
}

const BACKOFF: Backoff = { delay: 1_000, factor: 2, jitter: 0 };
const GRACE = 1_000;
/** The maximum length of an id, in characters. */
const LONGEST_ID = 200;

/** Checks options and fills in the defaults. @throws TypeError, RangeError if one is invalid. */
export function settingsOf(options: FleetCallOptions): CallSettings {
  checkOptions(options);
  const { attempts = 1, retry = "lost", timeout = null, priority = "user-visible" } = options;
  const { delay = 0, id, grace = GRACE, onProgress } = options;
  checkCount("attempts", attempts, 1);
  checkChoice("retry", retry, ["lost", "errors"]);
  if (timeout !== null) checkDelay("timeout", timeout);
  checkChoice("priority", priority, Object.keys(PRIORITIES));
  checkDelay("delay", delay);
  if (id !== undefined) checkId(id);
  checkDelay("grace", grace);
  if (onProgress !== undefined) checkFunction("onProgress", onProgress);
  return {
    attempts,
    retriesErrors: retry === "errors",
    backoff: backoffOf(options.backoff),
    timeout: timeout === null || timeout === Infinity ? undefined : timeout,
    priority: PRIORITIES[priority],
    delay,
    id,
    grace,
    onProgress: onProgress as ((value: unknown) => void) | undefined,
  };
}

/** Returns `options`, overridden by the defined options of `more`. */
export function merged(options: FleetCallOptions, more: FleetCallOptions): FleetCallOptions {
  checkOptions(more);
  const given = Object.entries(more).filter(([, value]) => value !== undefined);
  return { ...options, ...Object.fromEntries(given) };
}

export function checkId(id: unknown): asserts id is string {
  checkString("id", id);
  const { length } = id as string;
  if (length > 0 && length <= LONGEST_ID) return;
  throw new RangeError(`Expected \`id\` to have 1 to ${LONGEST_ID} characters, got ${length}`);
}

function backoffOf(backoff: Partial<Backoff> | number | undefined): Backoff {
  if (backoff === undefined) return BACKOFF;
  if (typeof backoff === "number") return backoffOf({ delay: backoff });
  if (typeof backoff !== "object" || backoff === null) {
    throw wrongType("backoff", "a number of milliseconds or an object", backoff);
  }
  const { delay = BACKOFF.delay, factor = BACKOFF.factor, jitter = BACKOFF.jitter } = backoff;
  checkDelay("backoff.delay", delay);
  if (delay === Infinity) throw outOfRange("backoff.delay", "finite", delay);
  checkTime("backoff.factor", factor);
  if (!(factor >= 1 && factor < Infinity)) {
    throw outOfRange("backoff.factor", ">= 1 and finite", factor);
  }
  if (typeof jitter !== "number") throw wrongType("backoff.jitter", "a number", jitter);
  if (!(jitter >= 0 && jitter <= 1)) {
    throw outOfRange("backoff.jitter", "from 0 to 1", jitter);
  }
  return { delay, factor, jitter };
}

function checkDelay(name: string, value: number): void {
  checkTime(name, value);
  if (value < 0) throw outOfRange(name, ">= 0", value);
}
