// Sources of items over time. Most are fed by a separate task.
//
//   feeder ──put──> queue ──_pull──> iterate, forEach        a coroutine that reads
//                         ──next───> for await               an async function that reads
//
// The feeder starts when the first item is requested, so an unread source does nothing. The source
// yields all items before it ends or throws the feeder's error. Closing the source cancels the
// feeder, and waits until it has cleaned up.

import { RuntimeError } from "../lang/errors.ts";
import { currentScheduler, runningScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { getEventLoop } from "../program/eventLoop.ts";
import { toAsync } from "../program/toAsync.ts";
import { Queue } from "../sync/queue.ts";
import type { Store } from "../sync/store.ts";
import { createTaskOn } from "../tasks/createTask.ts";
import { type CoroutineSource, type IterationSource, iterate } from "../tasks/iterate.ts";
import { joinAll } from "../tasks/joinAll.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import type { Task } from "../tasks/kernel/task.ts";

const END = { done: true, value: undefined } as const;

/**
 * Items over time, for `iterate`, `forEach` and `for await`. Can be read only once; concurrent
 * readers share its items.
 *
 * If an async function outside any loop reads it, the source runs on the loop that `toAsync` uses.
 */
export abstract class Source<T> implements AsyncIterable<T, undefined>, CoroutineSource<T> {
  abstract _pull(): Coroutine<IteratorResult<T, undefined>>;
  abstract _close(): readonly Future<unknown>[];
  /** The loop that the source runs on. Undefined before the source starts. */
  abstract readonly _loop: Scheduler | undefined;

  /**
   * Reads the source outside coroutines. Leaving the `for await` early closes the source, and waits
   * until it is closed.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => onLoop(this._loop, () => this._pull()),
      return: () =>
        onLoop(this._loop, () => closed(this._close())) as Promise<IteratorResult<T, undefined>>,
    };
  }
}

function* closed(closing: readonly Future<unknown>[]): Coroutine<IteratorResult<never, undefined>> {
  yield* joinAll(closing);
  return END;
}

/**
 * Runs a coroutine function on behalf of an async function: on `loop` or, if that is undefined, on
 * the loop that `toAsync` uses.
 */
async function onLoop<R>(loop: Scheduler | undefined, fn: () => Coroutine<R>): Promise<R> {
  // On the loop that `toAsync` uses, call `toAsync`, because it also makes that loop run.
  const usual = loop && (runningScheduler() ?? getEventLoop());
  return await (loop === usual ? toAsync(fn)() : createTaskOn(loop as Scheduler, fn()));
}

/** A source fed by a task, from another source. */
export abstract class FedSource<In, Out> extends Source<Out> {
  readonly _queue = new Queue<Out>();
  readonly _from: IterationSource<In>;
  _feeder: Task<void> | undefined;
  readonly #name: string;
  #isOver = false;

  /** @param name the name of the feeder task in reports. */
  constructor(name: string, from: IterationSource<In>) {
    super();
    this.#name = name;
    this._from = from;
  }

  /** Fills `_queue` until there are no items left. */
  abstract _feed(): Coroutine<void>;

  get _loop(): Scheduler | undefined {
    return this._feeder?._loop;
  }

  *_pull(): Coroutine<IteratorResult<Out, undefined>> {
    if (this.#isOver) return END;
    const feeder = this._start();
    const result = yield* this._queue._pull();
    if (!result.done || this.#isOver) return result;
    this.#isOver = true;
    feeder.result();
    return result;
  }

  _close(): readonly Future<unknown>[] {
    if (this._feeder === undefined) this._begin(iterate(this._from).return());
    else if (!this.#isOver) this._feeder.cancel("The source was closed");
    this.#isOver = true;
    return [this._feeder as Task<void>];
  }

  /** Returns the feeder. Starts it at the first call. */
  _start(): Task<void> {
    const feeder = this._feeder ?? this._begin(this._feed());
    if (feeder._loop === currentScheduler("next()")) return feeder;
    throw new RuntimeError("The source is already being read on another event loop");
  }

  _begin(body: Coroutine<void>): Task<void> {
    const feeder = createTaskOn(currentScheduler("A source"), body, { name: this.#name });
    this._feeder = feeder;
    feeder._addWaiter({ _notify: () => this._queue.shutdown() });
    return feeder;
  }
}

/** Keeps only the newest item, for readers that want no backlog. */
export class Newest<T> implements Store<T> {
  #items: T[] = [];
  /**
   * The order of the item, if it was put back. An added item is newer than all that were put back.
   */
  #order = Infinity;

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#items = [item];
    this.#order = Infinity;
  }

  take(): T {
    return this.#items.pop() as T;
  }

  putBack(item: T, order: number): void {
    if (this.size > 0 && this.#order > order) return;
    this.#items = [item];
    this.#order = order;
  }

  clear(): void {
    this.#items = [];
  }
}
