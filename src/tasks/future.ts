// A future: a result that comes later, and those who wait for it.

import { checkFunction, checkOptions } from "../loop/arguments.ts";
import { bound, type Context, checkContext, inheritedContext } from "../loop/context.ts";
import {
  type CancelledError,
  InvalidStateError,
  newCancelledError,
  RuntimeError,
} from "../loop/errors.ts";
import { notePromise, outsideWaits } from "../loop/ownPromises.ts";
import { placeOfCall, places } from "../loop/places.ts";
import { checkLoop, runningScheduler, type Scheduler } from "../loop/scheduler.ts";
import { Unretrieved } from "../loop/unretrieved.ts";
import type { Suspension } from "./coroutine.ts";
import { Crowd, MANY, type Notified, notifyAll } from "./waiters.ts";

/** Who wants to know that a future is done. */
export type Waiter = Notified<Future<unknown>>;

const PENDING = 0;
const RESULT = 1;
const EXCEPTION = 2;
/** An exception that nobody has retrieved: the outcome is the note about it. */
const UNRETRIEVED = 3;
const CANCELLED = 4;

/** The future that a coroutine has just asked its task to wait for. What else a generator yields is a mistake. */
export const awaited = { future: undefined as Future<unknown> | undefined };

/**
 * A result that is not there yet. Like `asyncio.Future`.
 *
 * `yield* future` waits for it in a coroutine and `await future` in an async function; both give the result or throw
 * the exception. Made by `loop.createFuture()`.
 *
 * A future is done once: with a result, an exception, or cancelled. What happens then comes through the loop's ready
 * queue, never synchronously: tasks and callbacks in the order in which they began to wait.
 */
export class Future<T> implements PromiseLike<T> {
  // Not #private, and declared only: there are many classes of futures, and to define private fields of a base class for
  // more than four of them leaves the engine's fast path. A future then costs three times as much.
  /** @internal */
  declare readonly _loop: Scheduler;
  /** @internal */
  declare _state: number;
  /** By state: nothing, the result, the exception, the note about it, the CancelledError. @internal */
  declare _outcome: unknown;
  /** @internal */
  declare _awaiters: Waiter | Waiter[] | undefined;

  /**
   * @param options.loop the loop that serves it, by default the running one.
   * @throws RuntimeError without a loop.
   */
  constructor(options?: { readonly loop?: Scheduler | undefined });
  /** Of a loop that is known to be one: without an object for its name. @internal */
  constructor(options: undefined, loop: Scheduler);
  constructor(options?: { readonly loop?: Scheduler | undefined }, loop?: Scheduler) {
    this._loop = options === undefined && loop !== undefined ? loop : loopOf(options, "A future");
    this._state = PENDING;
    this._outcome = undefined;
    this._awaiters = undefined;
  }

  /** Whether there is a result or an exception, or it was cancelled. */
  done(): boolean {
    return this._state !== PENDING;
  }

  /** Whether it was cancelled. */
  cancelled(): boolean {
    return this._state === CANCELLED;
  }

  /**
   * The result, once done.
   *
   * @throws the exception, if that is the outcome.
   * @throws CancelledError if it was cancelled.
   * @throws InvalidStateError if it is not done.
   */
  result(): T {
    if (this._state === RESULT) return this._outcome as T;
    if (this._state === PENDING) throw notDone();
    throw this._reason();
  }

  /**
   * The exception, once done; undefined if there is none. To ask for it counts as having retrieved it.
   *
   * @throws CancelledError if it was cancelled.
   * @throws InvalidStateError if it is not done.
   */
  exception(): unknown {
    if (this._state === PENDING) throw notDone();
    if (this._state === CANCELLED) throw this._outcome;
    return this._state === RESULT ? undefined : this._reason();
  }

  /**
   * Finishes it with a result.
   *
   * @throws InvalidStateError if it is done already.
   */
  setResult(value: T): void {
    checkPending(this);
    this._succeed(value);
  }

  /**
   * Finishes it with an exception: usually an `Error`, but anything that can be thrown.
   *
   * If nobody retrieves it, it is reported once to the loop's exception handler: when the future is collected, at the
   * latest when the loop closes.
   *
   * @throws InvalidStateError if it is done already.
   */
  setException(exception: unknown): void {
    checkPending(this);
    this._fail(exception);
  }

