import {
  checkCount,
  checkFunction,
  checkOptions,
  checkTime,
  outOfRange,
  wrongType,
} from "../lang/arguments.ts";
import { isCancellation } from "../lang/thrown.ts";
import { currentScheduler } from "../loop/current.ts";
import { type Awaitable, checkCoroutine, isThenable } from "./awaitable.ts";
import { currentTask } from "./currentTask.ts";
import { ensureFutureOn } from "./ensureFuture.ts";
import { awaitedBefore } from "./kernel/call.ts";
import { type Coroutine, coroutine, isCoroutine } from "./kernel/coroutine.ts";
import { type Future, isFuture } from "./kernel/future.ts";
import { sleep } from "./sleep.ts";

export interface RetryOptions {
  /** The maximum number of attempts, including the first. By default 3; Infinity sets no limit. */
  readonly attempts?: number | undefined;
  /** The delay after the first failure in milliseconds, by default 100. */
  readonly delay?: number | undefined;
  /** Multiplies the delay after each further failure, by default 2. */
  readonly factor?: number | undefined;
  /** The longest delay in milliseconds, by default Infinity. */
  readonly maxDelay?: number | undefined;
  /** The random part of each delay, from 0 to 1, by default 0. Only shortens a delay. */
  readonly jitter?: number | undefined;
  /**
   * Returns whether to try again after an error. By default, every error is retried. May be a
   * coroutine function.
   */
  readonly retryIf?:
    | ((error: unknown, attempt: number) => boolean | Awaitable<boolean>)
    | undefined;
  /**
   * Called before each delay with the error, the failed attempt, and the delay in milliseconds. May
   * be a coroutine function.
   */
  readonly onRetry?: ((error: unknown, attempt: number, delay: number) => unknown) | undefined;
  /**
   * Returns a number >= 0 and < 1 for the jitter, by default `Math.random`. Tests can pass their
   * own.
   */
  readonly random?: (() => number) | undefined;
}

/**
 * Awaits `body(attempt)`, and runs it again after a delay if it fails. Returns its first result.
 *
 * Attempts are counted from 1. The delay after attempt `n` is `delay * factor ** (n - 1)`, at most
 * `maxDelay`, shortened randomly by `jitter`. Throws the error of the last attempt, or the first
 * error for which `retryIf` returns false.
 *
 * Never retries a cancellation, neither in `body` nor during a delay. That includes every
 * CancelledError, and any error that `body` throws after its task was cancelled. Retries the
 * TimeoutError of a `timeout` within `body`.
 *
 * asyncio has no equivalent.
 *
 * @throws TypeError, RangeError for invalid arguments. @throws InvalidStateError if `body` returns
 * the same coroutine object twice.
 * @example
 * const page = yield* retry(() => timeout(1_000, () => fetchPage(url)), {
 *   attempts: 5,
 *   jitter: 0.5,
 *   retryIf: (error) => !(error instanceof NotFoundError),
 * });
 */
export function retry<T>(
  body: (attempt: number) => Coroutine<T> | Future<T>,
  options: RetryOptions = {},
): Coroutine<T> {
  checkFunction("body", body);
  checkOptions(options);
  const { attempts = 3, delay = 100, factor = 2, maxDelay = Infinity, jitter = 0 } = options;
  const { retryIf, onRetry, random = Math.random } = options;
  checkCount("attempts", attempts, 1);
  checkTime("delay", delay);
  checkTime("maxDelay", maxDelay);
  checkFactor("factor", factor, Infinity);
  checkFactor("jitter", jitter, 1);
  if (retryIf !== undefined) checkFunction("retryIf", retryIf);
  if (onRetry !== undefined) checkFunction("onRetry", onRetry);
  checkFunction("random", random);
  return runRetry(body, attempts, {
    retryIf,
    onRetry,
    delayAfter(attempt) {
      const longest = delay > 0 ? Math.min(delay * factor ** (attempt - 1), maxDelay) : 0;
      if (jitter === 0) return longest;
      const fraction = random();
      checkFactor("random()", fraction, 1);
      return longest * (1 - jitter * fraction);
    },
  });
}

interface Backoff extends Pick<RetryOptions, "retryIf" | "onRetry"> {
  delayAfter(attempt: number): number;
}

const runRetry = /* @__PURE__ */ coroutine(function* retry<T>(
  body: (attempt: number) => Coroutine<T> | Future<T>,
  attempts: number,
  { retryIf, onRetry, delayAfter }: Backoff,
): Coroutine<T> {
  const task = currentTask(currentScheduler("retry()"));
  const cancelling = task?.cancelling() ?? 0;
  let made: unknown;
  for (let attempt = 1; ; attempt++) {
    const before = made;
    try {
      made = body(attempt);
      if (isFuture(made)) return (yield* made) as T;
      if (made !== before && isCoroutine(made)) return (yield* made) as T;
    } catch (error) {
      if (isCancellation(error) || (task?.cancelling() ?? 0) > cancelling) throw error;
      if (attempt >= attempts) throw error;
      if (retryIf !== undefined && !(yield* resultOf(retryIf(error, attempt)))) throw error;
      const pause = delayAfter(attempt);
      yield* resultOf(onRetry?.(error, attempt, pause));
      yield* sleep(pause);
      continue;
    }
    checkCoroutine("body", () => made as Coroutine<T>);
    throw awaitedBefore();
  }
});

/** Awaits `value` if it is awaitable, because a callback may be a coroutine or async function. */
function* resultOf(value: unknown): Coroutine<unknown> {
  if (isCoroutine(value)) return yield* value;
  if (!isThenable(value)) return value;
  return yield* ensureFutureOn(currentScheduler("retry()"), value);
}

/** @throws TypeError unless `value` is a number, RangeError unless it is from 0 to `most` */
function checkFactor(name: string, value: unknown, most: number): void {
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (value >= 0 && value <= most) return;
  throw outOfRange(name, most === Infinity ? "a number >= 0" : `a number from 0 to ${most}`, value);
}
