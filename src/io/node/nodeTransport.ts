// Connects one of Node's streams to a StreamReader and a StreamWriter.
//
// A program may have ten thousand transports, so all share the same listener functions, which find
// their transport by a property of the stream.
//
// A Readable queues each chunk, emits it, and checks in a separate tick whether it wants more. For
// a small message, that takes as long as everything else. So on a raw socket that nothing else
// uses, the stream's `push` is replaced with one that passes the chunk straight to the reader. As
// soon as anything else reads or pauses the socket, Node's own `push` is restored.

import { Socket } from "node:net";
import { Readable, type Writable } from "node:stream";
import type { TLSSocket } from "node:tls";
import { setImmediate } from "../../loop/hosts/timers.ts";
import type { Resource, Scheduler } from "../../loop/scheduler.ts";
import type { Transport, TransportOwner } from "../network.ts";
import { connectionAborted } from "../streamErrors.ts";
import { StreamReader } from "../streamReader.ts";
import { type Sink, type SinkOwner, StreamWriter } from "../streamWriter.ts";
import { streamInfo } from "./streamInfo.ts";

const TRANSPORT = Symbol("transport");

type Stream = Readable | Writable;
type StreamWithTransport = Stream & { [TRANSPORT]: NodeTransport };

type Push = (chunk: Buffer | null) => boolean;

/** A stream, its reader and its writer. The stream is destroyed with its loop. */
export class NodeTransport implements Resource, SinkOwner, Transport {
  readonly #loop: Scheduler;
  readonly #stream: Stream;
  #reader: StreamReader | undefined;
  #writer: StreamWriter | undefined;
  isClosed = false;
  owner: TransportOwner | undefined;
  abortError: Error | undefined;
  /** Whether chunks bypass the stream's queue. They then arrive directly from the host. */
  #bypassesQueue = false;
  #listensForDrain = false;

  constructor(loop: Scheduler, stream: Readable | Writable) {
    this.#loop = loop;
    this.#stream = stream;
    loop._resources.add(this);
    (stream as StreamWithTransport)[TRANSPORT] = this;
    stream.on("error", ignoreError);
    stream.on("close", onClose);
    // The running loop keeps the process alive. Its sockets needn't.
    (stream as Partial<Socket>).unref?.();
  }

