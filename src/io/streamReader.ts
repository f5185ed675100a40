// The reading half of a byte stream: bytes not read yet, and the task that waits for more.
//
// Bytes leave the buffer in the same step in which a read returns them, never earlier. So a
// cancelled read has taken nothing, at whatever point it is cancelled.
//
// This is one file because all ways to read share one buffer and one waiting task.

import { checkCount, describe, wrongType } from "../lang/arguments.ts";
import { isBytes } from "../lang/brands.ts";
import { RuntimeError } from "../lang/errors.ts";
import { currentScheduler } from "../loop/current.ts";
import { encodeUtf8 } from "../loop/hosts/utf8.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { ExternalFuture } from "../tasks/externalFuture.ts";
import type { CoroutineSource } from "../tasks/iterate.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { asCoroutine, operation } from "../tasks/lazyCall.ts";
import { asyncIterator } from "./asyncIterator.ts";
import { ByteBuffer } from "./byteBuffer.ts";
import { ReadSome } from "./readSome.ts";
import { IncompleteReadError, LimitOverrunError } from "./streamErrors.ts";

/**
 * The default limit, in bytes. A reader pauses its source when it holds more than twice its limit.
 */
export const DEFAULT_LIMIT = 65_536;

/** Pauses and resumes the source of a reader. */
interface FlowControl {
  pause(): unknown;
  resume(): unknown;
}

const NEWLINE = [Uint8Array.of(10)];
/** Shared by all readers without data, because programs have many idle connections. */
const EMPTY = new ByteBuffer();

/**
 * Reads bytes from a connection or a pipe. Returned by `openConnection` and similar functions.
 * Like `asyncio.StreamReader`.
 *
 * Only one coroutine may read at a time. A cancelled read takes nothing, and the data stays for the
 * next read. Data that arrived before the connection broke can still be read; after that, reads
 * throw the connection's error, such as one with the `code` `"ECONNRESET"`. (asyncio throws the
 * error first and hides the remaining data.)
 *
 * A reader buffers up to about twice its limit, then makes the peer wait. It avoids copying where
 * it can.
 *
 * `iterate(reader)` in a coroutine and `for await` in an async function yield lines, including
 * their newlines.
 */
export class StreamReader implements CoroutineSource<Uint8Array> {
  /** Whether the source is paused, because the buffer is full. */
  _isPaused = false;
  readonly #limit: number;
  #buffer = EMPTY;
  readonly #flow: FlowControl | undefined;
  readonly #loop: Scheduler | undefined;
  /** The number of bytes read so far. */
  #taken = 0;
  #waiter: ExternalFuture<void> | undefined;
  /** The number of bytes that the waiter needs. Until they arrive, the source isn't paused. */
  #wanted = 0;
  #hasEnded = false;
  #failure: { readonly error: unknown } | undefined;

  /** @internal */
  constructor(limit: number = DEFAULT_LIMIT, flow?: FlowControl, loop?: Scheduler) {
    checkLimit(limit);
    this.#limit = limit;
    this.#flow = flow;
    this.#loop = loop;
  }

