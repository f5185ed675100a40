// The writing half of a byte stream: passes bytes to the platform, and waits while the platform
// holds too many.

import { wrongType } from "../lang/arguments.ts";
import { isBytes } from "../lang/brands.ts";
import { dispose } from "../lang/dispose.ts";
import { RuntimeError } from "../lang/errors.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { procedure } from "../tasks/lazyCall.ts";
import { connectionLost } from "./streamErrors.ts";
import { Waiters } from "./waiters.ts";

/** `drain()` waits if more unsent bytes than this are buffered. */
const HIGH_WATER = 65_536;

/** The platform's stream under a writer. */
export interface Sink {
  /** The number of bytes that the system has not taken yet. */
  readonly writableLength: number;
  /** Whether the sink will report when its buffer is empty. */
  readonly writableNeedDrain: boolean;
  write(data: string | Uint8Array): unknown;
  /** Ends the writing half. */
  end(): unknown;
  /** Collects the writes that follow, until `uncork`. */
  cork(): void;
  uncork(): void;
  /** Sends the buffered data, then closes the sink. */
  destroySoon(): void;
}

/** The object that opened a sink. It does what depends on the sink's type. */
export interface SinkOwner {
  /** Returns the information for `getExtraInfo`. */
  _info(name: string): unknown;
  /** Closes the connection immediately, and drops unsent data. */
  _abort(): void;
  /** Called when a task waits. From then on, the owner calls `_onDrain` when the sink is empty. */
  _onWait(): void;
}

/**
 * Writes bytes to a connection or a pipe. Returned by `openConnection` and similar functions. Like
 * `asyncio.StreamWriter`.
 *
 * `write` never waits. Await `writer.drain()` between writes, so that a slow peer can't fill the
 * memory. `using` closes the writer at the end of a block.
 *
 * @example
 * writer.write("hello\n");
 * yield* writer.drain();
 */
export class StreamWriter {
  readonly #sink: Sink;
  readonly #owner: SinkOwner;
  // Created on demand, because there are many writers and few need these.
  #drained: Waiters | undefined;
  #closed: Waiters | undefined;
  #isEnded = false;
  #isClosing = false;
  #isAborted = false;
  /** Set when the connection is over. Its error is undefined after a normal end. */
  #loss: { readonly error: unknown } | undefined;

  /** @internal */
  constructor(sink: Sink, owner: SinkOwner) {
    this.#sink = sink;
    this.#owner = owner;
  }

