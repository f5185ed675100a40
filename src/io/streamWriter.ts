// The writing half of a byte stream: hands bytes to the platform, and waits where it has too many.

import { describe, wrongType } from "../loop/arguments.ts";
import { isBytes } from "../loop/brands.ts";
import { dispose } from "../loop/dispose.ts";
import { RuntimeError } from "../loop/errors.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import { connectionLost } from "./streamErrors.ts";
import { Waiters } from "./waiters.ts";

/** How many bytes may wait to be sent before `drain()` does. */
const HIGH_WATER = 65_536;

/** Where the bytes of a writer go: what a platform's stream can do. */
export interface Sink {
  /** How many bytes it holds that the system has not taken. */
  readonly writableLength: number;
  /** Whether it is to tell when it holds nothing any more. */
  readonly writableNeedDrain: boolean;
  write(data: string | Uint8Array): unknown;
  /** Ends the writing half. */
  end(): unknown;
  /** Between these two, writes are collected. */
  cork(): void;
  uncork(): void;
  /** Sends what it holds, and closes. */
  destroySoon(): void;
}

/** What has opened a sink, and knows its kind. */
export interface SinkOwner {
  /** What is known of the connection by a name. @internal */
  _info(name: string): unknown;
  /** Closes the connection at once, and sends nothing of what waits. @internal */
  _abort(): void;
  /** Somebody waits: from now on `_onDrain` is to be called when the sink has got rid of all that it holds. @internal */
  _onWait(): void;
}

/**
 * Writes bytes to a connection or a pipe. Made by `openConnection` and its like. Like `asyncio.StreamWriter`.
 *
 * `write` never waits; who writes much waits with `yield* writer.drain()`, so that a peer that does not read does not
 * fill the memory. `using` closes it at the end of a block.
 *
 * @example
 * writer.write("hello\n");
 * yield* writer.drain();
 */
export class StreamWriter {
  readonly #sink: Sink;
  readonly #owner: SinkOwner;
  // There are many writers, and few have any of these.
  #drained: Waiters | undefined;
  #closed: Waiters | undefined;
  #isEnded = false;
  #isClosing = false;
  #isAborted = false;
  /** Set once the connection is over; the error is undefined if it just ended. */
  #loss: { readonly error: unknown } | undefined;

  /** @internal */
  constructor(sink: Sink, owner: SinkOwner) {
    this.#sink = sink;
    this.#owner = owner;
  }

  /**
   * Writes bytes, or text as UTF-8. What the system does not take at once waits in memory: see `drain`. The bytes must
   * not be changed until they are sent.
   *
   * Does nothing once the writer is closed or the connection lost, which `drain` and `waitClosed` tell.
   *
   * @throws TypeError if `data` is neither. @throws RuntimeError after `writeEof()`.
   */
  write(data: string | Uint8Array): void {
    checkData("data", data);
    if (this.#isEnded) throw new RuntimeError("Nothing can be written after writeEof()");
    if (this.#isClosing || this.#loss !== undefined || data.length === 0) return;
    this.#sink.write(data);
  }

  /** Writes all of `lines`, as they are, in one go. @throws as `write`, before anything is written */
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
   * Waits, if more than 64 KiB wait to be sent, until they are. A cancel sends them all the same.
   *
   * @throws the error that the connection broke with, or one with the `code` `"ECONNRESET"` if it is just over, and
   * `"ECONNABORTED"` after `abort()`.
   */
  *drain(): Coroutine<void> {
    // What was closed by us may be over in a moment.
    if (this.#isClosing && this.#loss === undefined) yield;
    if (this.#loss === undefined && this.#isFull()) {
      this.#owner._onWait();
      this.#drained ??= new Waiters();
      yield* this.#drained.wait("drain()");
    }
    if (this.#loss !== undefined) throw this.#loss.error ?? connectionLost();
  }

  /**
   * Ends the writing half: the peer reads what was written, and then the end of the stream. Reading goes on. To end it
   * twice does nothing.
   */
  writeEof(): void {
    if (this.#isEnded || this.#isClosing || this.#loss !== undefined) return;
    this.#isEnded = true;
    this.#sink.end();
  }

  /** Whether the writing half can be ended alone: always. (Unlike asyncio, also over TLS.) */
  canWriteEof(): boolean {
    return true;
  }

  /**
   * Sends what waits to be sent, and closes the connection, both halves. Reads get the end of the stream. To close it
   * twice does nothing. A peer that does not read may hold it for ever: see `abort`.
   */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#loss === undefined) this.#sink.destroySoon();
  }

  /**
   * Closes the connection at once, also after `close()`: what waits to be sent is dropped. Like `abort()` of asyncio's
   * `writer.transport`.
   *
   * Over TCP the peer gets a reset, and so learns that it has not got everything; a peer over TLS gets an end without
   * the notice that belongs to it, and one over a Unix domain socket or a pipe just the end. `drain` and reads throw an
   * error with the `code` `"ECONNABORTED"`, those that wait too; what had come before can still be read. (Unlike
   * asyncio, whose readers get an end that looks like any other.) `waitClosed` throws nothing: it is what was asked for.
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

  /** Waits until the connection is closed. @throws the error that it broke with, if it did and was not aborted */
  *waitClosed(): Coroutine<void> {
    if (this.#loss === undefined) {
      this.#closed ??= new Waiters();
      yield* this.#closed.wait("waitClosed()");
    }
    const error = this.#loss?.error;
    if (error !== undefined && !this.#isAborted) throw error;
  }

  /**
   * Tells about the connection, by asyncio's names: `peername`, `sockname` (as Node's `address()`), `socket`, and with
   * TLS `cipher` and `peercert`. Gives `fallback` for what it does not have.
   */
  getExtraInfo(name: string, fallback?: unknown): unknown {
    return this.#owner._info(name) ?? fallback;
  }

  /** As `close()`. */
  [dispose](): void {
    this.close();
  }

  #isFull(): boolean {
    const { writableLength, writableNeedDrain } = this.#sink;
    // What has ended needs no drain, but tells when it has finished.
    return writableLength > HIGH_WATER && (writableNeedDrain || this.#isEnded);
  }

  /** What waited to be sent is sent. @internal */
  _onDrain(): void {
    this.#drained?.wake();
  }

  /** The connection is over. @internal */
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
    throw new TypeError(
      `Expected \`lines\` to be a list of strings or Uint8Arrays, got ${describe(lines)}`,
    );
  }
  const all = [...lines];
  for (const [index, line] of all.entries()) checkData(`lines[${index}]`, line);
  return all;
}
