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
import { takeSource } from "../loop/ownPromises.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { Derived } from "./derived.ts";
import { Future } from "./future.ts";

/** What a relay awaits, and for whom. */
interface Job {
  promise: PromiseLike<unknown> | undefined;
  future: Future<unknown> | undefined;
}

/** A future that something outside the loop completes. While it is pending, a clock that leaps has to wait. */
export class PromiseFuture<T> extends Future<T> {
  constructor(loop: Scheduler) {
    super(undefined, loop);
    loop._external++;
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

  override _describe(): string {
    return "Promise";
  }
}

/** A future that settles with one of its own loop: nothing outside has to happen, and no promise. */
class OwnFuture extends Derived<unknown> {
  readonly #source: Future<unknown>;

  constructor(source: Future<unknown>) {
    super(undefined, source._loop);
    this.#source = source;
    if (source.done()) this._notify(source);
    else source._addWaiter(this);
  }

  _notify(source: Future<unknown>): void {
    if (this.done()) return;
    if (source._hasFailed()) this._fail(source._reason());
    else this._succeed(source.result());
  }

  override _parts(): Iterable<Future<unknown>> {
    return [this.#source];
  }

  override _describe(): string {
    return "Promise";
  }
}

/** The job of a relay that runs the loop: the first promise that comes takes it. */
let free: Job | undefined;

/** A future of `loop` that settles with `promise`, and has the loop run in the same microtask. */
export function futureOfPromise<T>(loop: Scheduler, promise: PromiseLike<T>): Future<T> {
  const source = takeSource(promise) as Future<T> | undefined;
  if (source?._loop === loop) {
    // Whoever awaits the promise hears how it ends.
    void promise.then(undefined, () => undefined);
    return new OwnFuture(source) as Future<unknown> as Future<T>;
  }
  const future = new PromiseFuture<T>(loop);
  if (free === undefined) {
    void relay({ promise, future });
  } else {
    free.promise = promise;
    free.future = future;
    free = undefined;
  }
  return future;
}

async function relay(job: Job): Promise<void> {
  for (let { future } = job; future !== undefined; future = job.future) {
    let isRejected = false;
    let outcome: unknown;
    try {
      outcome = await job.promise;
    } catch (reason) {
      isRejected = true;
      outcome = reason;
    }
    job.promise = undefined;
    job.future = undefined;
    const loop = future._loop;
    if (future.done() || loop.isClosed()) return;
    const slept = loop._hold();
    if (isRejected) future._fail(outcome);
    else future._succeed(outcome);
    if (!slept) return;
    free = job;
    loop._runNow();
    free = undefined;
  }
}
