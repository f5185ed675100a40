// A future: a result that arrives later, and the waiters to notify of it.
//
// A class can't be split, so this file has over 300 lines, most of them documentation. The parts
// that need no access to a future's state are in waiters.ts, doneCallback.ts and promiseOf.ts.

import { checkFunction } from "../../lang/arguments.ts";
import { type CancelledError, InvalidStateError, newCancelledError } from "../../lang/errors.ts";
import { locationOfCall, locations } from "../../lang/locations.ts";
import type { Context } from "../../loop/context.ts";
import { loopOf } from "../../loop/current.ts";
import { keepInstances } from "../../loop/kept.ts";
import { bindContext } from "../../loop/runnableContext.ts";
import type { Scheduler } from "../../loop/scheduler.ts";
import type { Runnable } from "../../loop/slots.ts";
import { Unretrieved } from "../../loop/unretrieved.ts";
import { traceAwait } from "./awaitChain.ts";
import type { Suspension } from "./coroutine.ts";
import { callbackContext, DoneCallback } from "./doneCallback.ts";
import { promiseOf } from "./promiseOf.ts";
import { asCrowd, Crowd, type Notified, notifyAll, type WaiterList, waitersIn } from "./waiters.ts";

/** Something to notify when a future is done. */
export type Waiter = Notified<Future<unknown>>;

export const PENDING = 0;
export const RESULT = 1;
const EXCEPTION = 2;
/** An exception that has not been retrieved yet. `_outcome` is an `Unretrieved` that holds it. */
const UNRETRIEVED = 3;
const CANCELLED = 4;

/**
 * The future that a coroutine has just asked its task to wait for, and the future's loop. Anything
 * else that the coroutine yields is a mistake, except `undefined`, the value of a bare `yield`.
 */
export const awaited = {
  future: undefined as Future<unknown> | undefined,
  loop: undefined as Scheduler | undefined,
};

/**
 * Passed to the constructor of futures by a hot derived class, which sets the fields itself. V8
 * optimizes a store for at most four classes, and there are more classes of futures.
 */
export const SETS_FIELDS = Symbol();

/**
 * A result that is not available yet. Like `asyncio.Future`.
 *
 * Coroutines wait for a future with `yield* future`, async functions with `await future`. Both
 * return the result or throw the exception. `loop.createFuture()` creates a future.
 *
 * A future completes once: with a result, with an exception, or by being cancelled. The tasks and
 * callbacks that wait for it then run through the loop's ready queue, never synchronously, in the
 * order in which they began to wait.
 */
export class Future<T> implements PromiseLike<T> {
  static readonly _kept = /* @__PURE__ */ keepInstances(futureToKeep);

  // Not #private, because private fields of a base class are slow to define once it has more than
  // four derived classes, as this one has. Not initialized here, because of `SETS_FIELDS`.
  declare _loop: Scheduler;
  declare _state: number;
  /**
   * Depends on the state: nothing, the result, the exception, an `Unretrieved` that holds the
   * exception, or the CancelledError.
   */
  declare _outcome: unknown;
  /**
   * The waiters; undefined if there is none, and null once the future is done. A number is the id
   * of the only one, a task of the default priority. Most waiters are, and then completing the
   * future only pushes that id.
   */
  declare _waiting: WaiterList<Future<unknown>> | number | undefined | null;

  /**
   * @param options.loop the loop on which it notifies its waiters, by default the running one.
   * @throws RuntimeError if `loop` is left out and no loop is running.
   */
  constructor(options?: { readonly loop?: Scheduler | undefined });
  /** For a loop that is known to be valid. Saves an options object. @internal */
  constructor(options: undefined, loop: Scheduler);
  /** For a hot derived class, which sets the fields itself. @internal */
  constructor(options: typeof SETS_FIELDS);
  constructor(
    options?: { readonly loop?: Scheduler | undefined } | typeof SETS_FIELDS,
    loop?: Scheduler,
  ) {
    if (options === SETS_FIELDS) return;
    this._loop = options === undefined && loop !== undefined ? loop : loopOf(options, "A future");
    this._state = PENDING;
    this._outcome = undefined;
    this._waiting = undefined;
  }

  /** Whether the future has a result or an exception, or was cancelled. */
  done(): boolean {
    return this._state !== PENDING;
  }

  /** Whether the future was cancelled. */
  cancelled(): boolean {
    return this._state === CANCELLED;
  }

  /**
   * Returns the result.
   *
   * @throws the exception, if the future failed.
   * @throws CancelledError if it was cancelled.
   * @throws InvalidStateError if it is not done.
   */
  result(): T {
    if (this._state === RESULT) return this._outcome as T;
    if (this._state === PENDING) throw notDone();
    throw this._reason();
  }

