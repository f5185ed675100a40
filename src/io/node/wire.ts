// A stream of Node's in the hands of coroutines: what it pushes goes to a StreamReader, and
// what a StreamWriter writes goes to it.
//
// There may be ten thousand of them. So the listeners are the same functions for all, and find
// by a property of the stream whom they serve.

import { Socket } from "node:net";
import { Readable, type Writable } from "node:stream";
import type { TLSSocket } from "node:tls";
import { setImmediate } from "../../loop/hosts/timers.ts";
import type { Resource, Scheduler } from "../../loop/scheduler.ts";
import { connectionAborted } from "../streamErrors.ts";
import { StreamReader } from "../streamReader.ts";
import { type Sink, type SinkOwner, StreamWriter } from "../streamWriter.ts";

const WIRE = Symbol("wire");

type Stream = Readable | Writable;
type Wired = Stream & { [WIRE]: Wire };

type Push = (chunk: Buffer | null) => boolean;

/** A stream and those who use it. It is destroyed with its loop. */
export class Wire implements Resource, SinkOwner {
  readonly #loop: Scheduler;
  readonly #stream: Stream;
  #reader: StreamReader | undefined;
  #writer: StreamWriter | undefined;
  /** Whether the stream is closed. */
  isClosed = false;
  /** Who is told once it is. */
  owner: { onClose(): void } | undefined;
  /** What those who use it get, once it was aborted. */
  abortion: Error | undefined;
  /** Whether what comes goes to the reader past the queue of the stream, and never on the stack of who uses that. */
  #isStraight = false;
  #isDrainHeard = false;

  constructor(loop: Scheduler, stream: Readable | Writable) {
    this.#loop = loop;
    this.#stream = stream;
    loop._resources.add(this);
    (stream as Wired)[WIRE] = this;
    stream.on("error", ignore);
    stream.on("close", onClose);
    // It is the loop that keeps the process alive, and only while it runs.
    (stream as Partial<Socket>).unref?.();
  }

