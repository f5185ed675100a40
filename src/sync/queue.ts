// A queue. Either items wait for getters, or getters wait for items.
//
// Invariants:
//   Q1  while getters wait, the store is empty
//   Q2  while putters wait, the store is full
//   Q3  nothing waits for an item or for free space once the queue is shut down
//
// This is one file because every method must keep all three.

import { checkBoolean, outOfRange, wrongType } from "../lang/arguments.ts";
import { keepInstances } from "../loop/kept.ts";
import { notePromise, outsideWaits } from "../loop/ownPromises.ts";
import type { CoroutineSource } from "../tasks/iterate.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { asCoroutine, Immediate, type Wait } from "../tasks/lazyCall.ts";
import { Binding } from "./binding.ts";
import { QueueEmpty, QueueFull, QueueShutDown } from "./errors.ts";
import { Get, Join, Put, Putting } from "./queueCalls.ts";
import { FirstInFirstOut, type Store } from "./store.ts";
import { type Entry, type QueuedWaiter, WaitQueue } from "./waitQueue.ts";

/**
 * A FIFO queue between tasks. Like `asyncio.Queue`.
 *
 * Items and free space are handed over directly, in order of arrival. An item put while a getter
 * waits belongs to that getter, and `qsize()` doesn't count it. Space that becomes free belongs to
 * the first waiting putter, whose item enters the queue at that moment. (In asyncio, newcomers may
 * overtake waiting tasks.)
 *
 * No item is lost. If a getter is cancelled in the turn in which it was handed an item, the next
 * getter gets that item. If no getter waits, the item returns to the position it had, and the queue
 * may briefly exceed `maxsize`.
 *
 * Outside coroutines, `for await` takes items until the queue is shut down and empty. Leaving that
 * loop early loses nothing.
 *
 * Belongs to the loop of the first task that waits for it. A `for await` outside coroutines isn't
 * tied to a loop.
 */
export class Queue<T> implements AsyncIterable<T>, CoroutineSource<T> {
  static readonly _kept = /* @__PURE__ */ keepInstances(queueToKeep);

