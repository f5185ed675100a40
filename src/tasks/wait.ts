// Waiting for futures without taking part in them: whoever waits here learns that they are done, retrieves nothing, and
// takes nothing along when it is cancelled.

import { checkChoice, checkOptions } from "../loop/arguments.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { type AwaitableLike, checkSomeAwaitables, startAll } from "./awaitable.ts";
import { type Coroutine, coroutine } from "./coroutine.ts";
import { currentScheduler, Future, type Waiter } from "./future.ts";
import type { AwaitedBy } from "./gather.ts";
import { checkTimeout } from "./timeout.ts";

/** For `wait`: until any is done. Like `asyncio.FIRST_COMPLETED`. */
export const FIRST_COMPLETED = "FIRST_COMPLETED";
/**
 * For `wait`: until one fails, or all are done. One that is cancelled has not failed.
 * Like `asyncio.FIRST_EXCEPTION`.
 */
export const FIRST_EXCEPTION = "FIRST_EXCEPTION";
/** For `wait`: until all are done. Like `asyncio.ALL_COMPLETED`. */
export const ALL_COMPLETED = "ALL_COMPLETED";

/** What `wait` waits for. */
export type ReturnWhen = typeof FIRST_COMPLETED | typeof FIRST_EXCEPTION | typeof ALL_COMPLETED;

/** The futures that `wait` was given, each in one of two sets. */
export interface Waited<T> {
  readonly done: Set<Future<T>>;
  readonly pending: Set<Future<T>>;
}

/** What is asked of each future that gets done: is this enough? */
const ENOUGH: Readonly<Record<ReturnWhen, (done: Future<unknown>) => boolean>> = {
  FIRST_COMPLETED: () => true,
  FIRST_EXCEPTION: (done) => done._hasFailed() && !done.cancelled(),
  ALL_COMPLETED: () => false,
};

/**
 * Waits until some of `aws` are done, by `returnWhen`, or for `timeout` milliseconds. Gives two sets of futures, `done`
 * and `pending`, both in the order of `aws`. Like `asyncio.wait`.
 *
 * Coroutines and functions start as tasks, in order. What is given twice is in the set once. Throws no error of `aws`
 * and retrieves none: ask the futures in `done`. A timeout is no error either: what is not done by then is in
 * `pending`, and can be waited for again. Gives way at least once.
 *
 * Cancels nothing, neither at the timeout nor when it is cancelled itself.
 *
 * Unlike asyncio's, takes coroutines, and its sets have an order.
 *
 * @param options.returnWhen `FIRST_COMPLETED`, `FIRST_EXCEPTION` or, by default, `ALL_COMPLETED`.
 * @throws TypeError if one of `aws` is not awaitable, or an option is not what it must be.
 * @throws RangeError if `aws` is empty, or `timeout` is NaN. @throws RuntimeError for a future of another loop.
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
  return waiting(all, returnWhen, timeout) as Coroutine<Waited<never>>;
}

const waiting = /* @__PURE__ */ coroutine(function* wait(
  aws: readonly AwaitableLike<unknown>[],
  returnWhen: ReturnWhen,
  timeout: number | null | undefined,
): Coroutine<Waited<unknown>> {
  const loop = currentScheduler("wait()");
  const futures = startAll(loop, aws);
  yield* watch(loop, futures, returnWhen, timeout);
  const done = new Set<Future<unknown>>();
  const pending = new Set<Future<unknown>>();
  for (const future of futures) (future.done() ? done : pending).add(future);
  return { done, pending };
});

/**
 * Waits as `wait` does for futures of `loop`. Gives the one that was enough, undefined if the time
 * was over first. Nothing stays behind, however it ends.
 */
export function* watch(
  loop: Scheduler,
  futures: Iterable<Future<unknown>>,
  returnWhen: ReturnWhen,
  timeout?: number | null,
): Coroutine<Future<unknown> | undefined> {
  const watcher = new Watcher(loop, futures, ENOUGH[returnWhen]);
  const timer = typeof timeout === "number" ? loop.callLater(timeout, giveUp, watcher) : undefined;
  try {
    // As asyncio does: who asks again and again for what is done already lets others run.
    if (watcher.done()) yield;
    return yield* watcher;
  } finally {
    timer?.cancel();
    for (const future of futures) future._removeWaiter(watcher);
  }
}

function giveUp(watcher: Watcher): void {
  if (!watcher.done()) watcher._succeed(undefined);
}

/** The future of the future that is enough. */
class Watcher extends Future<Future<unknown> | undefined> implements Waiter {
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

  /** One of the futures is done. @internal */
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