  /**
   * Returns the exception, or undefined if there is a result. Counts as retrieving the exception.
   *
   * @throws CancelledError if the future was cancelled.
   * @throws InvalidStateError if it is not done.
   */
  exception(): unknown {
    if (this._state === PENDING) throw notDone();
    if (this._state === CANCELLED) throw this._outcome;
    return this._state === RESULT ? undefined : this._reason();
  }

  /**
   * Completes the future with a result.
   *
   * @throws InvalidStateError if the future is already done.
   */
  setResult(value: T): void {
    checkPending(this);
    this._succeed(value);
  }

  /**
   * Completes the future with an exception, which is usually an `Error` but may be any value.
   *
   * If the exception is never retrieved, it is reported once to the loop's exception handler: when
   * the future is collected, at the latest when the loop closes.
   *
   * @throws InvalidStateError if the future is already done.
   */
  setException(exception: unknown): void {
    checkPending(this);
    this._fail(exception);
  }

  /**
   * Cancels the future, so that its waiters get a `CancelledError`. Returns false and does nothing
   * if the future is already done.
   *
   * @param message the error's message, for example to say why.
   */
  cancel(message?: string): boolean {
    if (this._state !== PENDING) return false;
    this._abandon(newCancelledError(message ?? "The future was cancelled"));
    return true;
  }

  /**
   * Calls `callback(this)` through the loop when the future is done; in the next turn if it already
   * is.
   *
   * @param options.context the context to run in, by default a copy of the current one.
   * @throws TypeError if `callback` is not a function.
   */
  addDoneCallback(
    callback: (future: this) => unknown,
    options?: { readonly context?: Context | undefined },
  ): void {
    checkFunction("callback", callback);
    const run = bindContext(this._loop, callback, callbackContext(options));
    if (this._state !== PENDING) this._loop._callSoon(run, [this]);
    else this._addWaiter(new DoneCallback(callback, run));
  }

  /** Removes each occurrence of a callback. Returns the number removed. */
  removeDoneCallback(callback: (future: this) => unknown): number {
    const crowd = asCrowd(this._waiting);
    if (crowd !== undefined) {
      this._waiting = crowd;
      return crowd.removeCallback(callback);
    }
    const all = this._waiters();
    const kept = all.filter((waiter) => waiter._callback !== callback);
    const removed = all.length - kept.length;
    if (removed > 0) this._waiting = kept.length === 0 ? undefined : kept;
    return removed;
  }

  /** Returns the loop of this future. */
  getLoop(): Scheduler {
    return this._loop;
  }

  /**
   * `yield* future` waits for the future, and returns its result or throws its exception.
   * Cancelling the waiting task cancels the future.
   */
  [Symbol.iterator](): Iterator<Suspension, T, undefined> {
    // A future is its own iterator. `throw` below never returns, which the type can't say.
    return this as unknown as Iterator<Suspension, T, undefined>;
  }

  /** Returns or throws the outcome if there is one; otherwise asks the task to wait. @internal */
  next(): IteratorResult<Suspension, T> {
    if (this._state === RESULT) return { done: true, value: this._outcome as T };
    if (this._state !== PENDING) throw this._thrown();
    awaited.future = this;
    awaited.loop = this._loop;
    if (locations.watchers > 0) locations.last = locationOfCall(this.next);
    // The task recognizes the future by `awaited`. To users a suspension is opaque.
    return { done: false, value: this as unknown as Suspension };
  }

  /** Returns what `yield*` throws. */
  _thrown(): unknown {
    const error = this._reason();
    if (locations.watchers > 0 && this._state === EXCEPTION) {
      traceAwait(error, this, this._loop._slots.current, locationOfCall(this.next));
    }
    return error;
  }

  /** Passes an error on to the coroutine that waits here. @internal */
  throw(error: unknown): never {
    throw error;
  }

