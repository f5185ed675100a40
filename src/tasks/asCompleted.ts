// Results in the order in which they come.
//
// A queue between those that get done and those that ask. Who asks gets a future, the getter, of the next future that
// is done and that nobody else has got:
//
//   A1  no getter waits, or nothing is done that nobody has got
//   A2  while it is watching, it is among the waiters of everything in #todo
//
// It stops watching when the iteration ends early, and begins again if somebody then awaits what the iteration gave him
// before, as after `const [first, second] = asCompleted(aws)`, until all of that has been awaited.

import { checkOptions } from "../loop/arguments.ts";
import { TimeoutError } from "../loop/errors.ts";
import type { TimerHandle } from "../loop/handle.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import {
  type AwaitableLike,
  checkAwaitables,
  createTaskOn,
  loopFor,
  startAll,
} from "./awaitable.ts";
import { type BareCall, Operation, sourceOf, type Wait } from "./bareCall.ts";
import { type Coroutine, coroutine } from "./coroutine.ts";
import { awaited, Future, type Waiter } from "./future.ts";
import type { AwaitedBy } from "./gather.ts";
import { checkTimeout } from "./timeout.ts";

/**
 * Awaits all of `aws`, and gives their results in the order in which they come. Like `asyncio.as_completed`.
 *
 * Coroutines and functions start in order, at the call; what is given twice is awaited once. In a coroutine, iterate it
 * with `for`: each step gives a coroutine of the next result, or the next error. In an async function, iterate it with
 * `for await`, which gives the values. What was done before comes first, in the order of `aws`.
 *
 * An operation of a lock, a queue and the like starts when the first result is asked for. In a coroutine it takes nothing
 * before its result is awaited: what it was handed goes back if the iteration ends without it, and it leaves its line.
 *
 * Once `timeout` milliseconds have passed, each result that has not come is a TimeoutError. It cancels nothing, nor
 * does a cancel, nor the end of the iteration: what was started goes on.
 *
 * @throws TypeError if one of `aws` is not awaitable. @throws TypeError, RangeError if `timeout` is not a time.
 * @throws RuntimeError for futures of different loops.
 * @example
 * for (const next of asCompleted(urls.map(download))) {
 *   const page = yield* next;
 *   console.log(page.title);
 * }
 */
export function asCompleted<A extends AwaitableLike<unknown>>(
  aws: Iterable<A>,
  options: { readonly timeout?: number | null | undefined } = {},
): AsCompleted<AwaitedBy<A>> {
  const all = checkAwaitables(aws);
  checkOptions(options);
  const { timeout } = options;
  checkTimeout("timeout", timeout);
  const loop = loopFor(all, "asCompleted()");
  const deadline = typeof timeout === "number" ? loop.time() + timeout : undefined;
  const operations = new Set(all.filter(isSingleStep));
  const others = all.filter((aw) => !operations.has(aw));
  const futures = new Set(startAll(loop, others)) as Set<Future<never>>;
  return new Completions<AwaitedBy<A>>(loop, futures, [...operations] as never, deadline);
}

/** Whether it takes something at once or stands in one line for it, and so can be held back until it is asked for. */
function isSingleStep(aw: unknown): boolean {
  const source = sourceOf(aw);
  return source !== undefined && source !== aw && !(aw instanceof Operation);
}

/** What `asCompleted` gives: in a `for`, coroutines of the results; in a `for await`, the results. */
export interface AsCompleted<T>
  extends Iterator<Coroutine<T>, undefined>,
    Iterable<Coroutine<T>, undefined>,
    AsyncIterable<T, undefined> {}

class Completions<T> implements AsCompleted<T>, Waiter {
  readonly #loop: Scheduler;
  /** What is not done. */
  readonly #todo: Set<Future<T>>;
  readonly #deadline: number | undefined;
  /** Operations that have not begun. */
  #operations: BareCall<T>[];
  /** Those that stand in line, or were served and have not received it. */
  readonly #standing = new Map<Future<unknown>, Wait<T>>();
  /** What is done, and nobody has got. */
  readonly #done = new Line<Future<T>>();
  /** Who waits, and who did until he was cancelled. */
  readonly #getters = new Line<Future<Future<T>>>();
  #timer: TimerHandle | undefined;
  /** How many the iteration has still to give. */
  #left: number;
  /** How many it has given that were not awaited to their end. */
  #owed = 0;
  /** How many of these are being awaited. */
  #asking = 0;
  #isWatching = false;
  #isClosed = false;
  #isExpired = false;

