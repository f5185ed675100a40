// The streams of the web platform.
//
// The only way to find out whether a ReadableStream has a chunk is to read it. So a watched stream
// is read one chunk ahead, and the chunk is kept until it is taken. A WritableStream reports its
// free space only to its writer, which the user needs too. So the writer is watched instead of the
// stream.

import { wrongType } from "../../lang/arguments.ts";
import { hasTag } from "../../lang/brands.ts";
import { EVENT_READ, EVENT_WRITE, type Pollable } from "../pollable.ts";

/** A chunk of a stream. Wrapped in an object, because a chunk may be undefined. */
export interface Chunk<T> {
  readonly chunk: T;
}

/** The source of each watched stream, shared by its watchers and `receiveChunk`. */
const sources = /* @__PURE__ */ new WeakMap<ReadableStream, ChunkSource<unknown>>();

/** Returns a Pollable for a stream or a writer; undefined for anything else. */
export function adaptStream(source: unknown): Pollable | undefined {
  if (isReadable(source)) return chunksOf(source);
  return isWriter(source) ? new WriterSource(source) : undefined;
}

/**
 * Takes the next chunk of a watched stream. Returns undefined if no chunk has arrived, or if the
 * stream has ended. If a selector has just reported the stream as ready, undefined means the end.
 *
 * Watching a stream or passing it here locks it permanently and reads one chunk ahead.
 *
 * @throws TypeError if `stream` is not a ReadableStream or already locked.
 * @throws the reason why the stream failed.
 */
export function receiveChunk<T>(stream: ReadableStream<T>): Chunk<T> | undefined {
  if (isReadable(stream)) return chunksOf(stream).take();
  throw wrongType("stream", "a ReadableStream", stream);
}

// These check the tag, because a stream may come from another frame, and the class, because a
// polyfill may not have the tag.

function isReadable(value: unknown): value is ReadableStream {
  return hasTag(value, "ReadableStream") || value instanceof ReadableStream;
}

function isWriter(value: unknown): value is WritableStreamDefaultWriter {
  const name = "WritableStreamDefaultWriter";
  return hasTag(value, name) || value instanceof WritableStreamDefaultWriter;
}

function chunksOf<T>(stream: ReadableStream<T>): ChunkSource<T> {
  const known = sources.get(stream) as ChunkSource<T> | undefined;
  if (known !== undefined) return known;
  const source = new ChunkSource(stream);
  sources.set(stream, source);
  return source;
}

/** A ReadableStream, read one chunk ahead. */
class ChunkSource<T> implements Pollable {
  readonly #reader: ReadableStreamDefaultReader<T>;
  readonly #notifies = new Set<() => void>();
  #ahead: Chunk<T> | undefined;
  #failure: { readonly reason: unknown } | undefined;
  #hasEnded = false;

  constructor(stream: ReadableStream<T>) {
    this.#reader = stream.getReader();
    this.#read();
  }

  take(): Chunk<T> | undefined {
    const taken = this.#ahead;
    if (taken !== undefined) {
      this.#ahead = undefined;
      this.#read();
    } else if (this.#failure !== undefined) {
      throw this.#failure.reason;
    }
    return taken;
  }

  poll(events: number): number {
    return this.#ahead !== undefined || this.#hasEnded ? events & EVENT_READ : 0;
  }

  watch(_events: number, notify: () => void): () => void {
    const own = () => notify();
    this.#notifies.add(own);
    return () => this.#notifies.delete(own);
  }

  #read(): void {
    this.#reader.read().then(
      ({ done, value }) => {
        if (done) this.#hasEnded = true;
        else this.#ahead = { chunk: value };
        this.#notify();
      },
      (reason) => {
        this.#hasEnded = true;
        this.#failure = { reason };
        this.#notify();
      },
    );
  }

  #notify(): void {
    for (const notify of this.#notifies) notify();
  }
}

/**
 * A writer. It is ready if its stream has space, is closed or has failed, or if the writer was
 * released.
 */
class WriterSource implements Pollable {
  readonly #writer: WritableStreamDefaultWriter;
  #notify: (() => void) | undefined;
  #isOver = false;
  /** The writer's `ready` promise that this source waits for. */
  #awaited: Promise<unknown> | undefined;

  constructor(writer: WritableStreamDefaultWriter) {
    this.#writer = writer;
    const onEnd = () => {
      this.#isOver = true;
      this.#notify?.();
    };
    writer.closed.then(onEnd, onEnd);
  }

  poll(events: number): number {
    if ((events & EVENT_WRITE) === 0) return 0;
    if (this.#isReady()) return EVENT_WRITE;
    this.#wait();
    return 0;
  }

  watch(_events: number, notify: () => void): () => void {
    this.#notify = notify;
    return () => {
      this.#notify = undefined;
    };
  }

  #isReady(): boolean {
    if (this.#isOver) return true; // the next write throws
    try {
      const { desiredSize } = this.#writer;
      return desiredSize === null || desiredSize > 0;
    } catch {
      return true; // the writer was released, and its next use throws
    }
  }

  /** Waits for room in the stream. The writer has a new promise each time its stream is full. */
  #wait(): void {
    const { ready } = this.#writer;
    if (ready === this.#awaited) return;
    this.#awaited = ready;
    const notify = () => this.#notify?.();
    ready.then(notify, notify);
  }
}
