// From a promise to a future, at little more than the price of an `await`.
//
// `promise.then(...)` makes a promise that nobody wants. An async function that
// awaits makes none, but costs a promise to call. So an async function that has
// just delivered an outcome runs the loop right there, in its own microtask, and
// takes the promise along that the loop awaits next:
//
//   relay:  await p1 ─> future 1 ─> loop runs ─> await p2 ─> future 2 ─> ...
//
// One coroutine that awaits promises one after the other keeps one relay busy; of
// several that wait at once, each has its own.

import type { CancelledError } from "../loop/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { Future } from "./future.ts";

interface Job {
  readonly promise: PromiseLike<unknown>;
  readonly future: Future<unknown>;
}

/** A future that something outside the loop completes. While it is pending, a clock that leaps has to wait. */
class PromiseFuture<T> extends Future<T> {
  constructor(options: { readonly loop: Scheduler }) {
    super(options);
    this._loop._external++;
  }

  override _succeed(value: T): void {
    this._loop._external--;
    super._succeed(value);
  }

  override _fail(exception: unknown): void {
    this._loop._external--;
    super._fail(exception);
  }

  override _abandon(error: CancelledError): void {
    this._loop._external--;
    super._abandon(error);
  }
}

/** A relay that runs the loop: it takes the first promise that comes. */
let free: { job: Job | undefined } | undefined;

/** A future of `loop` that settles with `promise`, and has the loop run in the same microtask. */
export function futureOfPromise<T>(loop: Scheduler, promise: PromiseLike<T>): Future<T> {
  const future = new PromiseFuture<T>({ loop });
  const job: Job = { promise, future };
  if (free === undefined) {
    void relay(job);
  } else {
    free.job = job;
    free = undefined;
  }
  return future;
}

async function relay(first: Job): Promise<void> {
  const own: { job: Job | undefined } = { job: undefined };
  for (let job: Job | undefined = first; job !== undefined; job = own.job) {
    const { promise, future } = job;
    const loop = future._loop;
    let isRejected = false;
    let outcome: unknown;
    try {
      outcome = await promise;
    } catch (reason) {
      isRejected = true;
      outcome = reason;
    }
    own.job = undefined;
    if (future.done() || loop.isClosed()) return;
    const slept = loop._hold();
    if (isRejected) future._fail(outcome);
    else future._succeed(outcome);
    if (!slept) return;
    free = own;
    loop._runNow();
    free = undefined;
  }
}
