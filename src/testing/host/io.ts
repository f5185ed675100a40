// External calls, made by stubs. In a run, they may complete at any time.

import { checkFunction, checkOptions } from "../../lang/arguments.ts";
import { checkLatency } from "../conditions.ts";
import { currentStage } from "./stages.ts";

/** How long an external call may take. */
export interface IoOptions {
  /**
   * The longest time in milliseconds that the call takes, by default the `latency` of `explore`.
   */
  readonly max?: number | undefined;
}

/**
 * Returns a promise for `result` that represents an external call, such as input or output. In a
 * run of `explore`, it may settle at any time, before or after other external calls and timers, up
 * to `max` milliseconds after `result` is available. Outside a run, and in the first order that
 * `explore` tries, it settles as soon as `result` is available.
 *
 * If `result` is a function, calls it immediately. The promise settles as that call does.
 *
 * Needs no plugin. If a program's stubs use `io`, `explore` finds most bugs without one.
 *
 * @param options.max the longest time in milliseconds that the call takes. A timer that is due
 * after that can't fire before the call completes. By default the `latency` of `explore`, which is
 * 1,000.
 * @throws TypeError or RangeError for invalid options.
 * @example
 * const database = { read: (key: string) => io(() => rows.get(key)) };
 */
export function io<T>(
  result: (() => T | PromiseLike<T>) | T | PromiseLike<T>,
  options: IoOptions = {},
): Promise<Awaited<T>> {
  const { max } = checkIo(options);
  const outcome = typeof result === "function" ? settle(result as () => T) : result;
  const stage = currentStage();
  const promise = stage === undefined ? Promise.resolve(outcome) : stage.external(outcome, max);
  return promise as Promise<Awaited<T>>;
}

/**
 * Returns a function like `fn` whose calls may complete at any time, as described at `io`.
 *
 * @throws TypeError or RangeError for invalid arguments.
 * @example
 * const fetchPrice = external(async (id: string) => prices[id], { max: 200 });
 */
export function external<This, Args extends unknown[], T>(
  fn: (this: This, ...args: Args) => T | PromiseLike<T>,
  options: IoOptions = {},
): (this: This, ...args: Args) => Promise<Awaited<T>> {
  checkFunction("fn", fn);
  const { max } = checkIo(options);
  return function (this: This, ...args: Args): Promise<Awaited<T>> {
    return io(() => Reflect.apply(fn, this, args), { max });
  };
}

function checkIo(options: IoOptions): IoOptions {
  checkOptions(options);
  if (options.max !== undefined) checkLatency("max", options.max);
  return options;
}

/** Calls `fn` as an async function would. */
async function settle<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  return await fn();
}
