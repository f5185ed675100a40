// The reading half of a byte stream: what came and was not read yet, and the one who waits for more.
//
// Bytes leave the buffer in the very step in which a read returns them, never before. So a read
// that is cancelled, at whatever point, has taken nothing.

import { checkCount, describe, wrongType } from "../loop/arguments.ts";
import { isBytes } from "../loop/brands.ts";
import { RuntimeError } from "../loop/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { operation } from "../tasks/bareCall.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import { currentScheduler } from "../tasks/future.ts";
import type { CoroutineSource } from "../tasks/iterate.ts";
import { Arrival } from "./arrival.ts";
import { asyncIterator } from "./asyncIterator.ts";
import { ByteBuffer } from "./byteBuffer.ts";
import { ReadSome } from "./readSome.ts";
import { IncompleteReadError, LimitOverrunError } from "./streamErrors.ts";

/** How many bytes a reader holds until it wants no more for now, by default; it may be twice as many. */
export const DEFAULT_LIMIT = 65_536;

/** What can keep bytes from coming. */
export interface Flow {
  pause(): unknown;
  resume(): unknown;
}

const NEWLINE = [Uint8Array.of(10)];
/** The buffer of who holds nothing. There are many idle connections. */
const EMPTY = new ByteBuffer();

/**
 * Reads bytes from a connection or a pipe. Made by `openConnection` and its like. Like `asyncio.StreamReader`.
 *
 * One coroutine reads at a time. A read that is cancelled takes nothing: what has come stays for the next one.
 * What has come before the connection broke can still be read; then reads throw its error, such as one with the `code`
 * `"ECONNRESET"`. (Unlike asyncio, where the error comes first and hides what is left.)
 *
 * It holds at most about twice its limit, and then has the other side wait. It hands out the bytes as they came, without
 * a copy where it can.
 *
 * `iterate(reader)` gives the lines, with their newlines, to a coroutine, and `for await` to an async function.
 */
export class StreamReader implements CoroutineSource<Uint8Array> {
  /** Whether there is more than it wants for now. @internal */
  _isPaused = false;
  readonly #limit: number;
  #buffer = EMPTY;
  readonly #flow: Flow | undefined;
  readonly #loop: Scheduler | undefined;
  /** How many bytes were read so far. */
  #taken = 0;
  #waiter: Arrival | undefined;
  /** How many bytes the last one who waited needed. Until they are there nothing is paused, whatever the limit. */
  #wanted = 0;
  #isEof = false;
  #failure: { readonly error: unknown } | undefined;

  /** @internal */
  constructor(limit: number = DEFAULT_LIMIT, flow?: Flow, loop?: Scheduler) {
    checkLimit(limit);
    this.#limit = limit;
    this.#flow = flow;
    this.#loop = loop;
  }