  /** Reads from it: from now on all that it pushes is the reader's. */
  openReader(limit?: number): StreamReader {
    const stream = this.#stream as Readable;
    this.#reader = new StreamReader(limit, this, this.#loop);
    this.#isStraight = isBare(stream) && isPlain(stream);
    stream.on("data", onData);
    // A straight one sees the end for itself, and a second listener would take 64 bytes beside Node's own.
    if (!this.#isStraight) stream.on("end", onEnd);
    // A Readable queues each chunk, emits it, and looks in a tick of its own whether it wants more. That would cost as
    // much as all that we do with a small message.
    if (this.#isStraight) stream.push = push as Push;
    return this.#reader;
  }

  /** What `push` returns has a straight one stop. */
  pause(): void {
    if (!this.#isStraight) (this.#stream as Readable).pause();
  }

  resume(): void {
    const stream = this.#stream as Readable;
    if (!this.#isStraight) stream.resume();
    else if (!stream.destroyed) stream._read(0);
  }

  /** Has the stream be as Node made it. @internal */
  _stepBack(): void {
    this.#isStraight = false;
    Reflect.deleteProperty(this.#stream, "push");
    this.#stream.on("end", onEnd);
  }

  /** Whether more is wanted. @internal */
  get _isOpen(): boolean {
    return this.#reader?._isPaused === false;
  }

  /** Writes to it. */
  openWriter(): StreamWriter {
    const stream = this.#stream as Writable;
    const sink = "destroySoon" in stream ? (stream as unknown as Sink) : sinkOf(stream);
    this.#writer = new StreamWriter(sink, this);
    // What was to open it may have come to its turn only now.
    if (this.isClosed) this.#writer._onClose(this.#error());
    return this.#writer;
  }

  /** @internal */
  _info(name: string): unknown {
    return infoOf(this.#stream as TLSSocket, name);
  }

  /** @internal */
  _abort(): void {
    const stream = this.#stream as Socket;
    if (stream.destroyed) return; // it has broken, and that is about to be told
    this.abortion = connectionAborted();
    // While nothing but its end is being sent it cannot be reset: Node would neither do it nor close it.
    const isEnding =
      stream.writableEnded && stream.writableLength === 0 && !stream.writableFinished;
    const isTcp = isBare(stream) && stream.remoteAddress !== undefined;
    if (isTcp && !isEnding) stream.resetAndDestroy();
    else stream.destroy();
  }

  /** @internal */
  _onWait(): void {
    if (this.#isDrainHeard) return;
    this.#isDrainHeard = true;
    // What has ended does not drain, but finishes.
    this.#stream.on("drain", onDrain).on("finish", onDrain);
  }

  /** Closes it, with what the system does not take at once of what was written. */
  close(): void {
    const stream = this.#stream as Socket;
    if (this.#writer === undefined) stream.destroy();
    else this.#writer.close();
    // With TLS it is the next turn of the host in which the system has it.
    setImmediate(() => stream.destroy());
  }

  /** @internal */
  _onData(data: Buffer | string): void {
    const chunk =
      typeof data === "string"
        ? Buffer.from(data, (this.#stream as Readable).readableEncoding ?? "utf8")
        : data;
    const reader = this.#reader as StreamReader;
    const loop = this.#loop;
    const runsNow = this.#isStraight && reader._isAwaited && loop._hold();
    // To users a Buffer and an array of bytes are not the same: what `toString` gives, for one.
    reader._feedData(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    if (runsNow) loop._runInTask();
  }

  /** @internal */
  _onEnd(): void {
    // Some platforms also say so of what was aborted.
    if (this.abortion === undefined) this.#reader?._feedEof();
  }

  /** @internal */
  _onDrain(): void {
    this.#writer?._onDrain();
  }

  /** @internal */
  _onClose(): void {
    const error = this.#error();
    if (this.#reader !== undefined) {
      // It was paused, and broke before it could push that.
      this.#readRest();
      if (error !== undefined) this.#reader._setException(error);
      else this.#reader._feedEof();
    }
    this.#writer?._onClose(error);
    this.#loop._resources.delete(this);
    this.isClosed = true;
    this.owner?.onClose();
  }

  /** What it broke with; undefined if it just ended, or has not. */
  #error(): Error | undefined {
    // To abort it fails the writes that wait, from Node 22 on with an error of their own.
    return this.abortion ?? this.#stream.errored ?? undefined;
  }

  #readRest(): void {
    const stream = this.#stream as Readable;
    stream.off("data", onData);
    const rest: Buffer | null = stream.readableLength > 0 ? stream.read() : null;
    if (rest !== null) this._onData(rest);
  }
}

/** Whether it is a socket or a pipe with nothing between it and the system. */
function isBare(stream: Stream): boolean {
  return stream instanceof Socket && !("encrypted" in stream);
}

/**
 * Whether `push` of a socket is Node's own, and nobody but us has to do with what it does: what takes its place does no
 * more than hand the chunk over.
 */
function isPlain(stream: Readable): boolean {
  return (
    stream.push === Readable.prototype.push &&
    stream._read === Socket.prototype._read &&
    stream.readableLength === 0 &&
    isOurs(stream, 0)
  );
}

/** Whether, apart from so many listeners of ours, nobody reads a stream, has stopped it, or wants text. */
function isOurs(stream: Readable, listeners: number): boolean {
  return (
    stream.listenerCount("data") === listeners &&
    stream.listenerCount("readable") === 0 &&
    stream.readableEncoding === null &&
    stream.readableFlowing !== false
  );
}

function push(this: Readable & Wired, chunk: Buffer | null): boolean {
  const wire = this[WIRE];
  // Somebody has got hold of the socket. From now on it is slower, and all get what they would of any socket.
  if (!isOurs(this, 1) || this.readableLength > 0) {
    wire._stepBack();
    return this.push(chunk);
  }
  if (chunk !== null) {
    wire._onData(chunk);
    return wire._isOpen;
  }
  const isOpen = (Readable.prototype.push as Push).call(this, null);
  wire._onEnd();
  return isOpen;
}

function onData(this: Stream, chunk: Buffer | string): void {
  (this as Wired)[WIRE]._onData(chunk);
}

function onEnd(this: Stream): void {
  (this as Wired)[WIRE]._onEnd();
}

function onDrain(this: Stream): void {
  (this as Wired)[WIRE]._onDrain();
}

function onClose(this: Stream): void {
  (this as Wired)[WIRE]._onClose();
}

/** An error that nobody listens to would end the process. Who reads or writes gets it when the stream closes. */
function ignore(): void {
  // that is all
}

/** Not every stream can be told to destroy itself once it has finished: it does by itself. */
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

function infoOf(socket: TLSSocket, name: string): unknown {
  switch (name) {
    case "socket":
      return socket;
    case "sockname":
      return socket.localAddress === undefined ? undefined : socket.address();
    case "peername":
      return peerOf(socket);
    case "cipher":
      return socket.encrypted ? socket.getCipher() : undefined;
    case "peercert":
      return socket.encrypted ? socket.getPeerCertificate() : undefined;
    default:
      return undefined;
  }
}

function peerOf({ remoteAddress, remotePort, remoteFamily }: Socket): unknown {
  if (remoteAddress === undefined) return undefined;
  return { address: remoteAddress, family: remoteFamily, port: remotePort };
}
