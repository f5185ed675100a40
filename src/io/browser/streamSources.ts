// The streams of the web platform.
//
// Nobody can tell whether a ReadableStream has a chunk without reading it. So what watches one is its reader, is one
// chunk ahead, and keeps that until it is taken. A WritableStream says how much room it has, but only to its writer,
// which its user needs too: so it is the writer that is watched.

import { wrongType } from "../../loop/arguments.ts";
import { hasTag } from "../../loop/brands.ts";
import { EVENT_READ, EVENT_WRITE, type Pollable } from "../pollable.ts";

/** A chunk that was read: in an object, because a chunk may be anything. */
export interface Chunk<T> {
  readonly chunk: T;
}

/** What is watched of a stream, so that all who watch it and who take from it meet. */
const sources = /* @__PURE__ */ new WeakMap<ReadableStream, ChunkSource<unknown>>();

/** What tells the readiness of a stream or of a writer; undefined if `source` is neither. */
export function adaptStream(source: unknown): Pollable | undefined {
  if (isReadable(source)) return chunksOf(source);
  return isWriter(source) ? new WriterSource(source) : undefined;
}

/**
 * Takes the next chunk of a stream that a selector watches; undefined if none has come. A stream that is readable and
 * has none is at its end.
 *
 * To be watched, or asked here, locks the stream for good, and reads one chunk ahead.
 *
 * @throws TypeError if `stream` is not a ReadableStream, or is locked by somebody else. @throws what broke the stream.
 */
export function receiveChunk<T>(stream: ReadableStream<T>): Chunk<T> | undefined {
  if (isReadable(stream)) return chunksOf(stream).take();
  throw wrongType("stream", "a ReadableStream", stream);
}

// By their tags, because they may be of another frame; by their classes, because a polyfill need not have these tags.

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

/** Reads one chunk ahead. */
class ChunkSource<T> implements Pollable {
  readonly #reader: ReadableStreamDefaultReader<T>;
  readonly #notifies = new Set<() => void>();
  #ahead: Chunk<T> | undefined;
  #broken: { readonly reason: unknown } | undefined;
  #isOver = false;

  constructor(stream: ReadableStream<T>) {
    this.#reader = stream.getReader();
    this.#read();
  }

  take(): Chunk<T> | undefined {
    const taken = this.#ahead;
    if (taken !== undefined) {
      this.#ahead = undefined;
      this.#read();
    } else if (this.#broken !== undefined) {
      throw this.#broken.reason;
    }
    return taken;
  }

  poll(events: number): number {
    return this.#ahead !== undefined || this.#isOver ? events & EVENT_READ : 0;
  }

  watch(_events: number, notify: () => void): () => void {
    const own = () => notify();
    this.#notifies.add(own);
    return () => this.#notifies.delete(own);
  }

  #read(): void {
    this.#reader.read().then(
      ({ done, value }) => {
        if (done) this.#isOver = true;
        else this.#ahead = { chunk: value };
        this.#notify();
      },
      (reason) => {
        this.#isOver = true;
        this.#broken = { reason };
        this.#notify();
      },
    );
  }

  #notify(): void {
    for (const notify of this.#notifies) notify();
  }
}

/** Has room, or is over. */
class WriterSource implements Pollable {
  readonly #writer: WritableStreamDefaultWriter;
  #notify: (() => void) | undefined;
  /** For what `ready` promise it waits. */
  #awaited: Promise<unknown> | undefined;

  constructor(writer: WritableStreamDefaultWriter) {
    this.#writer = writer;
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
    try {
      const { desiredSize } = this.#writer;
      return desiredSize === null || desiredSize > 0;
    } catch {
      return true; // it was released: who writes finds out
    }
  }

  /** Each time it runs full it has a new promise. */
  #wait(): void {
    const { ready } = this.#writer;
    if (ready === this.#awaited) return;
    this.#awaited = ready;
    const notify = () => this.#notify?.();
    ready.then(notify, notify);
  }
}