  /** Starts to pass the stream's data to a reader. */
  openReader(limit?: number): StreamReader {
    const stream = this.#stream as Readable;
    this.#reader = new StreamReader(limit, this, this.#loop);
    this.#bypassesQueue = isRawSocket(stream) && isUntouched(stream);
    stream.on("data", onData);
    // Our own `push` detects the end itself. A second listener would cost memory.
    if (this.#bypassesQueue) stream.push = push as Push;
    else stream.on("end", onEnd);
    return this.#reader;
  }

  /** Pauses the stream. If chunks bypass its queue, `push` returns false instead. */
  pause(): void {
    if (!this.#bypassesQueue) (this.#stream as Readable).pause();
  }

  resume(): void {
    const stream = this.#stream as Readable;
    if (!this.#bypassesQueue) stream.resume();
    else if (!stream.destroyed) stream._read(0);
  }

  /** Restores Node's `push`, for another user of the socket. */
  _restorePush(): void {
    this.#bypassesQueue = false;
    Reflect.deleteProperty(this.#stream, "push");
    this.#stream.on("end", onEnd);
  }

  /** Whether the reader wants more data. */
  get _wantsMore(): boolean {
    return this.#reader?._isPaused === false;
  }

  openWriter(): StreamWriter {
    const stream = this.#stream as Writable;
    const sink = isSink(stream) ? stream : sinkOf(stream);
    this.#writer = new StreamWriter(sink, this);
    // The stream may have closed before the task that opened it continued.
    if (this.isClosed) this.#writer._onClose(this.#error());
    return this.#writer;
  }

  _info(name: string): unknown {
    return streamInfo(this.#stream as TLSSocket, name);
  }

  _abort(): void {
    const stream = this.#stream as Socket;
    if (stream.destroyed) return; // its close event is about to fire
    this.abortError = connectionAborted();
    // If a socket only has its end left to send, `resetAndDestroy` neither resets nor closes it.
    const isEnding =
      stream.writableEnded && stream.writableLength === 0 && !stream.writableFinished;
    const isTcp = isRawSocket(stream) && stream.remoteAddress !== undefined;
    if (isTcp && !isEnding) stream.resetAndDestroy();
    else stream.destroy();
  }

  _onWait(): void {
    if (this.#listensForDrain) return;
    this.#listensForDrain = true;
    // An ended stream emits `finish` instead of `drain`.
    this.#stream.on("drain", onDrain).on("finish", onDrain);
  }

  close(): void {
    const stream = this.#stream as Socket;
    if (this.#writer === undefined) stream.destroy();
    else this.#writer.close();
    // Destroy the stream later, because TLS passes data to the system only in a later macrotask.
    setImmediate(() => stream.destroy());
  }

  _onData(data: Buffer | string): void {
    const chunk =
      typeof data === "string"
        ? Buffer.from(data, (this.#stream as Readable).readableEncoding ?? "utf8")
        : data;
    const reader = this.#reader as StreamReader;
    const loop = this.#loop;
    const runsNow = this.#bypassesQueue && reader._isAwaited && loop._pump.markAwake();
    try {
      // Users get a plain Uint8Array, because a Buffer behaves differently, for example in
      // `toString`.
      reader._feedData(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    } finally {
      // Runs the loop even if a waiter throws. Otherwise, the loop would count as awake, but
      // nothing would run it.
      if (runsNow) loop._pump.runInMacrotask();
    }
  }

  _onEnd(): void {
    // Some platforms also report the end of an aborted stream.
    if (this.abortError === undefined) this.#reader?._feedEof();
  }

  _onDrain(): void {
    this.#writer?._onDrain();
  }

  _onClose(): void {
    const error = this.#error();
    if (this.#reader !== undefined) {
      this.#readRest();
      if (error !== undefined) this.#reader._setException(error);
      else this.#reader._feedEof();
    }
    this.#writer?._onClose(error);
    this.#loop._resources.delete(this);
    this.isClosed = true;
    this.owner?.onClose();
  }

  /** Returns the error that broke the stream; undefined if it ended normally or hasn't ended. */
  #error(): Error | undefined {
    // After an abort, `errored` may be the error of the pending writes.
    return this.abortError ?? this.#stream.errored ?? undefined;
  }

  /** Reads what is left in a stream that broke while it was paused. */
  #readRest(): void {
    const stream = this.#stream as Readable;
    stream.off("data", onData);
    const rest: Buffer | null = stream.readableLength > 0 ? stream.read() : null;
    if (rest !== null) this._onData(rest);
  }
}

/** Whether `stream` is a socket or pipe without a layer such as TLS above the system's own. */
function isRawSocket(stream: Stream): boolean {
  return stream instanceof Socket && !("encrypted" in stream);
}

/**
 * Whether a socket still has Node's own methods and no other user, so that `push` may be replaced.
 */
function isUntouched(stream: Readable): boolean {
  return (
    stream.push === Readable.prototype.push &&
    stream._read === Socket.prototype._read &&
    stream.readableLength === 0 &&
    isUnshared(stream, 0)
  );
}

/**
 * Whether nothing else reads or pauses a stream, or sets its encoding. `listeners` is the number of
 * our own listeners.
 */
function isUnshared(stream: Readable, listeners: number): boolean {
  return (
    stream.listenerCount("data") === listeners &&
    stream.listenerCount("readable") === 0 &&
    stream.readableEncoding === null &&
    stream.readableFlowing !== false
  );
}

/** Replaces the `push` of a raw socket, to pass chunks on without putting them into its queue. */
function push(this: Readable & StreamWithTransport, chunk: Buffer | null): boolean {
  const transport = this[TRANSPORT];
  if (!isUnshared(this, 1) || this.readableLength > 0) {
    transport._restorePush();
    return this.push(chunk);
  }
  if (chunk !== null) {
    transport._onData(chunk);
    return transport._wantsMore;
  }
  const wantsMore = (Readable.prototype.push as Push).call(this, null);
  transport._onEnd();
  return wantsMore;
}

function onData(this: Stream, chunk: Buffer | string): void {
  (this as StreamWithTransport)[TRANSPORT]._onData(chunk);
}

function onEnd(this: Stream): void {
  (this as StreamWithTransport)[TRANSPORT]._onEnd();
}

function onDrain(this: Stream): void {
  (this as StreamWithTransport)[TRANSPORT]._onDrain();
}

function onClose(this: Stream): void {
  (this as StreamWithTransport)[TRANSPORT]._onClose();
}

/**
 * Does nothing. It is a listener for `error` events, because Node throws an error that nobody
 * listens for. Readers and writers get the error when the stream closes.
 */
function ignoreError(): void {
  // handled in _onClose
}

function isSink(stream: Writable): stream is Writable & Sink {
  return "destroySoon" in stream;
}

/** Adapts a stream without `destroySoon`. Such streams destroy themselves once they have ended. */
function sinkOf(stream: Writable): Sink {
  return {
    get writableLength() {
      return stream.writableLength;
    },
    get writableNeedDrain() {
      return stream.writableNeedDrain;
    },
    write: (data) => stream.write(data),
    end: () => stream.end(),
    cork: () => stream.cork(),
    uncork: () => stream.uncork(),
    destroySoon: () => stream.end(),
  };
}