  readonly #maxsize: number;
  _store: Store<T> = new FirstInFirstOut();
  readonly #binding = new Binding("Queue");
  readonly #getters = new WaitQueue<T>(this, "an item from Queue", this.#binding, (item, order) =>
    this.#putBack(item, order),
  );
  readonly #putters = new WaitQueue<undefined, Putting<T>>(this, "space in Queue", this.#binding);
  readonly #joiners = new WaitQueue<undefined>(this, "the last taskDone() of Queue", this.#binding);
  /** The number of items that were put and not marked as done. */
  #unfinished = 0;
  #isShutDown = false;
  /** Whether `shutdown(true)` was called. If it was, items that are put back are dropped too. */
  #drops = false;

  /**
   * @param maxsize the maximum number of items. Unbounded if 0, negative or Infinity.
   * @throws TypeError if `maxsize` is not a number. @throws RangeError if it is NaN or has a
   * fraction.
   */
  constructor(maxsize = 0) {
    if (typeof maxsize !== "number") throw wrongType("maxsize", "a number", maxsize);
    if (maxsize % 1 !== 0 && Math.abs(maxsize) !== Infinity) {
      throw outOfRange("maxsize", "a whole number", maxsize);
    }
    this.#maxsize = maxsize;
  }

  /** The maximum number of items. Unbounded if 0, negative or Infinity. */
  get maxsize(): number {
    return this.#maxsize;
  }

  /** Returns the number of items in the queue. */
  qsize(): number {
    return this._store.size;
  }

  /** Returns whether the queue is empty. */
  empty(): boolean {
    return this._store.size === 0;
  }

  /** Returns whether the queue is full. */
  full(): boolean {
    return this.#maxsize > 0 && this._store.size >= this.#maxsize;
  }

  /**
   * Puts an item. Waits if the queue is full.
   *
   * A cancellation withdraws the item, unless the queue has already accepted it.
   *
   * @throws QueueShutDown if the queue is shut down, before or during the wait.
   * @throws RuntimeError if the task must wait, and the queue belongs to another loop.
   */
  put(item: T): Coroutine<void> {
    return asCoroutine(new Put(this, item));
  }

  /**
   * Puts an item without waiting.
   *
   * @throws QueueFull if the queue is full.
   * @throws QueueShutDown if the queue is shut down.
   */
  putNowait(item: T): void {
    if (!this.#accepts(item)) throw new QueueFull("The queue is full");
  }

  /**
   * Removes and returns the next item. Waits if the queue is empty.
   *
   * A cancelled getter leaves the item for the next getter.
   *
   * @throws QueueShutDown if the queue is empty and shut down, before or during the wait.
   * @throws RuntimeError if the task must wait, and the queue belongs to another loop.
   */
  get(): Coroutine<T> {
    return asCoroutine(new Get(this));
  }

  /**
   * Removes and returns the next item without waiting.
   *
   * @throws QueueEmpty if the queue is empty.
   * @throws QueueShutDown if the queue is empty and shut down.
   */
  getNowait(): T {
    if (this.#hasItem()) return this.#take();
    throw new QueueEmpty("The queue is empty");
  }

  /**
   * Marks one item as done, for `join()`.
   * @throws RangeError if called more often than items were put.
   */
  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new RangeError("taskDone() was called more often than items were put");
    }
    this.#finishOne();
  }

  /**
   * Waits until every item is marked as done.
   * @throws RuntimeError if the task must wait, and the queue belongs to another loop.
   */
  join(): Coroutine<void> {
    return asCoroutine(new Join(this));
  }

  /**
   * Shuts the queue down. `put` fails from now on, and so do waiting putters. `get` fails once the
   * queue is empty.
   *
   * An item that was already handed to a getter still belongs to that getter.
   *
   * @param immediate whether to drop the remaining items and mark them as done.
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

  /**
   * Iterates over items outside coroutines, until the queue is shut down and empty. Needs no loop.
   */
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
            _order: 0,
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

  /** Puts an item. Returns a waiter if the queue is full. */
  _put(item: T): QueuedWaiter<undefined> | undefined {
    if (this.#accepts(item)) return undefined;
    const putting = new Putting(this.#putters, item);
    this.#putters.add(putting);
    return putting;
  }

  /** Gets an item, or a waiter for one. */
  _get(): Wait<T> {
    return this.#hasItem() ? new Immediate(this.#take()) : this.#getters.wait();
  }

  /** Returns a waiter for the last `taskDone()`; undefined if all items are done. */
  _join(): QueuedWaiter<undefined> | undefined {
    return this.#unfinished > 0 ? this.#joiners.wait() : undefined;
  }

  /** Gets the next item for an iteration, or the end of the iteration. */
  *_pull(): Coroutine<IteratorResult<T, undefined>> {
    try {
      return { done: false, value: yield* this.get() };
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
      return { done: true, value: undefined };
    }
  }

  /** Accepts an item if a getter waits or there is space. Returns whether it did. */
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

  /** Removes the next item, and admits the items of waiting putters. */
  #take(): T {
    const item = this._store.take();
    if (this.#putters.length > 0) this.#admitPutters();
    return item;
  }

  #admitPutters(): void {
    while (!this.full()) {
      const putting = this.#putters.shift();
      if (putting === undefined) return;
      try {
        this._store.add(putting.item);
        this.#unfinished++;
        putting._succeed(undefined);
      } catch (error) {
        // The store refuses the item, so its putter gets the error.
        putting._fail(error);
      }
    }
  }

  #putBack(item: T, order: number): void {
    if (this.#getters.handOver(item, order)) return;
    if (this.#drops) this.#finishOne();
    else this._store.putBack(item, order);
  }

  #finishOne(): void {
    // An item may be marked as done before it is taken.
    if (this.#unfinished > 0 && --this.#unfinished === 0) this.#joiners.handOverToAll(undefined);
  }
}

const END = { done: true, value: undefined } as const;

function shutDown(): QueueShutDown {
  return new QueueShutDown("The queue is shut down");
}

function queueToKeep(): readonly object[] {
  return [new Queue()];
}
