// Waits for futures without retrieving their outcomes or cancelling them.

import { checkChoice, checkOptions } from "../lang/arguments.ts";
import { currentScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { type AwaitableLike, checkSomeAwaitables } from "./awaitable.ts";
import { startAll } from "./ensureFuture.ts";
import type { AwaitedBy } from "./gather.ts";
import { type Coroutine, coroutine } from "./kernel/coroutine.ts";
import { Future, type Waiter } from "./kernel/future.ts";
import { checkTimeout } from "./timeout.ts";

/** For `wait`: wait until any is done. Like `asyncio.FIRST_COMPLETED`. */
export const FIRST_COMPLETED = "FIRST_COMPLETED";
/**
 * For `wait`: wait until one fails, or all are done. A cancellation is not a failure.
 * Like `asyncio.FIRST_EXCEPTION`.
 */
export const FIRST_EXCEPTION = "FIRST_EXCEPTION";
/** For `wait`: wait until all are done. Like `asyncio.ALL_COMPLETED`. */
export const ALL_COMPLETED = "ALL_COMPLETED";

/** The condition that `wait` waits for. */
export type ReturnWhen = typeof FIRST_COMPLETED | typeof FIRST_EXCEPTION | typeof ALL_COMPLETED;

/** The futures of a `wait`, each in one of two sets. */
export interface Waited<T> {
  readonly done: Set<Future<T>>;
  readonly pending: Set<Future<T>>;
}

/** Whether a single future that is done satisfies the condition. */
const ENOUGH: Readonly<Record<ReturnWhen, (done: Future<unknown>) => boolean>> = {
  FIRST_COMPLETED: () => true,
  FIRST_EXCEPTION: (done) => done._hasFailed() && !done.cancelled(),
  ALL_COMPLETED: () => false,
};

/**
 * Waits until `aws` satisfy `returnWhen`, for at most `timeout` milliseconds. Returns two sets of
 * futures, `done` and `pending`, both in the order of `aws`. Like `asyncio.wait`.
 *
 * Coroutines and functions start as tasks, in order. A repeated awaitable is in its set once.
 * Errors of `aws` are neither thrown nor retrieved: ask the futures in `done`. A timeout isn't an
 * error: futures that are not done by then are in `pending`, and can be waited for again. Yields at
 * least once.
 *
 * Cancels nothing, neither at the timeout nor when the wait itself is cancelled.
 *
 * Unlike asyncio's, `wait` accepts coroutines, and its sets are ordered.
 *
 * @param options.timeout in milliseconds. By default, and if it is `null`, there is none.
 * @param options.returnWhen `FIRST_COMPLETED`, `FIRST_EXCEPTION` or, by default, `ALL_COMPLETED`.
 * @throws TypeError if one of `aws` is not awaitable, or an option is invalid.
 * @throws RangeError if `aws` is empty, or `timeout` is NaN. @throws RuntimeError for a future of
 * another loop.
 * @example
 * let pending: Iterable<Future<string>> = names.map((name) => createTask(fetchName(name)));
 * for (let left = names.length; left > 0; ) {
 *   const waited = yield* wait(pending, { returnWhen: FIRST_COMPLETED });
 *   for (const future of waited.done) console.log(future.result());
 *   left = waited.pending.size;
 *   pending = waited.pending;
 * }
 */
export function wait<A extends AwaitableLike<unknown>>(
  aws: Iterable<A>,
  options: {
    readonly timeout?: number | null | undefined;
    readonly returnWhen?: ReturnWhen | undefined;
  } = {},
): Coroutine<Waited<AwaitedBy<A>>> {
  const all = checkSomeAwaitables(aws);
  checkOptions(options);
  const { timeout, returnWhen = ALL_COMPLETED } = options;
  checkTimeout("timeout", timeout);
  checkChoice("returnWhen", returnWhen, Object.keys(ENOUGH));
  return runWait(all, returnWhen, timeout) as Coroutine<Waited<never>>;
}

const runWait = /* @__PURE__ */ coroutine(function* wait(
  aws: readonly AwaitableLike<unknown>[],
  returnWhen: ReturnWhen,
  timeout: number | null | undefined,
): Coroutine<Waited<unknown>> {
  const loop = currentScheduler("wait()");
  const futures = startAll(loop, aws);
  yield* waitUntilEnough(loop, futures, returnWhen, timeout);
  const done = new Set<Future<unknown>>();
  const pending = new Set<Future<unknown>>();
  for (const future of futures) (future.done() ? done : pending).add(future);
  return { done, pending };
});

/**
 * Waits for futures of `loop` as `wait` does. Returns the future that satisfied the condition, or
 * undefined after a timeout. Leaves no waiters behind, however the wait ends.
 */
export function* waitUntilEnough(
  loop: Scheduler,
  futures: Iterable<Future<unknown>>,
  returnWhen: ReturnWhen,
  timeout?: number | null,
): Coroutine<Future<unknown> | undefined> {
  const enough = new Enough(loop, futures, ENOUGH[returnWhen]);
  const expire = () => enough._trySucceed(undefined);
  const timer = typeof timeout === "number" ? loop.callLater(timeout, expire) : undefined;
  try {
    // Like asyncio, yields even if nothing is pending, so that a loop around `wait` lets other
    // tasks run.
    if (enough.done()) yield;
    return yield* enough;
  } finally {
    timer?.cancel();
    for (const future of futures) future._removeWaiter(enough);
  }
}

/** Completes with the future that satisfies the condition. */
class Enough extends Future<Future<unknown> | undefined> implements Waiter {
  readonly #futures: Iterable<Future<unknown>>;
  readonly #isEnough: (done: Future<unknown>) => boolean;
  #left = 0;

  constructor(
    loop: Scheduler,
    futures: Iterable<Future<unknown>>,
    isEnough: (done: Future<unknown>) => boolean,
  ) {
    super(undefined, loop);
    this.#futures = futures;
    this.#isEnough = isEnough;
    const done: Future<unknown>[] = [];
    for (const future of futures) {
      this.#left++;
      if (future.done()) done.push(future);
      else future._addWaiter(this);
    }
    for (const future of done) this._notify(future);
  }

  /** Called when one of the futures is done. */
  _notify(future: Future<unknown>): void {
    this.#left--;
    if (!this.done() && (this.#left === 0 || this.#isEnough(future))) this._succeed(future);
  }

  override _describe(): string {
    return "Wait";
  }

  override get _endsWithFirst(): boolean {
    return this.#isEnough !== ENOUGH.ALL_COMPLETED;
  }

  override _parts(): Iterable<Future<unknown>> {
    return this.#futures;
  }
}