  /**
   * Writes bytes, or text as UTF-8. Data that the system doesn't take immediately waits in memory;
   * see `drain`. The bytes must not change until they are sent.
   *
   * Does nothing after the writer is closed or the connection is lost. Once the connection is lost,
   * `drain` throws.
   *
   * @throws TypeError if `data` is not a string or a Uint8Array.
   * @throws RuntimeError after `writeEof()`.
   */
  write(data: string | Uint8Array): void {
    checkData("data", data);
    if (this.#isEnded) throw new RuntimeError("Cannot write after writeEof()");
    if (this.#isClosing || this.#loss !== undefined || data.length === 0) return;
    this.#sink.write(data);
  }

  /**
   * Writes all of `lines` in one go, without adding newlines.
   *
   * @throws the same errors as `write`, before writing anything
   */
  writelines(lines: Iterable<string | Uint8Array>): void {
    const all = checkLines(lines);
    this.#sink.cork();
    try {
      for (const line of all) this.write(line);
    } finally {
      this.#sink.uncork();
    }
  }

  /**
   * If more than 64 KiB are unsent, waits until all data is sent; otherwise returns immediately. A
   * cancellation ends the wait; the data is still sent.
   *
   * @throws the error that broke the connection, or one with the `code` `"ECONNRESET"` if the
   * connection was closed normally, or `"ECONNABORTED"` after `abort()`.
   */
  drain(): Coroutine<void> {
    return procedure(this.#drain());
  }

  *#drain(): Coroutine<void> {
    // After our own `close()`, the connection may end within a turn, so wait for one turn.
    if (this.#isClosing && this.#loss === undefined) yield;
    if (this.#loss === undefined && this.#isFull()) {
      this.#owner._onWait();
      this.#drained ??= new Waiters();
      yield* this.#drained.wait("drain()");
    }
    if (this.#loss !== undefined) throw this.#loss.error ?? connectionLost();
  }

  /**
   * Ends the writing half. The peer reads the data and then the end of the stream. Reading
   * continues. Idempotent.
   */
  writeEof(): void {
    if (this.#isEnded || this.#isClosing || this.#loss !== undefined) return;
    this.#isEnded = true;
    this.#sink.end();
  }

  /** Whether the writing half can be ended alone. Always true, even over TLS, unlike in asyncio. */
  canWriteEof(): boolean {
    return true;
  }

  /**
   * Sends buffered data, then closes both halves of the connection. Reads get the end of the
   * stream. Idempotent. A peer that doesn't read may delay this forever; see `abort`.
   */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#loss === undefined) this.#sink.destroySoon();
  }

  /**
   * Closes the connection immediately and drops unsent data, even after `close()`. Like `abort()`
   * of asyncio's `writer.transport`.
   *
   * Over TCP, the peer gets a reset and so learns that data is missing. Over TLS, it gets an end
   * without a `close_notify` alert. Over a Unix domain socket or a pipe, it just gets the end.
   *
   * `drain` and reads, including pending ones, throw an error with the `code` `"ECONNABORTED"`;
   * data that arrived earlier can still be read. (In asyncio, readers get a normal end.)
   * `waitClosed` doesn't throw that error.
   */
  abort(): void {
    if (this.#isAborted || this.#loss !== undefined) return;
    this.#isAborted = true;
    this.#isClosing = true;
    this.#owner._abort();
  }

  /** Whether `close()` or `abort()` was called, or the connection is lost. */
  isClosing(): boolean {
    return this.#isClosing || this.#loss !== undefined;
  }

  /**
   * Waits until the connection is closed.
   *
   * @throws the error that broke the connection, unless the connection was aborted
   */
  waitClosed(): Coroutine<void> {
    return procedure(this.#waitClosed());
  }

  *#waitClosed(): Coroutine<void> {
    if (this.#loss === undefined) {
      this.#closed ??= new Waiters();
      yield* this.#closed.wait("waitClosed()");
    }
    const error = this.#loss?.error;
    if (error !== undefined && !this.#isAborted) throw error;
  }

  /**
   * Returns information about the connection, by asyncio's names: `peername`, `sockname` (like
   * Node's `address()`), `socket`, and with TLS `cipher` and `peercert`. Returns `fallback` if
   * there is none.
   */
  getExtraInfo(name: string, fallback?: unknown): unknown {
    return this.#owner._info(name) ?? fallback;
  }

  /** The same as `close()`. */
  [dispose](): void {
    this.close();
  }

  #isFull(): boolean {
    const { writableLength, writableNeedDrain } = this.#sink;
    // A sink that has ended never needs a drain, but reports when it has finished.
    return writableLength > HIGH_WATER && (writableNeedDrain || this.#isEnded);
  }

  /** Called when all data is sent. */
  _onDrain(): void {
    this.#drained?.wake();
  }

  /** Called when the connection is closed. */
  _onClose(error: unknown): void {
    this.#loss ??= { error };
    this.#drained?.wake();
    this.#closed?.wake();
  }
}

function checkData(name: string, data: unknown): void {
  if (typeof data === "string" || isBytes(data)) return;
  throw wrongType(name, "a string or a Uint8Array", data);
}

function checkLines(lines: Iterable<string | Uint8Array>): (string | Uint8Array)[] {
  if (typeof lines !== "object" || lines === null || !(Symbol.iterator in lines)) {
    throw wrongType("lines", "a list of strings or Uint8Arrays", lines);
  }
  const all: (string | Uint8Array)[] = [];
  // Checks each line before it takes the next one, because `lines` may be a coroutine by mistake. A
  // coroutine is iterable too, and while it waits, it yields the same future endlessly.
  for (const line of lines) {
    checkData(`lines[${all.length}]`, line);
    all.push(line);
  }
  return all;
}
