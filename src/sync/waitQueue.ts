// Who waits for a lock, an item, a notification: the one line that all primitives
// are made of.
//
// Who gives something gives it to the first in line, at once and by direct
// hand-over, so that nobody comes between. But a cancel takes the place of a result
// of the same turn: what was handed over may fail to arrive. How does the giver
// learn that? `yield*` iterates the waiting future itself, and the engine tells it
// in which way the coroutine goes on:
//
//   next()               what was handed over has arrived
//   throw(), return()    the coroutine leaves. Who is still in line steps out of
//                        it, and what was handed over goes back to the giver
//
// Invariants:
//   W1  who is in line is pending, and who is done is not in line
//   W2  what was handed over arrives once or is given back once

import type { CancelledError } from "../loop/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { Future } from "../tasks/future.ts";
import type { Binding } from "./binding.ts";

/** One who waits in line. */
export interface Entry<T> {
  /** @internal */
  _ahead: Entry<T> | undefined;
  /** @internal */
  _behind: Entry<T> | undefined;
  /** The loop on which it waits, if it needs one. @internal */
  readonly _loop?: Scheduler;
  /** Called synchronously: it must not run code of a user. @internal */
  _succeed(value: T): void;
  /** The same. @internal */
  _fail(error: unknown): void;
}

/** A line in order of arrival, doubly linked: to leave it in the middle costs no more than at the front. */
export class WaitQueue<T, E extends Entry<T> = Entry<T>> {
  /** Whose line it is, and what for. */
  readonly owner: object;
  readonly what: string;
  readonly binding: Binding;
  /** Takes what was handed over to somebody who left without it. */
  readonly giveBack: ((value: T) => void) | undefined;
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;
  #length = 0;

  constructor(owner: object, what: string, binding: Binding, giveBack?: (value: T) => void) {
    this.owner = owner;
    this.what = what;
    this.binding = binding;
    this.giveBack = giveBack;
  }

  get length(): number {
    return this.#length;
  }

  /** Has the running task wait at the end of the line: `yield*` what this returns, at once. */
  wait(this: WaitQueue<T>): Waiting<T> {
    const waiting = new Waiting(this);
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

  /** Takes an entry out, if it is in line. */
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

  /** Takes the first one out, to be served. A task of a closed loop would never hear of it. */
  shift(): E | undefined {
    for (;;) {
      const first = this.#first;
      if (first === undefined) return undefined;
      this.remove(first);
      if (!first._loop?.isClosed()) return first as E;
    }
  }

  /** Serves the first in line. Returns whether there was one. */
  handOver(value: T): boolean {
    const first = this.shift();
    first?._succeed(value);
    return first !== undefined;
  }

  /** Serves all. */
  handOverToAll(value: T): void {
    while (this.#first !== undefined) this.handOver(value);
  }

  /** Has all of them throw, each an error of its own. */
  fail(makeError: () => Error): void {
    while (this.#first !== undefined) this.shift()?._fail(makeError());
  }
}

/** A task's place in a line, and the future of what it is handed. */
export class Waiting<T> extends Future<T> implements Entry<T> {
  // Declared only, as those of Future.
  declare _ahead: Entry<T> | undefined;
  declare _behind: Entry<T> | undefined;
  /** @internal */
  declare readonly _queue: WaitQueue<T>;

  /** @throws RuntimeError if the line is on another loop, or none runs */
  constructor(queue: WaitQueue<T>) {
    super(undefined, queue.binding.loop());
    this._ahead = undefined;
    this._behind = undefined;
    this._queue = queue;
  }

  /** A cancelled task leaves the line at once, not only when it comes to its turn. */
  override _abandon(error: CancelledError): void {
    this._queue.remove(this);
    super._abandon(error);
  }

  override throw(error: unknown): never {
    this._leave();
    throw error;
  }

  /** The iterator's end, for a coroutine that is closed while it waits. */
  return(value?: unknown): IteratorReturnResult<T> {
    this._leave();
    return { done: true, value: value as T };
  }

  override _describe(): string {
    return this._queue.what;
  }

  /** Whose hand-over it waits for. @internal */
  override _resource(): object {
    return this._queue.owner;
  }

  /** @internal */
  _leave(): void {
    if (!this.done()) this._queue.remove(this);
    else if (this._hasFailed()) this._retrieve();
    else this._queue.giveBack?.(this.result());
  }
}
