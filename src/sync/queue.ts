// A queue: items that wait for getters, or getters that wait for items.
//
// Invariants:
//   Q1  while getters wait, nothing is stored
//   Q2  while putters wait, the store is full
//   Q3  nobody waits for room or for an item once the queue was shut down

import { checkBoolean, describe, wrongType } from "../loop/arguments.ts";
import { notePromise, outsideWaits } from "../loop/ownPromises.ts";
import { BareCall, Prompt, type Wait } from "../tasks/bareCall.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import type { CoroutineSource } from "../tasks/iterate.ts";
import { Binding } from "./binding.ts";
import { QueueEmpty, QueueFull, QueueShutDown } from "./errors.ts";
import { FirstInFirstOut, type Store } from "./store.ts";
import { type Entry, Waiting, WaitQueue } from "./waitQueue.ts";

/**
 * Passes items from those who put to those who get, the oldest first. Like `asyncio.Queue`.
 *
 * First come, first served, by direct hand-over on both sides: an item that is put while somebody waits for one is
 * that getter's, and is not counted in `qsize()`; room that gets free is the waiting putter's, whose item enters the
 * queue at that moment. (Unlike asyncio's, where who comes in between may be faster.)
 *
 * Nothing is lost. An item that was handed to a getter which was cancelled in the same turn goes to the next one who
 * waits, else back to where it would be if it had never been taken; for a moment there may then be one more than
 * `maxsize`.
 *
 * Outside of coroutines it is async-iterable: `for await` takes items until the queue was shut down and is empty. To
 * leave the loop early loses nothing.
 *
 * It belongs to the loop on which a task waited for it first. Promises wait on any.
 */
