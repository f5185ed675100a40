// Results in order of completion.
//
// A queue between futures that complete and the readers that request them. Each request creates a
// getter, a future whose result is the next completed future that no other reader has received.
//
//   A1  either no getter is waiting, or no completed future is queued
//   A2  while the iterator watches, it is among the waiters of every future in #todo
//
// Watching stops when the iteration ends early. It resumes when a coroutine that the iteration
// returned earlier is awaited, as after `const [first, second] = asCompleted(aws)`, and stops
// for good once all coroutines that the iteration returned have been awaited.
//
// This file has over 300 lines, because futures, operations and coroutines held back for
// `concurrency` feed the same queue, and its methods share its private state.

import { checkCount, checkOptions } from "../lang/arguments.ts";
import { TimeoutError } from "../lang/errors.ts";
import type { TimerHandle } from "../loop/handle.ts";
import { inheritedContext } from "../loop/runnableContext.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { type AwaitableLike, checkAwaitables, isThenable, loopOfAwaitables } from "./awaitable.ts";
import { createTaskOn } from "./createTask.ts";
import { ensureFutureOn, startAll } from "./ensureFuture.ts";
import type { AwaitedBy } from "./gather.ts";
import { CoroutineObject } from "./kernel/call.ts";
import { type Coroutine, closeUnstarted, coroutine, isCoroutine } from "./kernel/coroutine.ts";
import { awaited, Future, isFuture, type Waiter } from "./kernel/future.ts";
import { type LazyCall, Operation, resourceOf, type Wait } from "./lazyCall.ts";
import { Returned } from "./returned.ts";
import { Ring } from "./ring.ts";
import { checkTimeout } from "./timeout.ts";

/**
 * Awaits all of `aws`, and returns an iterator of their results in order of completion. Like
 * `asyncio.as_completed`.
 *
 * In a coroutine, iterate it with `for`. Each item is a coroutine; awaiting it returns the next
 * result or throws the next error. In an async function, iterate it with `for await`, which
 * yields the values. Whatever is already done is yielded first, in the order of `aws`.
 *
 * Coroutines and functions start immediately, in order. A future, promise or coroutine object that
 * occurs twice is awaited once. An operation on a lock, queue or other primitive starts when the
 * first result is requested. In a coroutine, the operation takes nothing before its result is
 * awaited. If the iteration ends before that, the operation leaves its wait queue, and whatever it
 * was handed goes back to the primitive.
 *
 * With `concurrency`, at most that many coroutines and functions run at a time; when one ends, the
 * next one starts. Those that haven't started when the iteration ends or the timeout expires are
 * closed and never start. Futures, promises and operations don't count towards the limit.
 *
 * Several readers can share the iterator; each result goes to one of them. When one leaves early,
 * the others still get the result that they wait for, and then end.
 *
 * After `timeout` milliseconds, each missing result is a TimeoutError. Neither the timeout, nor a
 * cancellation, nor the end of the iteration cancels anything that has started.
 *
 * @throws TypeError if one of `aws` is not awaitable. @throws TypeError, RangeError if `timeout` is
 * not a time, or `concurrency` not a whole number >= 1. @throws RuntimeError for futures of
 * different loops.
 * @example
 * for (const next of asCompleted(urls.map(download))) {
 *   const page = yield* next;
 *   console.log(page.title);
 * }
 */
export function asCompleted<A extends AwaitableLike<unknown>>(
  aws: Iterable<A>,
  options: {
    readonly timeout?: number | null | undefined;
    readonly concurrency?: number | undefined;
  } = {},
): AsCompleted<AwaitedBy<A>> {
  const all = checkAwaitables(aws);
  checkOptions(options);
  const { timeout, concurrency = Infinity } = options;
  checkTimeout("timeout", timeout);
  checkCount("concurrency", concurrency, 1);
  const loop = loopOfAwaitables(all, "asCompleted()");
  const deadline = typeof timeout === "number" ? loop.time() + timeout : undefined;
  const operations = new Set(all.filter(isSingleStep));
  const others = all.filter((aw) => !operations.has(aw));
  const unstarted = concurrency === Infinity ? [] : withoutRepetition(others.filter(isUnstarted));
  const isLimited = new Set(unstarted);
  const started = others.filter((aw) => !isLimited.has(aw));
  const futures = new Set(startAll(loop, started)) as Set<Future<never>>;
  return new Completions<AwaitedBy<A>>(
    loop,
    futures,
    [...operations] as never,
    unstarted as AwaitableLike<never>[],
    concurrency,
    deadline,
  );
}