  /**
   * Cancels it: whoever waits gets a `CancelledError`. Returns false, and does nothing, if it is done already.
   *
   * @param message goes into the error, for whoever wonders who cancelled.
   */
  cancel(message?: string): boolean {
    if (this._state !== PENDING) return false;
    this._abandon(newCancelledError(message ?? "The future was cancelled"));
    return true;
  }

  /**
   * Calls `callback(this)` through the loop once it is done; at once in the next turn, if it is done already.
   *
   * @param options.context the context it runs in, by default a copy of the one that holds now.
   */
  addDoneCallback(
    callback: (future: this) => unknown,
    options?: { readonly context?: Context | undefined },
  ): void {
    checkFunction("callback", callback);
    const run = bound(this._loop, callback, contextOf(options));
    if (this._state !== PENDING) this._loop._callSoon(run, [this]);
    else this._addWaiter(new DoneCallback(callback, run));
  }

  /** Takes a callback back, each time it was added. Returns how often that was. */
  removeDoneCallback(callback: (future: this) => unknown): number {
    const waiters = this._awaiters;
    if (waiters === undefined) return 0;
    const all = listOf(waiters);
    const kept = all.filter(
      (waiter) => !(waiter instanceof DoneCallback && waiter.callback === callback),
    );
    this._awaiters = kept.length === 0 ? undefined : kept;
    return all.length - kept.length;
  }

  /** The loop that serves it. */
  getLoop(): Scheduler {
    return this._loop;
  }

  /** Waits for it: `yield* future` gives the result or throws. Cancelling the task that waits cancels the future. */
  [Symbol.iterator](): Iterator<Suspension, T, undefined> {
    return this as unknown as Iterator<Suspension, T, undefined>;
  }

  /** The iterator's step: a done future gives its outcome, a pending one asks the task to wait. @internal */
  next(): IteratorResult<Suspension, T> {
    if (this._state !== PENDING) return { done: true, value: this.result() };
    awaited.future = this;
    if (places.watchers > 0) places.last = placeOfCall(this.next);
    return { done: false, value: this as unknown as Suspension };
  }

  /** What is thrown into a coroutine that waits here goes on to it. @internal */
  throw(error: unknown): never {
    throw error;
  }

  /** The future as a promise, by the rules of Promises/A+. It needs no running loop once the future is done. */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const promise = promiseOf(this);
    // One promise less, and one whose future is known.
    if (!onFulfilled && !onRejected) return promise as Promise<never>;
    return promise.then(onFulfilled, onRejected);
  }

  /** As a promise's `catch`. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return promiseOf(this).catch(onRejected);
  }

  /** As a promise's `finally`. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return promiseOf(this).finally(onFinally);
  }

  /** Adds one who wants to know, behind those who came before. Only for a future that is pending. @internal */
  _addWaiter(waiter: Waiter): void {
    const waiters = this._awaiters;
    if (waiters === undefined) this._awaiters = waiter;
    else if (Array.isArray(waiters)) waiters.push(waiter);
    else if (waiters instanceof Crowd) waiters.add(waiter);
    else this._awaiters = [waiters, waiter];
  }

  /** @internal */
  _removeWaiter(waiter: Waiter): void {
    const waiters = this._awaiters;
    if (waiters === waiter) this._awaiters = undefined;
    else if (waiters instanceof Crowd) waiters.remove(waiter);
    else if (Array.isArray(waiters)) {
      if (waiters.length < MANY) this._awaiters = waiters.filter((other) => other !== waiter);
      else {
        const crowd = new Crowd(waiters);
        crowd.remove(waiter);
        this._awaiters = crowd;
      }
    }
  }

  /** Who wants to know. For whoever debugs. @internal */
  _waiters(): Iterable<object> {
    return this._awaiters === undefined ? [] : listOf(this._awaiters);
  }

  /** What ends it, where that is other futures. For whoever debugs. @internal */
  _parts?(): Iterable<Future<unknown>>;
  /** Whether the first of those may end it. @internal */
  get _endsWithFirst(): boolean {
    return false;
  }
  /** What ends it, where that is a lock or the like, which hands something over to one who waits. @internal */
  _resource?(): object;
  /**
   * The futures that a cancellation goes on to, where it ends others instead of this one. Undefined where only
   * `cancel()` knows. @internal
   */
  _passesTo?(): readonly Future<unknown>[] | undefined;

  /** Somebody has seen the exception: it needs no report. @internal */
  _retrieve(): void {
    if (this._state !== UNRETRIEVED) return;
    this._state = EXCEPTION;
    this._outcome = (this._outcome as Unretrieved).withdraw();
  }

  /** Whether it is done, but without a result. @internal */
  _hasFailed(): boolean {
    return this._state > RESULT;
  }

  /** What awaiting it throws, once it has failed. Counts as having retrieved it. @internal */
  _reason(): unknown {
    this._retrieve();
    return this._outcome;
  }

  /** Words for reports. @internal */
  _describe(): string {
    return "Future";
  }

  /** Ends a pending future with a result. @internal */
  _succeed(value: T): void {
    this._finish(RESULT, value);
  }

  /** Ends a pending future with an exception. @internal */
  _fail(exception: unknown): void {
    this._finish(UNRETRIEVED, new Unretrieved(this, exception));
  }

  /** Ends a pending future as cancelled, with the very error that says so. @internal */
  _abandon(error: CancelledError): void {
    this._finish(CANCELLED, error);
  }

  // No method of a future is #private: the engine marks each instance of a class that has one, see docs/performance.md.
  /** @internal */
  _finish(state: number, outcome: unknown): void {
    this._state = state;
    this._outcome = outcome;
    const waiters = this._awaiters;
    if (waiters === undefined) return;
    this._awaiters = undefined;
    if (Array.isArray(waiters)) notifyAll(waiters, this);
    else waiters._notify(this);
  }
}