  constructor(
    loop: Scheduler,
    futures: Set<Future<T>>,
    operations: BareCall<T>[],
    deadline: number | undefined,
  ) {
    this.#loop = loop;
    this.#todo = futures;
    this.#operations = operations;
    this.#deadline = deadline;
    this.#left = futures.size + operations.length;
    for (const operation of operations) operation._claim();
    this.#watch();
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
        this.#startAsTasks();
        yield await (this._get() as Future<unknown> as Future<T>); // a promise of a future is one of its result
      }
    } finally {
      this.return();
    }
    return undefined;
  }

  /** A future of the next that is done. */
  _get(): Future<Future<T>> {
    const getter = new Getter(this.#loop, this.#todo);
    const done = this.#done.shift();
    if (done !== undefined) {
      getter._succeed(done);
    } else if (this.#isExpired) {
      getter._fail(expired());
    } else {
      this.#getters.push(getter);
      this.#watch();
      while (!getter.done() && this.#operations.length > 0) {
        this.#start(this.#operations.shift() as BareCall<T>);
      }
    }
    return getter;
  }

  /** The result of what a getter got. */
  _resultOf(done: Future<T>): T {
    const steps = this.#standing.get(done);
    if (steps === undefined) return done.result();
    this.#standing.delete(done);
    return steps.next().value as T;
  }

  /** @internal */
  _waiters(): Iterable<object> {
    return this.#getters;
  }

  /** An item is awaited. */
  _enter(): Future<Future<T>> {
    this.#asking++;
    return this._get();
  }

  /** An item was awaited, perhaps in vain: what its getter got and could not use goes to the next in line. */
  _leave(getter: Future<Future<T>>, isUsed: boolean): void {
    if (!isUsed && !getter.cancel() && !getter._hasFailed()) {
      const done = getter.result();
      if (!this.#handOver(done)) this.#done.unshift(done);
    }
    this.#asking--;
    this.#owed--;
    if (this.#isClosed && this.#owed === 0) this.#rest();
  }

  /** @internal */
  _notify(future: Future<unknown>): void {
    const done = future as Future<T>;
    this.#todo.delete(done);
    if (this.#isAllDone()) this.#timer?.cancel();
    if (!this.#handOver(done)) this.#done.push(done);
  }

  /** Starts an operation in the step of who asks. */
  #start(operation: BareCall<T>): void {
    const taken = new Future<T>(undefined, this.#loop);
    try {
      const steps = operation._start();
      const step = steps.next();
      awaited.future = undefined;
      if (!step.done) {
        const place = step.value as unknown as Future<T>;
        this.#standing.set(place, steps);
        this.#todo.add(place);
        place._addWaiter(this);
        return;
      }
      taken._succeed(step.value);
    } catch (error) {
      taken._fail(error);
    }
    this._notify(taken);
  }

  /** Outside of coroutines nobody else could start them. */
  #startAsTasks(): void {
    for (const operation of this.#operations) {
      const task = createTaskOn(this.#loop, passOn(operation));
      this.#todo.add(task);
      task._addWaiter(this);
    }
    this.#operations = [];
  }

  /** Takes operations out of their lines. What they were handed goes back, unless it can still be asked for. */
  #withdraw(isServedToo: boolean): void {
    this.#operations = [];
    for (const [place, steps] of this.#standing) {
      if (place.done() && !isServedToo) continue;
      this.#standing.delete(place);
      steps.return?.();
    }
  }

  #handOver(done: Future<T>): boolean {
    const getter = this.#nextGetter();
    getter?._succeed(done);
    return getter !== undefined;
  }

  /** Takes the first getter out that still waits. */
  #nextGetter(): Future<Future<T>> | undefined {
    let getter = this.#getters.shift();
    while (getter?.done()) getter = this.#getters.shift();
    return getter;
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    for (const future of this.#todo) {
      if (future.done()) this._notify(future);
      else future._addWaiter(this);
    }
    if (this.#deadline === undefined || this.#isAllDone()) return;
    this.#timer = this.#loop.callAt(this.#deadline, () => this.#expire());
  }

  #isAllDone(): boolean {
    return this.#todo.size === 0 && this.#operations.length === 0;
  }

  /** Stops watching. */
  #rest(): void {
    this.#isWatching = false;
    this.#timer?.cancel();
    for (const future of this.#todo) future._removeWaiter(this);
    if (this.#isClosed && this.#owed === 0) this.#withdraw(true);
  }

  #expire(): void {
    this.#rest();
    this.#withdraw(false);
    this.#todo.clear();
    this.#isExpired = true;
    for (let getter = this.#nextGetter(); getter; getter = this.#nextGetter()) {
      getter._fail(expired());
    }
  }
}

/** First in, first out: a list whose beginning moves, as the `shift` of a long array would move all the rest. */
class Line<T> implements Iterable<T> {
  readonly #items: (T | undefined)[] = [];
  #first = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#first === this.#items.length) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    return item;
  }

  unshift(item: T): void {
    if (this.#first > 0) this.#items[--this.#first] = item;
    else this.#items.unshift(item);
  }

  [Symbol.iterator](): Iterator<T> {
    return (this.#items.slice(this.#first) as T[]).values();
  }
}

/** The future of the next that is done. */
class Getter<T> extends Future<Future<T>> {
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

function* passOn<T>(operation: BareCall<T>): Coroutine<T> {
  return yield* { [Symbol.iterator]: () => operation._start() };
}

function expired(): TimeoutError {
  return new TimeoutError("The timeout expired before all were done");
}