/** Whether `aw` is a coroutine or function, which runs only when it is started. */
function isUnstarted(aw: AwaitableLike<unknown>): boolean {
  if (isFuture(aw)) return false;
  return isCoroutine(aw) || !isThenable(aw);
}

/** Removes repeated coroutine objects. Repeated functions stay, because each is called again. */
function withoutRepetition(
  aws: readonly AwaitableLike<unknown>[],
): readonly AwaitableLike<unknown>[] {
  for (const aw of aws as readonly unknown[]) {
    if (aw instanceof CoroutineObject) aw._checkFresh();
  }
  return aws.filter((aw, index) => typeof aw === "function" || aws.indexOf(aw) === index);
}

/**
 * Whether `aw` is an operation that either succeeds immediately or waits in a single queue. Such an
 * operation can be held back until its result is requested.
 */
function isSingleStep(aw: unknown): boolean {
  const resource = resourceOf(aw);
  return resource !== undefined && resource !== aw && !(aw instanceof Operation);
}

/** Returned by `asCompleted`. `for` iterates coroutines of the results, `for await` the results. */
export interface AsCompleted<T>
  extends Iterator<Coroutine<T>, undefined>,
    Iterable<Coroutine<T>, undefined>,
    AsyncIterable<T, undefined> {}

// Named for the function, because stacks and the reports of forgotten coroutines show the name.
const Completions = class asCompleted<T> implements AsCompleted<T>, Waiter {
  readonly #loop: Scheduler;
  /** The futures that are not done. */
  readonly #todo: Set<Future<T>>;
  readonly #deadline: number | undefined;
  /** Operations that haven't started. */
  #operations: LazyCall<T>[];
  /** Coroutines and functions held back for `concurrency`, last first. */
  #unstarted: AwaitableLike<T>[];
  /** How many of #unstarted may start now. */
  #startable: number;
  /** Futures that were started from #unstarted and are not done. */
  readonly #limited = new Set<Future<unknown>>();
  readonly #context = inheritedContext();
  /** Operations that wait, or that were handed something and haven't received it yet. */
  readonly #standing = new Map<Future<unknown>, Wait<T>>();
  /** Completed futures that no getter has received. */
  readonly #done = new Ring<Future<T>>();
  /** Completed futures that a getter gave back. They completed before those in #done. */
  readonly #returned = new Returned<Future<T>>();
  #handedOver = 0;
  /** The waiting getters, and cancelled ones that haven't been removed yet. */
  readonly #getters = new Ring<Getter<T>>();
  #timer: TimerHandle | undefined;
  /** How many results the iteration has yet to return. */
  #left: number;
  /**
   * How many results are yet to be received: by returned coroutines, and by async functions that
   * wait for one.
   */
  #owed = 0;
  /** How many of the results in #owed have a getter. */
  #asking = 0;
  readonly #hasOperations: boolean;
  #isListening = false;
  #isClosed = false;
  #isExpired = false;

  constructor(
    loop: Scheduler,
    futures: Set<Future<T>>,
    operations: LazyCall<T>[],
    unstarted: readonly AwaitableLike<T>[],
    concurrency: number,
    deadline: number | undefined,
  ) {
    this.#loop = loop;
    this.#unstarted = [...unstarted].reverse();
    this.#startable = concurrency;
    this.#todo = futures;
    this.#operations = operations;
    this.#hasOperations = operations.length > 0;
    this.#deadline = deadline;
    this.#left = futures.size + operations.length + unstarted.length;
    for (const operation of operations) operation._claim();
    this.#listen();
    this.#startMore();
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Coroutine<T>, undefined> {
    if (this.#left === 0) return { done: true, value: undefined };
    this.#left--;
    this.#owed++;
    return { done: false, value: nextCompleted(this) };
  }

  return(): IteratorResult<Coroutine<T>, undefined> {
    this.#left = 0;
    this.#isClosed = true;
    if (this.#asking === 0) this.#rest();
    return { done: true, value: undefined };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined> {
    try {
      while (this.#left > 0) {
        this.#left--;
        this.#owed++;
        yield await this.#nextResult();
      }
    } finally {
      this.return();
    }
    return undefined;
  }

  /** Returns a future of the next completed future. */
  _get(): Getter<T> {
    const getter = new Getter(this.#loop, this.#todo);
    const done = this.#returned.size > 0 ? this.#returned.shift() : this.#done.shift();
    if (done !== undefined) {
      getter._succeed(done);
    } else if (this.#isExpired) {
      getter._fail(expired());
    } else {
      this.#getters.push(getter);
      this.#listen();
      while (!getter.done() && this.#operations.length > 0) {
        this.#start(this.#operations.shift() as LazyCall<T>);
      }
    }
    return getter;
  }

  /** Returns the result of a future that a getter received. */
  _resultOf(done: Future<T>): T {
    const steps = this.#standing.get(done);
    if (steps === undefined) return done.result();
    this.#standing.delete(done);
    return steps.next().value as T;
  }

  _waiters(): Iterable<object> {
    return this.#getters;
  }

  /** Called when one of the returned coroutines, or the wait of an async function, starts. */
  _enter(): Getter<T> {
    this.#asking++;
    return this._get();
  }

  /**
   * Called when one of the returned coroutines, or the wait of an async function, ends. If a
   * coroutine was cancelled after its getter had received a future, that future goes to the next
   * getter.
   */
  _leave(getter: Getter<T>, isUsed: boolean): void {
    if (!isUsed && !getter.cancel() && !getter._hasFailed()) {
      const done = getter.result();
      if (!this.#handOver(done, getter._order)) this.#returned.add(done, getter._order);
    }
    this.#asking--;
    this.#owed--;
    if (this.#isClosed && this.#owed === 0) this.#rest();
  }

  _notify(future: Future<unknown>): void {
    const done = future as Future<T>;
    this.#todo.delete(done);
    if (this.#limited.delete(done)) {
      this.#startable++;
      // In a callback, because a task factory is user code, which must not run here.
      if (this.#unstarted.length > 0) this.#loop.callSoon(() => this.#startMore());
    }
    if (this.#isAllDone()) this.#timer?.cancel();
    if (!this.#handOver(done)) this.#done.push(done);
  }

  /** Starts an operation, in the step of the task that requests a result. */
  #start(operation: LazyCall<T>): void {
    const taken = new Future<T>(undefined, this.#loop);
    try {
      const steps = operation._start();
      const step = steps.next();
      awaited.future = undefined;
      if (!step.done) {
        // An operation yields the future that it waits for. To users, its type is `Suspension`.
        const handOver = step.value as unknown as Future<T>;
        this.#standing.set(handOver, steps);
        this.#todo.add(handOver);
        handOver._addWaiter(this);
        return;
      }
      taken._succeed(step.value);
    } catch (error) {
      taken._fail(error);
    }
    this._notify(taken);
  }

  /** Starts more of #unstarted, as long as the limit allows it and more results are needed. */
  #startMore(): void {
    while (this.#startable > 0 && !this.#isEnough()) {
      const aw = this.#unstarted.pop();
      if (aw === undefined) return;
      this.#startable--;
      const future = this.#started(aw);
      this.#limited.add(future);
      this.#todo.add(future);
      if (future.done()) this._notify(future);
      else if (this.#isListening) future._addWaiter(this);
    }
  }

  /**
   * Whether the iteration has ended, and what has started is enough for the results that are still
   * wanted.
   */
  #isEnough(): boolean {
    if (!this.#isClosed) return false;
    let wanted = this.#owed - this.#asking;
    for (const getter of this.#getters) if (!getter.done()) wanted++;
    return wanted <= this.#todo.size + this.#returned.size + this.#done.size;
  }

  #started(aw: AwaitableLike<T>): Future<T> {
    try {
      const context = this.#context?.copy();
      return ensureFutureOn(this.#loop, aw, context && { context });
    } catch (error) {
      // The coroutine has been awaited elsewhere in the meantime.
      const failed = new Future<T>(undefined, this.#loop);
      failed._fail(error);
      return failed;
    }
  }

  #dismissHeld(): void {
    const unstarted = this.#unstarted;
    this.#unstarted = [];
    for (const aw of unstarted) if (isCoroutine(aw)) closeUnstarted(aw);
  }

  /** Returns the next result to an async function. */
  async #nextResult(): Promise<T> {
    // Only a task can start operations, and receive what they were handed.
    if (this.#hasOperations) return createTaskOn(this.#loop, nextCompleted(this));
    const getter = this._enter();
    try {
      return await (getter as Future<unknown> as Future<T>); // resolves to the future's result
    } finally {
      this._leave(getter, true);
    }
  }

  /**
   * Removes the operations from their wait queues. With `isServedToo`, anything they were handed
   * goes back to its primitive; otherwise it can still be requested.
   */
  #withdraw(isServedToo: boolean): void {
    this.#operations = [];
    for (const [handOver, steps] of this.#standing) {
      if (handOver.done() && !isServedToo) continue;
      this.#standing.delete(handOver);
      steps.return?.();
    }
  }

  #handOver(done: Future<T>, order?: number): boolean {
    const getter = this.#nextGetter();
    if (getter === undefined) return false;
    getter._order = order ?? this.#handedOver++;
    getter._succeed(done);
    return true;
  }

  /** Removes and returns the first getter that still waits. */
  #nextGetter(): Getter<T> | undefined {
    let getter = this.#getters.shift();
    while (getter?.done()) getter = this.#getters.shift();
    return getter;
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    for (const future of this.#todo) {
      if (future.done()) this._notify(future);
      else future._addWaiter(this);
    }
    if (this.#deadline === undefined || this.#isAllDone()) return;
    this.#timer = this.#loop.callAt(this.#deadline, () => this.#expire());
  }

  #isAllDone(): boolean {
    return this.#todo.size + this.#operations.length + this.#unstarted.length === 0;
  }

  /**
   * Stops watching. If no more results can be requested, also withdraws the operations, and closes
   * the coroutines that haven't started.
   */
  #rest(): void {
    this.#isListening = false;
    this.#timer?.cancel();
    for (const future of this.#todo) future._removeWaiter(this);
    if (!this.#isClosed || this.#owed > 0) return;
    this.#withdraw(true);
    this.#dismissHeld();
  }

  #expire(): void {
    this.#rest();
    this.#withdraw(false);
    this.#dismissHeld();
    this.#todo.clear();
    this.#isExpired = true;
    for (let getter = this.#nextGetter(); getter; getter = this.#nextGetter()) {
      getter._fail(expired());
    }
  }
};

type Completions<T> = InstanceType<typeof Completions<T>>;

/** The future of the next completed future. */
class Getter<T> extends Future<Future<T>> {
  /** The rank of its future in the order in which futures were handed over. */
  _order = 0;
  readonly #todo: ReadonlySet<Future<T>>;

  constructor(loop: Scheduler, todo: ReadonlySet<Future<T>>) {
    super(undefined, loop);
    this.#todo = todo;
  }

  override _describe(): string {
    return "AsCompleted";
  }

  override get _endsWithFirst(): boolean {
    return true;
  }

  override _parts(): Iterable<Future<unknown>> {
    return this.#todo;
  }
}

const nextCompleted = /* @__PURE__ */ coroutine(function* asCompleted<T>(
  source: Completions<T>,
): Coroutine<T> {
  const getter = source._enter();
  let isUsed = false;
  try {
    const done = yield* getter;
    isUsed = true;
    return source._resultOf(done);
  } finally {
    source._leave(getter, isUsed);
  }
});

function expired(): TimeoutError {
  return new TimeoutError("The timeout expired before all were done");
}
