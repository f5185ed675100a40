import { wrongType } from "../lang/arguments.ts";
import { RuntimeError } from "../lang/errors.ts";
import { currentScheduler, runningScheduler } from "../loop/current.ts";
import { isThenable } from "./awaitable.ts";
import { currentTask } from "./currentTask.ts";
import { joinAll } from "./joinAll.ts";
import { CoroutineObject } from "./kernel/call.ts";
import type { Coroutine } from "./kernel/coroutine.ts";
import { type Future, isFuture } from "./kernel/future.ts";
import type { Task } from "./kernel/task.ts";
import { operation, procedure } from "./lazyCall.ts";
import { isStream, readSource, type SourceReading } from "./readSource.ts";
import { futureOfPromise } from "./relay.ts";

/** A source that hands items to coroutines directly, as a `Queue` does. */
export interface CoroutineSource<T> {
  /** Waits for the next item. A cancellation must not lose an item. */
  _pull(): Coroutine<IteratorResult<T, undefined>>;
  /** Ends the source, and returns what is still cleaning up. Absent if nothing needs closing. */
  _close?(): readonly Future<unknown>[];
}

/** A source that opens a separate source for each reader. */
interface Opening<T> {
  _open(): CoroutineSource<T>;
}

/** A source for `iterate`: a `Queue` or other async iterable, a stream, or an iterable. */
export type IterationSource<T> = AsyncIterable<T> | ReadableStream<T> | Iterable<T>;

/** An iterator for coroutines, returned by `iterate`. */
export interface CoroutineIterator<T> {
  /**
   * Waits for the next item. After the last one, `done` is true. A cancellation doesn't lose an
   * item: if one was on its way, the next call returns it.
   *
   * @throws whatever the source throws, which ends the iterator. @throws RuntimeError while another
   * call waits.
   */
  next(): Coroutine<IteratorResult<T, undefined>>;
  /**
   * Closes the source, and waits until it is closed. Does nothing if the source has ended or is a
   * `Queue`.
   *
   * An async generator closes only after it has yielded its current item. If a cancelled `next()`
   * has requested that item, the item may never arrive, so `return()` doesn't wait for the
   * generator to close. A later error goes to the loop's exception handler.
   */
  return(): Coroutine<void>;
}

/**
 * Returns an iterator with which a coroutine reads a queue, a stream or another async source, item
 * by item. Like Python's `async for`.
 *
 * If you may stop early, call `return()` in a `finally` block, to close the source. Otherwise, the
 * source is closed when the task that called `iterate` ends. After an error, the end, or
 * `return()`, the iterator yields nothing more.
 *
 * @throws TypeError if `source` is not iterable, or is a coroutine. A coroutine that is not
 * decorated is recognized only when it waits, so `next()` throws the error.
 * @example
 * const lines = iterate(response.body.pipeThrough(new TextDecoderStream()));
 * try {
 *   for (let r = yield* lines.next(); !r.done; r = yield* lines.next()) {
 *     if (r.value.includes("stop")) break;
 *   }
 * } finally {
 *   yield* lines.return();
 * }
 */
export function iterate<T>(source: IterationSource<T>): CoroutineIterator<T> {
  checkSource("source", source);
  return new SourceIterator(source);
}

/** @throws TypeError unless `value` is a source for `iterate` */
export function checkSource(name: string, value: unknown): void {
  const isSource =
    value !== undefined &&
    value !== null &&
    !isFuture(value) &&
    !((value as unknown) instanceof CoroutineObject) &&
    (Symbol.asyncIterator in Object(value) ||
      Symbol.iterator in Object(value) ||
      isStream(value) ||
      isCoroutineSource(value));
  if (isSource) return;
  throw wrongType(name, "a Queue, a stream, or an async or ordinary iterable", value);
}

const END = { done: true, value: undefined } as const;

