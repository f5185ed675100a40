import { awaited } from "./kernel/future.ts";

/** A source that is being read. `next` may return a result or a promise of one. */
export interface SourceReading<T> {
  /** Whether closing waits for an item that was requested and hasn't arrived. */
  readonly isQueued: boolean;
  next(): IteratorResult<T> | PromiseLike<IteratorResult<T>>;
  close(): unknown;
}

/** Begins to read a source that is not a `CoroutineSource` (iterate.ts). */
export function readSource<T>(
  source: AsyncIterable<T> | ReadableStream<T> | Iterable<T>,
): SourceReading<T> {
  // Not the stream's own async iterator, which closes only once a requested chunk has arrived.
  if (isStream(source)) return readStream(source);
  const isAsync = Symbol.asyncIterator in Object(source);
  const iterator = isAsync
    ? (source as AsyncIterable<T>)[Symbol.asyncIterator]()
    : (source as Iterable<T>)[Symbol.iterator]();
  return {
    isQueued: true,
    next: () => {
      awaited.future = undefined;
      const result = iterator.next() as IteratorResult<T>;
      const { future } = awaited;
      // A coroutine is iterable, too. While it waits, it yields the same future endlessly.
      if (future === undefined || result.value !== future) return result;
      iterator.return?.();
      throw new TypeError(
        "Expected a source of items, got a coroutine. Did you mean to await it with `yield*`?",
      );
    },
    close: () => iterator.return?.(),
  };
}

function readStream<T>(stream: ReadableStream<T>): SourceReading<T> {
  const reader = stream.getReader();
  let isOver = false;
  return {
    isQueued: false,
    async next() {
      let isLast = true;
      try {
        const result = await reader.read();
        isLast = result.done;
        return result as IteratorResult<T>;
      } finally {
        if (isLast) reader.releaseLock();
        isOver ||= isLast;
      }
    },
    close() {
      // The stream may have ended in a read whose caller was cancelled. In that case, the lock is
      // already released.
      if (isOver) return undefined;
      const closing = reader.cancel();
      reader.releaseLock();
      return closing;
    },
  };
}

export function isStream<T>(source: unknown): source is ReadableStream<T> {
  return typeof (source as { getReader?: unknown }).getReader === "function";
}