  /**
   * Reads up to `n` bytes: what has come, or once something comes. Without `n`, or if it is negative, reads to the end.
   * Gives an empty array at the end of the stream.
   *
   * @throws TypeError, RangeError if `n` is not a whole number. @throws RuntimeError while somebody else waits to read.
   * @throws the connection's error, once everything was read that came before it.
   */
  read(n = -1): Coroutine<Uint8Array> {
    checkCount("n", n, Number.NEGATIVE_INFINITY);
    return n < 0
      ? operation(this.#readAll())
      : (new ReadSome(this, n) as unknown as Coroutine<Uint8Array>);
  }

  *#readAll(): Coroutine<Uint8Array> {
    while (this.#lacks(Infinity)) yield* this.#arrival("read", Infinity);
    return this.#take(this.#buffer.size);
  }

  /**
   * Reads a line: up to and with the next newline (`\n`). At the end of the stream gives what is left, which may be
   * nothing.
   *
   * @throws RangeError if the line is longer than the limit; what was there of it is dropped, and `cause` tells.
   * @throws RuntimeError and the connection's error as `read`.
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
   * Reads exactly `n` bytes, however many that is.
   *
   * @throws TypeError, RangeError if `n` is not a whole number >= 0.
   * @throws IncompleteReadError if the stream ends before; `partial` has what there was.
   * @throws RuntimeError and the connection's error as `read`; what has come then stays.
   */
  readexactly(n: number): Coroutine<Uint8Array> {
    checkCount("n", n);
    return operation(this.#readExactly(n));
  }

  *#readExactly(n: number): Coroutine<Uint8Array> {
    while (this.#lacks(n)) yield* this.#arrival("readexactly", n);
    if (this.#buffer.size >= n) return this.#take(n);
    throw new IncompleteReadError(this.#take(this.#buffer.size), n);
  }

  /**
   * Reads up to and with a separator, by default a newline. Of several the one that is complete first; they are a list.
   * Text stands for its bytes in UTF-8.
   *
   * @throws TypeError, RangeError if `separator` is none, or empty.
   * @throws IncompleteReadError if the stream ends before; `partial` has what there was.
   * @throws LimitOverrunError if more bytes than the limit come before the separator. They stay, and can be read.
   * @throws RuntimeError and the connection's error as `read`; what has come then stays.
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
          "The separator is there, but behind more bytes than the limit",
          found.start,
        );
      }
      searched = this.#buffer.size;
      const consumed = searched + 1 - longest;
      if (consumed > this.#limit) {
        throw new LimitOverrunError("More bytes than the limit came without a separator", consumed);
      }
      const taken = this.#taken;
      while (this.#lacks(searched + 1)) yield* this.#arrival(name, searched + 1);
      // Somebody else took some of it.
      if (this.#taken !== taken) searched = 0;
      if (this.#buffer.size === searched && this.#isEof) {
        throw new IncompleteReadError(this.#take(searched), undefined);
      }
    }
  }

  /** Whether the stream has ended and everything was read. */
  atEof(): boolean {
    return this.#isEof && this.#buffer.size === 0;
  }

  /** The error that the connection broke with; undefined if it did not. */
  exception(): unknown {
    return this.#failure?.error;
  }

  /** Gives the lines to `for await` in an async function. The loop has to run meanwhile. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    return asyncIterator(this.#loop ?? currentScheduler("A reader"), this);
  }

  /** The next line, or the end. @internal */
  *_pull(): Coroutine<IteratorResult<Uint8Array, undefined>> {
    const line = yield* this.#readLine();
    return line.length === 0 ? { done: true, value: undefined } : { done: false, value: line };
  }

  /** Whether somebody waits for bytes to come. @internal */
  get _isAwaited(): boolean {
    return this.#waiter !== undefined && !this.#waiter.done();
  }

  /** What to wait for before `read(n)` gives something; undefined if there is nothing to wait for. @internal */
  _arrivalFor(n: number): Arrival | undefined {
    return n > 0 && this.#lacks(1) ? this.#arrival("read", 1) : undefined;
  }

  /** Takes up to `n` bytes of what is there. @internal */
  _takeUpTo(n: number): Uint8Array {
    return this.#take(Math.min(n, this.#buffer.size));
  }

  /** Takes over bytes that came. @internal */
  _feedData(chunk: Uint8Array): void {
    if (this.#buffer === EMPTY) this.#buffer = new ByteBuffer();
    this.#buffer.push(chunk);
    const { size } = this.#buffer;
    const wanted = this._isAwaited ? this.#wanted : 0;
    if (size >= wanted) this.#wakeUp();
    if (size > 2 * this.#limit && size > wanted) this.#pause();
  }

  /** No more bytes will come. @internal */
  _feedEof(): void {
    this.#isEof = true;
    this.#wakeUp();
  }

  /** No more bytes will come, because of an error. @internal */
  _setException(error: unknown): void {
    this.#failure ??= { error };
    this.#wakeUp();
  }

  /** Whether there is something to wait for until there are `wanted` bytes. @throws the connection's error */
  #lacks(wanted: number): boolean {
    if (this.#buffer.size >= wanted || this.#isEof) return false;
    if (this.#failure !== undefined) throw this.#failure.error;
    return true;
  }

  /** What to wait for until there are `wanted` bytes, or no more will come. */
  #arrival(name: string, wanted: number): Arrival {
    if (this._isAwaited) {
      throw new RuntimeError(
        `${name}() was called while another coroutine waits for data of the same reader`,
      );
    }
    this.#wanted = wanted;
    this.#resume();
    this.#waiter = new Arrival(currentScheduler(`${name}()`));
    return this.#waiter;
  }

  #wakeUp(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined && !waiter.done()) waiter._succeed();
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

/** @throws TypeError, RangeError unless `limit` is a whole number of bytes, and not 0. */
export function checkLimit(limit: unknown): void {
  checkCount("limit", limit, 1);
}

function checkSeparators(separator: unknown): readonly Uint8Array[] {
  const all: unknown[] = Array.isArray(separator) ? separator : [separator];
  if (all.length === 0) {
    throw new RangeError("Expected `separator` to have at least one separator, got none");
  }
  return all.map((one) => {
    const bytes = typeof one === "string" ? new TextEncoder().encode(one) : one;
    if (!isBytes(bytes)) {
      throw wrongType("separator", "a string, a Uint8Array or a list of them", one);
    }
    if (bytes.length > 0) return bytes;
    throw new RangeError(`Expected \`separator\` to have at least one byte, got ${describe(one)}`);
  });
}
