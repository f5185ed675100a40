import { wrongType } from "../loop/arguments.ts";
import { RuntimeError } from "../loop/errors.ts";
import { runningScheduler } from "../loop/scheduler.ts";
import { currentTask, isThenable } from "./awaitable.ts";
import { operation } from "./bareCall.ts";
import { type Coroutine, CoroutineObject } from "./coroutine.ts";
import { currentScheduler, isFuture } from "./future.ts";
import { futureOfPromise } from "./relay.ts";
import type { Task } from "./task.ts";

/** What gives its items to coroutines by itself, as a `Queue` does. It has nothing to close. */
export interface CoroutineSource<T> {
  /** Waits for the next item. A cancel must not lose one. @internal */
  _pull(): Coroutine<IteratorResult<T, undefined>>;
}

/** What `iterate` takes: a `Queue` and anything else that is async-iterable, a stream, a list. */
export type IterationSource<T> = AsyncIterable<T> | ReadableStream<T> | Iterable<T>;

/** An iterator for coroutines. Made by `iterate`. */
export interface CoroutineIterator<T> {
  /**
   * Waits for the next item; `done` is true once there is none. A cancel loses none: the item that was on its way comes
   * with the next call.
   *
   * @throws what the source throws, which ends it. @throws RuntimeError while another call waits.
   */
  next(): Coroutine<IteratorResult<T, undefined>>;
  /**
   * Closes the source, and waits until it is closed. Does nothing if it is at its end, or a `Queue`.
   *
   * An async generator closes once it has given the item that it is at. If a cancel has left that on its way, it may
   * never come, so `return()` does not wait for it; what is thrown then goes to the loop's exception handler.
   */
  return(): Coroutine<void>;
}

/**
 * Gives the items of a source that promises them, one after the other, to a coroutine. Like Python's `async for`.
 *
 * Leave early by `return()`, in a `finally` block, so that the source is closed. What was forgotten is closed when the
 * task in which `iterate` was called ends. After an error, the end or `return()` there are no more items.
 *
 * @throws TypeError if `source` cannot be iterated.
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

/** `TypeError` unless `value` is something that `iterate` takes. */
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

/** A source that is being read. Results and promises of them are both good. */
interface Reading<T> {
  /** Whether closing waits for the item that is on its way. */
  readonly isQueued: boolean;
  next(): IteratorResult<T> | PromiseLike<IteratorResult<T>>;
  close(): unknown;
}

const END = { done: true, value: undefined } as const;

class SourceIterator<T> implements CoroutineIterator<T> {
  readonly #source: IterationSource<T> | CoroutineSource<T>;
  #reading: Reading<T> | undefined;
  /** The result that was on its way when a cancel came. */
  #pending: PromiseLike<IteratorResult<T>> | undefined;
  #isBusy = false;
  #isDone = false;
  /** At whose end the source is closed. */
  #owner: Task<unknown> | undefined;
  readonly #closeForgotten = (): void => {
    const closing = this.#close();
    if (isThenable(closing)) reportRejection(closing);
  };

  constructor(source: IterationSource<T>) {
    this.#source = source;
    if (runningScheduler() !== undefined) this.#findOwner();
  }

  next(): Coroutine<IteratorResult<T, undefined>> {
    const source = this.#source;
    return operation(this.#nextOf(), isCoroutineSource(source) ? source : undefined);
  }

  *#nextOf(): Coroutine<IteratorResult<T, undefined>> {
    if (this.#isBusy) {
      throw new RuntimeError(
        "The next item is awaited already. Use an iterator in one task only, or a Queue in between",
      );
    }
    this.#isBusy = true;
    try {
      const source = this.#source;
      if (this.#isDone) return END;
      const result = yield* isCoroutineSource(source) ? source._pull() : this.#next();
      if (!result.done) return result;
      this.#end();
      return END;
    } finally {
      this.#isBusy = false;
    }
  }

  *return(): Coroutine<void> {
    const closing = this.#close();
    if (!isThenable(closing)) return;
    const future = futureOfPromise(currentScheduler("return()"), closing);
    try {
      yield* future;
    } catch (error) {
      if (future.cancelled()) reportRejection(closing);
      throw error;
    }
  }

  *#next(): Coroutine<IteratorResult<T>> {
    this.#findOwner();
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
      // A cancel takes the place of whatever came in the same turn, and that is to be given next.
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

  #read(): Reading<T> {
    this.#reading ??= read(this.#source as IterationSource<T>);
    return this.#reading;
  }

  /** Closes the source. Returns what there is to wait for. */
  #close(): unknown {
    if (this.#isDone) return undefined;
    const pending = this.#pending;
    this.#end();
    if (isCoroutineSource(this.#source)) return undefined;
    const reading = this.#read();
    const closing = reading.close();
    if (pending === undefined || this.#isBusy) return closing;
    reportRejection(pending);
    if (!reading.isQueued || !isThenable(closing)) return closing;
    reportRejection(closing);
    return undefined;
  }

  #end(): void {
    this.#isDone = true;
    this.#pending = undefined;
    this.#owner?.removeDoneCallback(this.#closeForgotten);
    this.#owner = undefined;
  }

  #findOwner(): void {
    if (this.#owner !== undefined || isCoroutineSource(this.#source)) return;
    this.#owner = currentTask();
    this.#owner?.addDoneCallback(this.#closeForgotten);
  }
}

function read<T>(source: IterationSource<T>): Reading<T> {
  // A stream's own async iterator would close only after the chunk that is on its way.
  if (isStream(source)) return readStream(source);
  const isAsync = Symbol.asyncIterator in Object(source);
  const iterator = isAsync
    ? (source as AsyncIterable<T>)[Symbol.asyncIterator]()
    : (source as Iterable<T>)[Symbol.iterator]();
  return {
    isQueued: true,
    next: () => iterator.next(),
    close: () => iterator.return?.(),
  };
}

function readStream<T>(stream: ReadableStream<T>): Reading<T> {
  const reader = stream.getReader();
  return {
    isQueued: false,
    async next() {
      let isOver = true;
      try {
        const result = await reader.read();
        isOver = result.done;
        return result as IteratorResult<T>;
      } finally {
        if (isOver) reader.releaseLock();
      }
    },
    close() {
      const closing = reader.cancel();
      reader.releaseLock();
      return closing;
    },
  };
}

function isStream<T>(source: unknown): source is ReadableStream<T> {
  return typeof (source as { getReader?: unknown }).getReader === "function";
}

/** Whether a pull that is cancelled leaves the item where it was. */
export function isCoroutineSource<T>(source: unknown): source is CoroutineSource<T> {
  return typeof (source as { _pull?: unknown })._pull === "function";
}

/** For a promise that nobody waits for. */
function reportRejection(promise: PromiseLike<unknown>): void {
  const loop = currentScheduler("iterate()");
  promise.then(undefined, (exception) => {
    loop.callExceptionHandler({
      message: "A source failed that was not read to its end",
      exception,
    });
  });
}