// The class is named like the function, because stacks and reports of forgotten coroutines show it.
const SourceIterator = class iterate<T> implements CoroutineIterator<T> {
  readonly #source: IterationSource<T> | CoroutineSource<T>;
  #reading: SourceReading<T> | undefined;
  /** The requested result, until a call returns it. A cancelled call leaves it to the next call. */
  #pending: PromiseLike<IteratorResult<T>> | undefined;
  #isBusy = false;
  #isDone = false;
  /** The task at whose end the source is closed. */
  #owner: Task<unknown> | undefined;
  readonly #closeForgotten = (): void => {
    const task = this.#owner;
    const closing = this.#close();
    if (isThenable(closing)) reportRejection(closing, task);
  };

  constructor(source: IterationSource<T>) {
    this.#source = (source as Partial<Opening<T>>)._open?.() ?? source;
    if (runningScheduler() !== undefined) this.#findOwner();
  }

  next(): Coroutine<IteratorResult<T, undefined>> {
    const source = this.#source;
    return operation(this.#nextOf(), isCoroutineSource(source) ? source : undefined);
  }

  *#nextOf(): Coroutine<IteratorResult<T, undefined>> {
    if (this.#isBusy) {
      throw new RuntimeError(
        "Another call of `next()` is still waiting: use one iterator per task, or a Queue",
      );
    }
    this.#isBusy = true;
    try {
      const source = this.#source;
      if (this.#isDone) return END;
      this.#findOwner();
      const result = yield* isCoroutineSource<T>(source) ? source._pull() : this.#next();
      if (Object(result) !== result) {
        this.#end();
        throw wrongType("next()", "an object", result);
      }
      if (!result.done) return result;
      this.#end();
      return END;
    } finally {
      this.#isBusy = false;
    }
  }

  return(): Coroutine<void> {
    return procedure(this.#return());
  }

  *#return(): Coroutine<void> {
    const closing = this.#close();
    if (Array.isArray(closing)) yield* joinAll(closing as Future<unknown>[]);
    if (!isThenable(closing)) return;
    const future = futureOfPromise(currentScheduler("return()"), closing);
    try {
      yield* future;
    } catch (error) {
      if (future.cancelled()) reportRejection(closing, currentTask());
      throw error;
    }
  }

  *#next(): Coroutine<IteratorResult<T>> {
    this.#pending ??= this.#ask() as PromiseLike<IteratorResult<T>>;
    const pending = this.#pending;
    if (!isThenable(pending)) {
      this.#pending = undefined;
      return pending as IteratorResult<T>;
    }
    const future = futureOfPromise(currentScheduler("next()"), pending);
    try {
      const result = yield* future;
      this.#pending = undefined;
      return result;
    } catch (error) {
      // A cancellation replaces a result that arrived in the same turn. #pending keeps that result
      // for the next call.
      if (future._hasFailed() && !future.cancelled() && future._reason() === error) this.#end();
      throw error;
    }
  }

  #ask(): IteratorResult<T> | PromiseLike<IteratorResult<T>> {
    try {
      return this.#read().next();
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #read(): SourceReading<T> {
    this.#reading ??= readSource(this.#source as IterationSource<T>);
    return this.#reading;
  }

  /** Closes the source. Returns a promise or futures to wait for, if any. */
  #close(): unknown {
    if (this.#isDone) return undefined;
    const pending = this.#pending;
    const task = this.#owner;
    this.#end();
    if (isCoroutineSource(this.#source)) return this.#source._close?.();
    const reading = this.#read();
    const closing = reading.close();
    if (pending === undefined || this.#isBusy) return closing;
    reportRejection(pending, task);
    if (!reading.isQueued || !isThenable(closing)) return closing;
    reportRejection(closing, task);
    return undefined;
  }

  #end(): void {
    this.#isDone = true;
    this.#pending = undefined;
    this.#owner?.removeDoneCallback(this.#closeForgotten);
    this.#owner = undefined;
  }

  #findOwner(): void {
    if (this.#owner !== undefined) return;
    if (isCoroutineSource(this.#source) && this.#source._close === undefined) return;
    this.#owner = currentTask();
    this.#owner?.addDoneCallback(this.#closeForgotten);
  }
};

/** Whether `source` hands items to coroutines, so that a cancelled pull leaves the item in it. */
export function isCoroutineSource<T>(source: unknown): source is CoroutineSource<T> {
  return typeof (source as { _pull?: unknown })._pull === "function";
}

/** Reports the rejection of a promise that the reader of a source, `task`, no longer awaits. */
function reportRejection(promise: PromiseLike<unknown>, task: unknown): void {
  const loop = currentScheduler("iterate()");
  promise.then(undefined, (exception) => {
    loop.callExceptionHandler({
      message: "A source failed after its reader had left it",
      exception,
      task,
    });
  });
}