  /**
   * Reads up to `n` bytes. Waits only if no data has arrived. Without `n`, or if it is negative,
   * reads to the end. Returns an empty array at the end of the stream.
   *
   * @throws TypeError, RangeError if `n` is not a whole number.
   * @throws RuntimeError while another coroutine waits for data from this reader.
   * @throws the connection's error. With `n`, only once all data that arrived before the error has
   * been read. Without `n`, at once, and that data stays in the reader.
   */
  read(n = -1): Coroutine<Uint8Array> {
    checkCount("n", n, Number.NEGATIVE_INFINITY);
    if (n < 0) return operation(this.#readAll());
    return asCoroutine(new ReadSome(this, n));
  }

  *#readAll(): Coroutine<Uint8Array> {
    while (this.#needsMore(Infinity)) yield* this.#waitForData("read", Infinity);
    return this.#take(this.#buffer.size);
  }

  /**
   * Reads a line, up to and including the next newline (`\n`). At the end of the stream, returns
   * the rest, which may be empty.
   *
   * @throws RangeError if the line is longer than the limit. The line, or the part of it that has
   * arrived, is dropped. `cause` is the LimitOverrunError.
   * @throws RuntimeError and the connection's error, as `read` does. An incomplete line stays in
   * the reader.
   */
  readline(): Coroutine<Uint8Array> {
    return operation(this.#readLine());
  }

  *#readLine(): Coroutine<Uint8Array> {
    try {
      return yield* this.#readTo("readline", NEWLINE);
    } catch (error) {
      if (error instanceof IncompleteReadError) return error.partial;
      if (error instanceof LimitOverrunError) {
        const { consumed } = error;
        const isFound = this.#buffer.startsWith(NEWLINE[0] as Uint8Array, consumed);
        this.#take(isFound ? consumed + 1 : this.#buffer.size);
        throw new RangeError(error.message, { cause: error });
      }
      throw error;
    }
  }

  /**
   * Reads exactly `n` bytes, even if that is more than the limit.
   *
   * @throws TypeError, RangeError if `n` is not a whole number >= 0.
   * @throws IncompleteReadError if the stream ends first; `partial` has the rest.
   * @throws RuntimeError and the connection's error, as `read` does. The data stays in the reader.
   */
  readexactly(n: number): Coroutine<Uint8Array> {
    checkCount("n", n);
    return operation(this.#readExactly(n));
  }

  *#readExactly(n: number): Coroutine<Uint8Array> {
    while (this.#needsMore(n)) yield* this.#waitForData("readexactly", n);
    if (this.#buffer.size >= n) return this.#take(n);
    throw new IncompleteReadError(this.#take(this.#buffer.size), n);
  }

  /**
   * Reads up to and including a separator, by default a newline. Given a list, stops at the
   * separator that is complete first. If several end together, the shortest counts, as in asyncio.
   * Strings are encoded as UTF-8.
   *
   * @throws TypeError, RangeError if `separator` has a wrong type or is empty.
   * @throws IncompleteReadError if the stream ends first; `partial` has the rest.
   * @throws LimitOverrunError if more bytes than the limit precede the separator. They stay in the
   * reader.
   * @throws RuntimeError and the connection's error, as `read` does. The data stays in the reader.
   */
  readuntil(
    separator: string | Uint8Array | readonly (string | Uint8Array)[] = "\n",
  ): Coroutine<Uint8Array> {
    const separators = separator === "\n" ? NEWLINE : checkSeparators(separator);
    return operation(this.#readTo("readuntil", separators));
  }

  *#readTo(name: string, separators: readonly Uint8Array[]): Coroutine<Uint8Array> {
    let longest = 0;
    for (const { length } of separators) longest = Math.max(longest, length);
    for (let searched = 0; ; ) {
      const found = this.#buffer.find(separators, searched);
      if (found !== undefined) {
        if (found.start <= this.#limit) return this.#take(found.end);
        throw new LimitOverrunError(
          "The separator was found, but more bytes than the limit precede it",
          found.start,
        );
      }
      searched = this.#buffer.size;
      const consumed = searched + 1 - longest;
      if (consumed > this.#limit) {
        throw new LimitOverrunError(
          "More bytes than the limit arrived without a separator",
          consumed,
        );
      }
      const taken = this.#taken;
      while (this.#needsMore(searched + 1)) yield* this.#waitForData(name, searched + 1);
      // If another read took data in the meantime, all positions have changed.
      if (this.#taken !== taken) searched = 0;
      if (this.#buffer.size === searched && this.#hasEnded) {
        throw new IncompleteReadError(this.#take(searched), undefined);
      }
    }
  }

  /** Whether the stream has ended and all data has been read. */
  atEof(): boolean {
    return this.#hasEnded && this.#buffer.size === 0;
  }

  /** Returns the error that broke the connection; undefined if there is none. */
  exception(): unknown {
    return this.#failure?.error;
  }

  /** Yields lines to `for await` in an async function. The loop must be running. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    return asyncIterator(this.#loop ?? currentScheduler("A reader"), this);
  }

  /** Returns the next line, or the end. */
  *_pull(): Coroutine<IteratorResult<Uint8Array, undefined>> {
    const line = yield* this.#readLine();
    return line.length === 0 ? { done: true, value: undefined } : { done: false, value: line };
  }

  /** Whether a task waits for data. */
  get _isAwaited(): boolean {
    return this.#waiter !== undefined && !this.#waiter.done();
  }

  /** Returns the future that `read(n)` must wait for; undefined if it needn't wait. */
  _dataReady(n: number): ExternalFuture<void> | undefined {
    return n > 0 && this.#needsMore(1) ? this.#waitForData("read", 1) : undefined;
  }

  /** Takes up to `n` buffered bytes. */
  _takeUpTo(n: number): Uint8Array {
    return this.#take(Math.min(n, this.#buffer.size));
  }

  /** Adds a chunk, which must not change afterwards. */
  _feedData(chunk: Uint8Array): void {
    if (this.#buffer === EMPTY) this.#buffer = new ByteBuffer();
    this.#buffer.push(chunk);
    const { size } = this.#buffer;
    const wanted = this._isAwaited ? this.#wanted : 0;
    if (size >= wanted) this.#wakeUp();
    if (size > 2 * this.#limit && size > wanted) this.#pause();
  }

  /** Marks the end of the stream. */
  _feedEof(): void {
    this.#hasEnded = true;
    this.#wakeUp();
  }

  /** Marks the stream as broken by `error`. */
  _setException(error: unknown): void {
    this.#failure ??= { error };
    this.#wakeUp();
  }

  /** Whether a read of `wanted` bytes must wait. @throws the connection's error */
  #needsMore(wanted: number): boolean {
    if (this.#buffer.size >= wanted || this.#hasEnded) return false;
    if (this.#failure !== undefined) throw this.#failure.error;
    return true;
  }

  /** Returns a future that completes when `wanted` bytes are buffered or the stream is over. */
  #waitForData(name: string, wanted: number): ExternalFuture<void> {
    if (this._isAwaited) {
      throw new RuntimeError(
        `${name}() was called while another coroutine was already waiting for data from the same reader`,
      );
    }
    this.#wanted = wanted;
    this.#resume();
    this.#waiter = new ExternalFuture<void>(currentScheduler(`${name}()`));
    return this.#waiter;
  }

  #wakeUp(): void {
    this.#waiter?._trySucceed();
    this.#waiter = undefined;
  }

  #take(count: number): Uint8Array {
    this.#taken += count;
    const bytes = this.#buffer.take(count);
    const { size } = this.#buffer;
    if (size === 0) this.#buffer = EMPTY;
    if (this._isPaused && size <= this.#limit) this.#resume();
    return bytes;
  }

  #pause(): void {
    if (this._isPaused || this.#flow === undefined) return;
    this._isPaused = true;
    this.#flow.pause();
  }

  #resume(): void {
    if (!this._isPaused) return;
    this._isPaused = false;
    this.#flow?.resume();
  }
}

/** @throws TypeError, RangeError unless `limit` is a whole number of bytes, at least 1 */
export function checkLimit(limit: unknown): void {
  checkCount("limit", limit, 1);
}

function checkSeparators(separator: unknown): readonly Uint8Array[] {
  const all: unknown[] = Array.isArray(separator) ? separator : [separator];
  if (all.length === 0) {
    throw new RangeError("Expected `separator` to have at least one separator, got none");
  }
  const separators = all.map((one) => {
    const bytes = typeof one === "string" ? encodeUtf8(one) : one;
    if (!isBytes(bytes)) {
      throw wrongType("separator", "a string, a Uint8Array or a list of them", one);
    }
    if (bytes.length > 0) return bytes;
    throw new RangeError(`Expected \`separator\` to have at least one byte, got ${describe(one)}`);
  });
  return separators.sort((a, b) => a.length - b.length);
}
