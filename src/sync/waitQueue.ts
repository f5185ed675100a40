// The queue in which tasks wait for a lock, an item or a notification. All primitives use it.
//
// A lock, item or permit is handed directly to the first waiter, so a newcomer can't jump the
// queue. But a task that is cancelled between the hand-over and its next step never receives the
// value, so the value must be given back. `yield*` iterates the waiter, a future, directly. When
// the task resumes or its coroutine is closed, the method that `yield*` calls distinguishes the
// cases:
//
//   next()     the future is done, and has already left the queue. The method returns the value, or
//              throws, for example if the future was cancelled.
//   throw()    the task was cancelled after the hand-over. The value is given back.
//   return()   the coroutine is closed. A waiter that is still in the queue leaves it; a value that
//              was handed over is given back.
//
// Invariants:
//   W1  a waiter in the queue is pending, and one that is done is not in the queue
//   W2  a value that is handed over arrives once, or is given back once

import type { CancelledError } from "../lang/errors.ts";
import { type Holding, holdersOf } from "../loop/holders.ts";
import { keepInstances } from "../loop/kept.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { Future, PENDING, SETS_FIELDS } from "../tasks/kernel/future.ts";
import { Binding } from "./binding.ts";

/** A waiter in a queue. */
export interface Entry<T> {
  _ahead: Entry<T> | undefined;
  _behind: Entry<T> | undefined;
  /** The loop on which the waiter waits, if it needs one. */
  readonly _loop?: Scheduler;
  /**
   * The position of the waiter's value among all values that the queue hands over. The first has
   * the lowest.
   */
  _order: number;
  /** Called synchronously, so it must not call user code. */
  _succeed(value: T): void;
  /** Called synchronously, so it must not call user code. */
  _fail(error: unknown): void;
}

/**
 * A FIFO queue of waiters. Doubly linked, so that a waiter can leave from the middle in constant
 * time.
 */
export class WaitQueue<T, E extends Entry<T> = Entry<T>> {
  /** The primitive that the queue belongs to. */
  readonly owner: object;
  /** Describes what its waiters wait for, for reports. */
  readonly label: string;
  readonly binding: Binding;
  /**
   * Called with the value that was handed to a waiter, and the value's order, if the waiter leaves
   * without the value.
   */
  readonly giveBack: ((value: T, order: number) => void) | undefined;
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;
  #length = 0;
  #handedOver = 0;

  constructor(
    owner: object,
    label: string,
    binding: Binding,
    giveBack?: (value: T, order: number) => void,
  ) {
    this.owner = owner;
    this.label = label;
    this.binding = binding;
    this.giveBack = giveBack;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds the running task as a waiter. The caller must `yield*` the result immediately. */
  wait(this: WaitQueue<T>): QueuedWaiter<T> {
    const waiting = new QueuedWaiter(this);
    this.add(waiting);
    return waiting;
  }

  add(entry: E): void {
    const last = this.#last;
    entry._ahead = last;
    if (last === undefined) this.#first = entry;
    else last._behind = entry;
    this.#last = entry;
    this.#length++;
  }

  /** Removes an entry, if it is in the queue. */
  remove(entry: Entry<T>): void {
    const { _ahead: ahead, _behind: behind } = entry;
    if (ahead === undefined && this.#first !== entry) return;
    if (ahead === undefined) this.#first = behind;
    else ahead._behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind._ahead = ahead;
    entry._ahead = undefined;
    entry._behind = undefined;
    this.#length--;
  }

  /**
   * Returns the first waiter without removing it. Removes tasks of closed loops, which would never
   * resume.
   */
  first(): E | undefined {
    while (this.#first?._loop?.isClosed()) this.remove(this.#first);
    return this.#first as E | undefined;
  }

  /**
   * Removes and returns the first waiter. Skips tasks of closed loops, which would never resume.
   */
  shift(): E | undefined {
    for (;;) {
      const first = this.#first;
      if (first === undefined) return undefined;
      this.remove(first);
      if (!first._loop?.isClosed()) return first as E;
    }
  }

  /**
   * Hands a value to the first waiter. Returns whether there was one.
   * @param order the order of a value that was given back.
   */
  handOver(value: T, order?: number): boolean {
    const first = this.shift();
    if (first === undefined) return false;
    first._order = order ?? this.#handedOver++;
    first._succeed(value);
    return true;
  }

  /** Hands a value to all waiters. */
  handOverToAll(value: T): void {
    while (this.#first !== undefined) this.handOver(value);
  }

  /** Fails all waiters, each with a separate error. */
  fail(makeError: () => Error): void {
    while (this.#first !== undefined) this.shift()?._fail(makeError());
  }
}

/** A task that waits in a queue: the future of the value that will be handed to it. */
export class QueuedWaiter<T> extends Future<T> implements Entry<T> {
  static override readonly _kept = /* @__PURE__ */ keepInstances(waitingToKeep);

  // Only declared, like the fields of Future.
  declare _ahead: Entry<T> | undefined;
  declare _behind: Entry<T> | undefined;
  declare readonly _queue: WaitQueue<T>;
  declare _order: number;

  /** @throws RuntimeError if the queue belongs to another loop, or no loop is running. */
  constructor(queue: WaitQueue<T>) {
    super(SETS_FIELDS);
    this._loop = queue.binding.loop();
    this._state = PENDING;
    this._outcome = undefined;
    this._waiting = undefined;
    this._ahead = undefined;
    this._behind = undefined;
    this._queue = queue;
    this._order = 0;
  }

  /** Removes a cancelled task from the queue immediately, not only when it resumes. */
  override _abandon(error: CancelledError): void {
    this._queue.remove(this);
    super._abandon(error);
  }

  override throw(error: unknown): never {
    this._leave();
    throw error;
  }

  /** Called when a coroutine is closed while it waits. */
  return(value?: unknown): IteratorReturnResult<T> {
    this._leave();
    return { done: true, value: value as T };
  }

  override _describe(): string {
    return this._queue.label;
  }

  /** Returns the primitive that the task waits for. */
  override _resource(): object {
    return this._queue.owner;
  }

  /**
   * Returns the recorded holders of the primitive. Tools of other copies of this package read them
   * too.
   */
  _holders(): Iterable<Holding> {
    return holdersOf(this._queue.owner);
  }

  /** Called when its loop closes before the task has resumed. */
  override _giveBack(): void {
    this._leave();
  }

  _leave(): void {
    if (!this.done()) this._queue.remove(this);
    else if (this._hasFailed()) this._retrieve();
    else this._queue.giveBack?.(this.result(), this._order);
  }
}

function waitingToKeep(): readonly object[] {
  const queue = new WaitQueue<unknown>({}, "nothing", new Binding("nothing"));
  return [queue, new QueuedWaiter(queue)];
}