export class Queue<T> implements AsyncIterable<T>, CoroutineSource<T> {
  readonly #maxsize: number;
  /** @internal */
  _store: Store<T> = new FirstInFirstOut();
  readonly #binding = new Binding("Queue");
  readonly #getters = new WaitQueue<T>(this, "an item of Queue", this.#binding, (item) =>
    this.#putBack(item),
  );
  readonly #putters = new WaitQueue<undefined, Putting<T>>(this, "room in Queue", this.#binding);
  readonly #joiners = new WaitQueue<undefined>(this, "the last taskDone() of Queue", this.#binding);
  /** How many items were put and are not done. */
  #unfinished = 0;
  #isShutDown = false;
  /** Whether it was shut down immediately: items that come back are dropped too. */
  #drops = false;

  /**
   * @param maxsize how many items there is room for; 0, less or Infinity is no bound.
   * @throws TypeError if it is not a number. @throws RangeError if it is NaN or has a fraction.
   */
  constructor(maxsize = 0) {
    if (typeof maxsize !== "number") throw wrongType("maxsize", "a number", maxsize);
    if (maxsize % 1 !== 0 && Math.abs(maxsize) !== Infinity) {
      throw new RangeError(`Expected \`maxsize\` to be a whole number, got ${describe(maxsize)}`);
    }
    this.#maxsize = maxsize;
  }

  /** How many items there is room for; 0, less or Infinity is no bound. */
  get maxsize(): number {
    return this.#maxsize;
  }

  /** How many items are there to be got. */
  qsize(): number {
    return this._store.size;
  }

  /** Whether there is none. */
  empty(): boolean {
    return this._store.size === 0;
  }

  /** Whether there is no room. */
  full(): boolean {
    return this.#maxsize > 0 && this._store.size >= this.#maxsize;
  }

  /**
   * Puts an item, and waits for room if there is none.
   *
   * A cancel takes back an item that was not accepted yet; one that was, in the turn of the cancel, stays in.
   *
   * @throws QueueShutDown if the queue was shut down, or is while this waits.
   * @throws RuntimeError if it would have to wait, and others waited on another loop before.
   */
  put(item: T): Coroutine<void> {
    return new Put(this, item) as unknown as Coroutine<void>;
  }

  /**
   * Puts an item without waiting.
   *
   * @throws QueueFull if there is no room.
   * @throws QueueShutDown if the queue was shut down.
   */
  putNowait(item: T): void {
    if (!this.#accepts(item)) throw new QueueFull("The queue is full");
  }

  /**
   * Takes the next item, and waits for one if there is none.
   *
   * @throws QueueShutDown if the queue was shut down and is empty, or is shut down while this waits.
   * @throws RuntimeError if it would have to wait, and others waited on another loop before.
   */
  get(): Coroutine<T> {
    return new Get(this) as unknown as Coroutine<T>;
  }

  /**
   * Takes the next item without waiting.
   *
   * @throws QueueEmpty if there is none.
   * @throws QueueShutDown if there will be none either.
   */
  getNowait(): T {
    if (this.#hasItem()) return this.#take();
    throw new QueueEmpty("The queue is empty");
  }

  /** Says that one item that was got is done with, for `join()`. @throws RangeError if all are */
  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new RangeError("taskDone() is called more often than items were put");
    }
    this.#finishOne();
  }

  /** Waits until each item that was put is marked by `taskDone()`. @throws RuntimeError as `get()` */
  join(): Coroutine<void> {
    return new Join(this as unknown as Queue<never>) as unknown as Coroutine<void>;
  }

  /**
   * Ends the queue: `put` throws from now on, for those who wait too; `get` does once the queue is empty.
   *
   * An item that was handed to a getter in the same turn is that getter's.
   *
   * @param immediate drops what is left, and counts it as done.
   * @throws TypeError if `immediate` is not a boolean.
   */
  shutdown(immediate = false): void {
    checkBoolean("immediate", immediate);
    this.#isShutDown = true;
    this.#getters.fail(shutDown);
    this.#putters.fail(shutDown);
    if (!immediate) return;
    this.#drops = true;
    for (let left = this._store.size; left > 0; left--) this.#finishOne();
    this._store = new FirstInFirstOut();
  }

  /** Takes items outside of coroutines, until the queue was shut down and is empty. It needs no loop. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    const waiting = new Set<Entry<T>>();
    let isClosed = false;
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: async () => {
        if (isClosed) return END;
        if (this._store.size > 0) return { done: false, value: this.#take() };
        if (this.#isShutDown) return END;
        const wait = {};
        const promise = new Promise<IteratorResult<T, undefined>>((resolve) => {
          const end = (result: IteratorResult<T, undefined>): void => {
            waiting.delete(entry);
            outsideWaits.delete(wait);
            resolve(result);
          };
          const entry: Entry<T> = {
            _ahead: undefined,
            _behind: undefined,
            _succeed: (value) => end({ done: false, value }),
            _fail: () => end(END),
          };
          waiting.add(entry);
          this.#getters.add(entry);
        });
        notePromise(promise, wait);
        return promise;
      },
      return: async () => {
        isClosed = true;
        for (const entry of waiting) {
          this.#getters.remove(entry);
          entry._fail(undefined);
        }
        return END;
      },
    };
  }

  /** Has a task put an item: undefined if it is accepted at once. @internal */
  _put(item: T): Waiting<undefined> | undefined {
    if (this.#accepts(item)) return undefined;
    const putting = new Putting(this.#putters, item);
    this.#putters.add(putting);
    return putting;
  }

  /** Has a task get an item: at once, or in line. @internal */
  _get(): Wait<T> {
    return this.#hasItem() ? new Prompt(this.#take()) : this.#getters.wait();
  }

  /** Has a task wait until all is done: undefined if it is already. @internal */
  _join(): Waiting<undefined> | undefined {
    return this.#unfinished > 0 ? this.#joiners.wait() : undefined;
  }

  /** The next item, or the end. @internal */
  *_pull(): Coroutine<IteratorResult<T, undefined>> {
    try {
      return { done: false, value: yield* this.get() };
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
      return { done: true, value: undefined };
    }
  }

  /** Takes an item in, if somebody waits for one or there is room. */
  #accepts(item: T): boolean {
    if (this.#isShutDown) throw shutDown();
    if (this.#getters.length === 0 || !this.#getters.handOver(item)) {
      if (this.full()) return false;
      this._store.add(item);
    }
    this.#unfinished++;
    return true;
  }

  #hasItem(): boolean {
    if (this._store.size > 0) return true;
    if (this.#isShutDown) throw shutDown();
    return false;
  }

  /** Takes the next item out, and lets in the items of those who waited for room. */
  #take(): T {
    const item = this._store.take();
    if (this.#putters.length > 0) this.#letIn();
    return item;
  }

  #letIn(): void {
    while (!this.full()) {
      const putting = this.#putters.shift();
      if (putting === undefined) return;
      try {
        this._store.add(putting.item);
        this.#unfinished++;
        putting._succeed(undefined);
      } catch (error) {
        // It is the putter's item that has no place.
        putting._fail(error);
      }
    }
  }

  #putBack(item: T): void {
    if (this.#getters.handOver(item)) return;
    if (this.#drops) this.#finishOne();
    else this._store.putBack(item);
  }

  #finishOne(): void {
    // Some may have been marked before they were got.
    if (this.#unfinished > 0 && --this.#unfinished === 0) this.#joiners.handOverToAll(undefined);
  }
}

/** The coroutine of `get()`. */
class Get<T> extends BareCall<T> {
  declare readonly _queue: Queue<T>;

  constructor(queue: Queue<T>) {
    super();
    this._queue = queue;
  }

  override get _source(): object {
    return this._queue;
  }

  override _start(): Wait<T> {
    return this._queue._get();
  }
}

const ACCEPTED = /* @__PURE__ */ new Prompt(undefined);

/** The coroutine of `put()`. */
class Put<T> extends BareCall<void> {
  declare readonly _queue: Queue<T>;
  declare readonly _item: T;

  constructor(queue: Queue<T>, item: T) {
    super();
    this._queue = queue;
    this._item = item;
  }

  override get _source(): object {
    return this._queue;
  }

  override _start(): Wait<void> {
    return this._queue._put(this._item) ?? ACCEPTED;
  }
}

/** The coroutine of `join()`. */
class Join extends BareCall<void> {
  declare readonly _queue: Queue<never>;

  constructor(queue: Queue<never>) {
    super();
    this._queue = queue;
  }

  override get _source(): object {
    return this._queue;
  }

  override _start(): Wait<void> {
    return this._queue._join() ?? ACCEPTED;
  }
}

/** One who waits for room, and the item for which. */
class Putting<T> extends Waiting<undefined> {
  readonly item: T;

  constructor(queue: WaitQueue<undefined>, item: T) {
    super(queue);
    this.item = item;
  }
}

const END = { done: true, value: undefined } as const;

function shutDown(): QueueShutDown {
  return new QueueShutDown("The queue was shut down");
}
