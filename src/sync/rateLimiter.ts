// A token bucket that stores times instead of tokens.
//
// The bucket holds `burst` tokens and regains one every `interval / limit` milliseconds. So one
// instant describes it: the time at which it will be full again. Each token taken postpones that
// instant. The instant is stored as a start and a count, so that rounding errors don't accumulate:
//
//   full at   anchor + taken * interval / limit
//   n tokens  anchor + (taken + n - burst) * interval / limit

import { checkCount, checkOptions, checkTime } from "../lang/arguments.ts";
import type { CancelledError } from "../lang/errors.ts";
import type { TimerHandle } from "../loop/handle.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { operation } from "../tasks/lazyCall.ts";
import { Binding } from "./binding.ts";
import { QueuedWaiter, WaitQueue } from "./waitQueue.ts";

export interface RateLimiterOptions {
  /** How many tokens become available per interval. An integer. */
  readonly limit: number;
  /** The interval in milliseconds. */
  readonly interval: number;
  /**
   * How many tokens can be taken at the same time after a pause, by default `limit`. With 1, they
   * are spread evenly, and never more than `limit` are taken in any interval.
   */
  readonly burst?: number | undefined;
}

/**
 * Limits how often something happens: a token bucket.
 *
 * The bucket holds `burst` tokens, starts full, and regains one every `interval / limit`
 * milliseconds. So at most `burst + limit` tokens are taken in any interval, where rounding may
 * shorten an interval by a few nanoseconds. FIFO: a task that waits for many tokens is not
 * overtaken by one that needs few.
 *
 * Belongs to the loop of its first use, and reads that loop's clock. Like `AsyncLimiter` of
 * Python's aiolimiter. asyncio has no rate limiter.
 *
 * @example
 * const limiter = new RateLimiter({ limit: 10, interval: 1_000 });
 * yield* limiter.acquire();
 */
export class RateLimiter {
  readonly #limit: number;
  readonly #interval: number;
  readonly #burst: number;
  readonly #binding = new Binding("RateLimiter");
  readonly #waiters = new WaitQueue<number, Request>(this, "RateLimiter", this.#binding, (n) => {
    this.#taken = Math.max(0, this.#taken - n);
    this._serve();
  });
  #anchor = -Infinity;
  #taken = 0;
  #timer: TimerHandle | undefined;

  /**
   * @throws TypeError or RangeError unless `limit` and `burst` are integers >= 1, and `interval` is
   * positive and finite.
   */
  constructor(options: RateLimiterOptions) {
    checkOptions(options);
    const { limit, interval, burst = limit } = options;
    checkCount("limit", limit, 1);
    checkTime("interval", interval);
    checkCount("burst", burst, 1);
    if (limit === Infinity || interval <= 0 || interval === Infinity) {
      throw new RangeError(
        `Expected \`limit\` and \`interval\` to be positive and finite, got \`${limit}\` and \`${interval}\``,
      );
    }
    this.#limit = limit;
    this.#interval = interval;
    this.#burst = burst;
  }

  /**
   * Takes `n` tokens. Waits until they are available and all earlier callers have theirs. Returns
   * true.
   *
   * A cancelled task leaves the queue. Tokens that were just handed to it go back to the bucket.
   *
   * @throws TypeError or RangeError unless `n` is an integer from 1 to `burst`. @throws
   * RuntimeError if no loop is running, or the limiter belongs to another loop.
   */
  acquire(n = 1): Coroutine<true> {
    checkCount("n", n, 1);
    if (n > this.#burst) {
      throw new RangeError(
        `Expected \`n\` to be at most \`burst\`, which is ${this.#burst}, got \`${n}\`. The bucket never holds more tokens`,
      );
    }
    return operation(this.#acquire(n), this);
  }

  *#acquire(n: number): Coroutine<true> {
    const loop = this.#binding.loop();
    if (this.#waiters.length === 0 && this.#readyAt(n) <= loop.time()) {
      this.#take(n, loop.time());
      return true;
    }
    const request = new Request(this.#waiters, this, n);
    this.#waiters.add(request);
    this._serve();
    yield* request;
    return true;
  }

  /** Serves the waiters for which there are tokens, and sets a timer for the next one. */
  _serve(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (;;) {
      const first = this.#waiters.first();
      if (first === undefined) return;
      const loop: Scheduler = first._loop;
      const { n } = first;
      const when = this.#readyAt(n);
      const now = loop.time();
      if (when > now) {
        this.#timer = loop.callAt(when, () => this._serve());
        return;
      }
      this.#take(n, now);
      this.#waiters.handOver(n);
    }
  }

  /** Returns when `n` tokens will be available. */
  #readyAt(n: number): number {
    return this.#anchor + ((this.#taken + n - this.#burst) * this.#interval) / this.#limit;
  }

  #take(n: number, now: number): void {
    if (now > this.#readyAt(this.#burst)) {
      this.#anchor = now;
      this.#taken = 0;
    }
    this.#taken += n;
  }
}

/** A task that waits for `n` tokens. */
class Request extends QueuedWaiter<number> {
  readonly n: number;
  readonly #limiter: RateLimiter;

  constructor(queue: WaitQueue<number, Request>, limiter: RateLimiter, n: number) {
    // `QueuedWaiter` uses only the members that both types share.
    super(queue as unknown as WaitQueue<number>);
    this.n = n;
    this.#limiter = limiter;
  }

  override _abandon(error: CancelledError): void {
    super._abandon(error);
    this.#limiter._serve();
  }

  override _leave(): void {
    super._leave();
    this.#limiter._serve();
  }
}