function listOf(waiters: Waiter | Waiter[]): Waiter[] {
  if (Array.isArray(waiters)) return waiters;
  return waiters instanceof Crowd ? waiters.present() : [waiters];
}

/** @throws InvalidStateError if it is done already */
function checkPending<T>(future: Future<T>): void {
  if (future._state !== PENDING) {
    throw new InvalidStateError("The future has its outcome already. Ask done() first");
  }
}

function promiseOf<T>(future: Future<T>): Promise<T> {
  const wait = { _notify: settle, future };
  let settleWith: [(value: T) => void, (reason: unknown) => void];
  const promise = new Promise<T>((...both) => {
    settleWith = both;
  });
  function settle(): void {
    outsideWaits.delete(wait);
    if (future._state === RESULT) settleWith[0](future._outcome as T);
    else settleWith[1](future._reason());
  }
  if (future._state === PENDING) {
    future._addWaiter(wait);
    notePromise(promise, wait);
  } else {
    settle();
  }
  return promise;
}

function notDone(): InvalidStateError {
  return new InvalidStateError("The future is not done, and has no outcome yet");
}

/** Whether `value` is a future or a task. Like `asyncio.isfuture`. */
export function isFuture(value: unknown): value is Future<unknown> {
  return value instanceof Future;
}

/** The context that `options` name, else what is made now inherits. */
function contextOf(
  options: { readonly context?: Context | undefined } | undefined,
): Context | undefined {
  if (options === undefined) return inheritedContext();
  checkOptions(options);
  const { context } = options;
  if (context === undefined) return inheritedContext();
  checkContext(context);
  return context;
}

/** The loop that `options` name, else the running one. */
export function loopOf(
  options: { readonly loop?: Scheduler | undefined } | undefined,
  what: string,
): Scheduler {
  if (options === undefined) return currentScheduler(what);
  checkOptions(options);
  const { loop } = options;
  if (loop === undefined) return currentScheduler(what);
  checkLoop(loop);
  return loop;
}

/** The running loop, for what can only be made where one runs. */
export function currentScheduler(what: string): Scheduler {
  const loop = runningScheduler();
  if (loop === undefined) {
    throw new RuntimeError(
      `${what} needs an event loop, and none is running. Make it in a coroutine or a callback`,
    );
  }
  return loop;
}

class DoneCallback implements Waiter {
  readonly callback: (future: never) => unknown;
  /** The same in its context. */
  readonly #run: (future: never) => unknown;

  constructor(callback: (future: never) => unknown, run: (future: never) => unknown) {
    this.callback = callback;
    this.#run = run;
  }

  _notify(future: Future<unknown>): void {
    // What waits for a closed loop never runs.
    if (!future._loop.isClosed()) future._loop._callSoon(this.#run, [future]);
  }
}