  /**
   * Like the `then` of a promise, by the rules of Promises/A+. If the future is done, this works
   * even if no loop runs.
   */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const promise = promiseOf<T>(this);
    // Without callbacks, returns `promise` itself, because ownPromises.ts doesn't recognize
    // promises derived from `promise`.
    if (!onFulfilled && !onRejected) return promise as Promise<never>;
    return promise.then(onFulfilled, onRejected);
  }

  /** Like the `catch` of a promise. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return promiseOf<T>(this).catch(onRejected);
  }

  /** Like the `finally` of a promise. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return promiseOf<T>(this).finally(onFinally);
  }

  /** Appends a waiter. The future must be pending. */
  _addWaiter(waiter: Waiter): void {
    const waiters = this._waiting;
    if (waiters === undefined) this._waiting = waiter;
    else if (Array.isArray(waiters)) waiters.push(waiter);
    else if (waiters instanceof Crowd) waiters.add(waiter);
    else this._waiting = [...this._waiters(), waiter];
  }

  _removeWaiter(waiter: Waiter): void {
    const waiters = this._waiting;
    const crowd = asCrowd(waiters);
    if (crowd !== undefined) {
      crowd.remove(waiter);
      this._waiting = crowd;
    } else if (Array.isArray(waiters)) {
      this._waiting = waiters.filter((other) => other !== waiter);
    } else if (this._waiters()[0] === waiter) this._waiting = undefined;
  }

  /** Returns the waiters. The loop forgets its tasks when it is closed. */
  _waiters(): readonly Waiter[] {
    const waiters = this._waiting;
    if (waiters === undefined || waiters === null) return [];
    if (typeof waiters !== "number") return waitersIn(waiters);
    const task = this._loop._slots.taskAt(waiters);
    return task === undefined ? [] : [task as Runnable & Waiter];
  }

  /** Returns the futures whose completion completes this one, for debugging. */
  _parts?(): Iterable<Future<unknown>>;
  /** Whether a single one of the parts may complete this future. */
  get _endsWithFirst(): boolean {
    return false;
  }
  /** Returns the lock, queue or other primitive that completes this future by a hand-over. */
  _resource?(): object;
  /** Gives back what was handed over, because the waiting task will not take it. */
  _giveBack?(): void;
  /**
   * Returns the futures to which this one passes a cancellation on, instead of ending itself.
   * Returns undefined if it ends itself, or if that isn't known without calling `cancel()`.
   */
  _passesTo?(): readonly Future<unknown>[] | undefined;

  /** Marks the exception as retrieved, so that it is not reported. */
  _retrieve(): void {
    if (this._state !== UNRETRIEVED) return;
    this._state = EXCEPTION;
    this._outcome = (this._outcome as Unretrieved).withdraw();
  }

  /** Whether the future is done, but without a result. */
  _hasFailed(): boolean {
    return this._state > RESULT;
  }

  /**
   * Returns what awaiting the future throws, once it is done without a result. Counts as retrieving
   * the exception.
   */
  _reason(): unknown {
    this._retrieve();
    return this._outcome;
  }

  /** Describes the future in reports. */
  _describe(): string {
    return "Future";
  }

  /**
   * Completes a pending future with a result.
   *
   * The usual case is here, because this is short enough to be inlined where engines know the class
   * of the future. `_finish` isn't, and accesses fields of more classes than engines optimize for.
   */
  _succeed(value: T): void {
    const waiter = this._waiting;
    if (typeof waiter !== "number") return this._finish(RESULT, value);
    this._state = RESULT;
    this._outcome = value;
    this._waiting = null;
    this._loop._wakeTask(waiter);
  }

  /** Completes the future with a result, unless it is done. */
  _trySucceed(value: T): void {
    if (this._state === PENDING) this._succeed(value);
  }

  /** Completes the future with an exception, unless it is done. */
  _tryFail(exception: unknown): void {
    if (this._state === PENDING) this._fail(exception);
  }

  /** Completes a pending future with an exception. */
  _fail(exception: unknown): void {
    this._finish(UNRETRIEVED, new Unretrieved(this, exception));
  }

  /** Completes a pending future as cancelled, with this very error. */
  _abandon(error: CancelledError): void {
    this._finish(CANCELLED, error);
  }

  /**
   * Completes a pending future. A class that overrides this overrides `_succeed` too, to call it.
   *
   * Not a #private method, because such methods make each instance slower to create: see
   * docs/performance.md.
   */
  _finish(state: number, outcome: unknown): void {
    this._state = state;
    this._outcome = outcome;
    const waiters = this._waiting;
    this._waiting = null;
    if (waiters === undefined || waiters === null) return;
    if (typeof waiters === "number") this._loop._wakeTask(waiters);
    else if (Array.isArray(waiters)) notifyAll(waiters, this);
    else waiters._notify(this);
  }
}

function futureToKeep(loop: Scheduler): readonly object[] {
  return [new Future(undefined, loop)];
}

/** @throws InvalidStateError if `future` is already done */
function checkPending<T>(future: Future<T>): void {
  if (future._state !== PENDING) {
    throw new InvalidStateError("The future is already done. Check done() first");
  }
}

function notDone(): InvalidStateError {
  return new InvalidStateError("The future is not done yet");
}

/** Whether `value` is a future or a task. Like `asyncio.isfuture`. */
export function isFuture(value: unknown): value is Future<unknown> {
  return value instanceof Future;
}
