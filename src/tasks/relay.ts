// Converts a promise to a future. The conversion itself costs little more than an `await`.
//
// The engine's own `await` creates two functions each time, one for each outcome. Here, these two
// functions belong to a relay, which uses them for one promise after the other:
//
//   idle ──> waits for promise 1 ──> completes future 1, idle, runs the loop ──> waits for promise 2
//
// A coroutine that awaits promises one after another uses one relay. Coroutines that wait at the
// same time use one relay each.

import { RuntimeError } from "../lang/errors.ts";
import { isCancellation } from "../lang/thrown.ts";
import { keepInstances } from "../loop/kept.ts";
import { takeSource } from "../loop/ownPromises.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { Derived } from "./derived.ts";
import { ExternalFuture } from "./externalFuture.ts";
import { Future } from "./kernel/future.ts";
import type { Task } from "./kernel/task.ts";

/** A future that settles with a promise. */
export class PromiseFuture<T> extends ExternalFuture<T> {
  static override readonly _kept = /* @__PURE__ */ keepInstances(promiseFutureToKeep);

  override _fail(exception: unknown): void {
    super._fail(forWaiter(this, exception));
  }

  override _describe(): string {
    return "Promise";
  }
}

function promiseFutureToKeep(loop: Scheduler): readonly object[] {
  return [new PromiseFuture(loop)];
}

/**
 * Stands for a promise that was made from `source`, a future of the same loop. Follows `source`
 * directly, without a relay.
 */
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
    if (source._hasFailed()) this._fail(forWaiter(this, source._reason()));
    else this._succeed(source.result());
  }

  override _parts(): Iterable<Future<unknown>> {
    return [this.#source];
  }

  override _describe(): string {
    return "Promise";
  }
}

/**
 * Returns the error for the task that waits for `future`, if the promise rejects with `reason`.
 *
 * A cancelled task stops waiting immediately. So a cancellation that arrives through a promise
 * belongs to something else. If it stayed a CancelledError, the task would end as if it had been
 * cancelled, and its group would ignore the failure.
 *
 * A task that was cancelled and still awaits a promise, as in its clean-up, may be waiting for
 * something that it has aborted itself. Such a task gets the CancelledError.
 */
function forWaiter(future: Future<unknown>, reason: unknown): unknown {
  if (!isCancellation(reason)) return reason;
  let waiter = onlyWaiterOf(future);
  // A gather or a shield waits on behalf of a task.
  while (waiter && !waiter.cancelling) waiter = onlyWaiterOf(waiter);
  return cancelledElsewhere(reason, "promise", waiter);
}

/** Returns what waits for `future`; undefined if that is not a single thing. */
function onlyWaiterOf(future: object): Partial<Task<unknown>> | undefined {
  const waiters = future instanceof Future ? future._waiters() : [];
  return waiters.length === 1 ? (waiters[0] as Partial<Task<unknown>>) : undefined;
}

/**
 * Returns the error for `task` if `reason` arrives from outside the loop. A CancelledError becomes
 * the cause of a RuntimeError unless `task` was cancelled, too.
 *
 * @param source names where `reason` comes from, such as "promise"
 */
export function cancelledElsewhere(
  reason: unknown,
  source: string,
  task: { cancelling?(): number } | undefined,
): unknown {
  return isCancellation(reason) && !task?.cancelling?.()
    ? new RuntimeError(`The ${source} was cancelled`, { cause: reason })
    : reason;
}

/** Passes on the outcome of a promise to a future. Idle after that, until the next promise. */
class Relay {
  future: Future<unknown> | undefined;
  /** The value of `settled` when this relay began to wait. */
  since = 0;

  readonly fulfill = (value: unknown): void => settle(this, false, value);
  readonly reject = (reason: unknown): void => settle(this, true, reason);
}

const idle: Relay[] = [];

/** How many idle relays are kept. */
const MAX_IDLE = 256;

/** How many relays wait for a promise. */
let waiting = 0;
/** How many promises have completed their futures. */
let settled = 0;
/**
 * If fewer relays than this are waiting, running the loop for each promise takes less time than
 * scheduling a microtask that runs the loop once for all of them.
 */
const FEW = 4;

/** The engine's own `then`, which `await` uses even if a program replaces the method. */
const { then } = Promise.prototype;

/** Returns a future of `loop` that settles with `promise`. */
export function futureOfPromise<T>(loop: Scheduler, promise: PromiseLike<T>): Future<T> {
  const source = takeSource(promise) as Future<T> | undefined;
  if (source?._loop === loop) {
    // Marks the promise as handled, because its outcome goes to the future.
    void promise.then(undefined, () => undefined);
    return new OwnFuture(source) as Future<unknown> as Future<T>;
  }
  const future = new PromiseFuture<T>(loop);
  const relay = idle.pop() ?? new Relay();
  relay.future = future;
  relay.since = settled;
  waiting++;
  const native = asPromise(promise);
  // Called as a method, because engines can inline that.
  if (native.then === then) void native.then(relay.fulfill, relay.reject);
  else void then.call(native, relay.fulfill, relay.reject);
  return future;
}

/** Returns the promise that `await` would wait for. */
function asPromise(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return Promise.resolve(promise);
  } catch (error) {
    return Promise.reject(error); // from a getter of the promise's constructor
  }
}

function settle(relay: Relay, isRejected: boolean, outcome: unknown): void {
  const future = relay.future as Future<unknown>;
  relay.future = undefined;
  waiting--;
  // Stored before the loop runs, so that the loop can use this relay for the next promise.
  if (idle.length < MAX_IDLE) idle.push(relay);
  const loop = future._loop;
  if (future.done() || loop.isClosed()) return;
  // If many promises are pending, and others settled while this one was pending, even more may have
  // settled already, with their reactions queued as microtasks. Then the loop is only woken, so
  // that it runs once for all of them, in a microtask after theirs.
  const isShared = waiting >= FEW && relay.since < settled;
  settled++;
  const slept = !isShared && loop._pump.markAwake();
  // The loop is woken even if nothing becomes ready, because its run may end once it waits for one
  // promise fewer.
  if (isShared) loop._wake();
  try {
    if (isRejected) future._fail(outcome);
    else future._succeed(outcome);
  } finally {
    // The loop must run even if a waiter throws. It counts as awake now, so nothing else would run
    // it.
    if (slept) loop._pump.runNow();
  }
}
