// The messages of a WebSocket, for coroutines.
//
// Received messages wait in a queue until they are read, because the platform pushes them and can't
// be asked to pause. While too much is buffered, writes wait in another queue. A callback polls for
// room and sends on behalf of the waiting tasks, so newcomers can't jump the queue, and each write
// completes in the same call that sends its message.

import { wrongType } from "../lang/arguments.ts";
import { isArrayBuffer } from "../lang/brands.ts";
import { asyncDispose } from "../lang/dispose.ts";
import type { Resource, Scheduler } from "../loop/scheduler.ts";
import { Binding } from "../sync/binding.ts";
import { QueueShutDown } from "../sync/errors.ts";
import { Queue } from "../sync/queue.ts";
import { QueuedWaiter, WaitQueue } from "../sync/waitQueue.ts";
import { awaitExternal } from "../tasks/externalFuture.ts";
import { fromPromise } from "../tasks/fromPromise.ts";
import type { CoroutineSource } from "../tasks/iterate.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { operation } from "../tasks/lazyCall.ts";
import { asyncIterator } from "./asyncIterator.ts";
import { hasRoom, whenRoom } from "./webSocketRoom.ts";

/** A text message is a string, a binary message a Uint8Array. */
export type WebSocketMessage = string | Uint8Array;

const CONNECTING = 0;
const OPEN = 1;

/** How a WebSocket was closed. */
interface Close {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

const NEVER_OPEN: Close = { code: 1006, reason: "", wasClean: false };

/** A WebSocket couldn't be opened, broke or is closed. `cause` is the platform's error, if any. */
export class WebSocketError extends Error {
  override name = "WebSocketError";
  /**
   * The close code of RFC 6455, section 7.4. 1006 means that there was no close frame. Undefined if
   * the connection isn't closed yet.
   */
  readonly closeCode: number | undefined;
  /** The peer's reason for closing. */
  readonly closeReason: string | undefined;

  constructor(message: string, options: ErrorOptions = {}, close?: Close) {
    super(message, options);
    this.closeCode = close?.code;
    this.closeReason = close?.reason;
  }
}

/**
 * A WebSocket for coroutines. Returned by `openWebSocket`.
 *
 * `iterate` in a coroutine and `for await` in an async function yield its messages until the
 * connection is closed.
 */
export class WebSocketConnection
  implements AsyncIterable<WebSocketMessage>, CoroutineSource<WebSocketMessage>, Resource
{
  readonly #loop: Scheduler;
  readonly #socket: WebSocket;
  readonly #limit: number;
  readonly #maxUnread: number;
  readonly #inbox = new Queue<WebSocketMessage>();
  readonly #writers = new WaitQueue<undefined, PendingWrite>(
    this,
    "room in WebSocket",
    new Binding("WebSocket"),
  );
  readonly #whenOpened: Promise<void>;
  readonly #whenClosed: Promise<void>;
  #unread = 0;
  #hasOverflowed = false;
  /** The platform's error, if it reported one. */
  #cause: unknown;
  #close: Close | undefined;
  #stopPolling: (() => void) | undefined;

  /** @internal */
  constructor(loop: Scheduler, socket: WebSocket, limit: number, maxUnread: number) {
    this.#loop = loop;
    this.#socket = socket;
    this.#limit = limit;
    this.#maxUnread = maxUnread;
    loop._resources.add(this);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#onMessage(data));
    this.#whenClosed = new Promise((resolve) => {
      const end = (close: Close): void => {
        this.#onClose(close);
        resolve();
      };
      socket.addEventListener("close", end);
      socket.addEventListener("error", (event) => {
        this.#cause = (event as ErrorEvent).error;
        // Node's own WebSocket emits no `close` event if it was never open.
        if (socket.readyState === CONNECTING) end(NEVER_OPEN);
      });
    });
    this.#whenOpened = new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      void this.#whenClosed.then(() => reject(this.#failure("The WebSocket could not be opened")));
    });
  }

  /** The subprotocol that the server chose; empty if it chose none. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /**
   * The close code of RFC 6455, section 7.4; undefined until the connection is closed. 1005 means
   * that the close frame had no code, 1006 that there was no close frame.
   */
  get closeCode(): number | undefined {
    return this.#close?.code;
  }

  /** The peer's reason for closing; undefined until the connection is closed. */
  get closeReason(): string | undefined {
    return this.#close?.reason;
  }

  /** Whether both sides agreed to close; undefined until the connection is closed. */
  get wasClean(): boolean | undefined {
    return this.#close?.wasClean;
  }

  /**
   * Waits for the next message. Returns undefined after a clean close, whatever its `closeCode`.
   * Several coroutines may wait, and get messages in the order in which they called. A cancellation
   * loses no message.
   *
   * @throws WebSocketError if the connection broke or was closed because of `maxUnread`, once all
   * earlier messages have been read.
   */
  read(): Coroutine<WebSocketMessage | undefined> {
    return operation(this.#read());
  }

  *#read(): Coroutine<WebSocketMessage | undefined> {
    return (yield* this._pull()).value;
  }

  /**
   * Sends a message. Waits first while more bytes are unsent than the `limit` of `openWebSocket`
   * allows. Messages are sent in the order of the calls.
   *
   * A cancellation during the wait keeps the message from being sent, unless it was sent in the
   * same turn. Until the message is sent, `data` must not change. (`write` of a `StreamWriter`
   * never waits; this method does.)
   *
   * @throws TypeError if `data` is not a string, an ArrayBuffer or a view of one.
   * @throws WebSocketError if the connection is closed before the message is sent.
   */
  write(data: string | ArrayBuffer | ArrayBufferView): Coroutine<void> {
    if (typeof data !== "string" && !isArrayBuffer(data) && !ArrayBuffer.isView(data)) {
      throw wrongType("data", "a string, an ArrayBuffer or a view of one", data);
    }
    return operation(this.#write(data));
  }

  /**
   * Starts to close the connection. Sent messages still go out, received ones can still be read,
   * and waiting writes throw a `WebSocketError`. Idempotent. When the loop closes, it closes the
   * connection too.
   *
   * @param code 1000, or 3000 to 4999; the platform throws its own error for others.
   * @param reason at most 123 bytes of UTF-8.
   */
  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
    this.#failWriters();
  }

  /** Whether the connection is closed, or either side has started to close it. */
  isClosing(): boolean {
    return this.#socket.readyState > OPEN;
  }

  /** Waits until the connection is closed. Use a `timeout`, because the peer may not respond. */
  waitClosed(): Coroutine<void> {
    return fromPromise(this.#whenClosed);
  }

  /** Closes the connection and waits until it is closed. */
  [asyncDispose](): Promise<void> {
    this.close();
    return this.#whenClosed;
  }

  /** Yields messages to `for await` in an async function. The loop must be running. */
  [Symbol.asyncIterator](): AsyncIterableIterator<WebSocketMessage, undefined> {
    return asyncIterator(this.#loop, this);
  }

  /** Returns the next message, or the end. */
  *_pull(): Coroutine<IteratorResult<WebSocketMessage, undefined>> {
    try {
      const value = yield* awaitExternal(this.#loop, this.#inbox.get());
      this.#unread -= value.length;
      return { done: false, value };
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
      if (this.#hasOverflowed) throw this.#failure("The unread messages exceeded `maxUnread`");
      if (!this.#close?.wasClean) throw this.#failure("The WebSocket broke");
      return { done: true, value: undefined };
    }
  }

  /** Waits until the connection is open. */
  *_opened(): Coroutine<void> {
    yield* fromPromise(this.#whenOpened);
  }

  *#write(data: string | ArrayBuffer | ArrayBufferView): Coroutine<void> {
    const socket = this.#socket;
    if (socket.readyState > OPEN) throw this.#failure("The WebSocket is closed");
    if (this.#writers.length === 0 && hasRoom(socket, this.#limit)) {
      socket.send(data as Uint8Array<ArrayBuffer>);
      return;
    }
    const pending = new PendingWrite(this.#writers, data);
    this.#writers.add(pending);
    if (this.#stopPolling === undefined) this.#pollForRoom();
    try {
      yield* awaitExternal(this.#loop, pending);
    } finally {
      if (this.#writers.length === 0) this.#stopPolling?.();
    }
  }

  #pollForRoom(): void {
    const stop = whenRoom(this.#socket, this.#limit, this.#onRoom);
    this.#stopPolling = () => {
      stop();
      this.#stopPolling = undefined;
    };
  }

  readonly #onRoom = (): void => {
    const socket = this.#socket;
    this.#stopPolling = undefined;
    if (socket.readyState > OPEN) return this.#failWriters();
    while (hasRoom(socket, this.#limit)) {
      const pending = this.#writers.shift();
      if (pending === undefined) return;
      try {
        socket.send(pending.data as Uint8Array<ArrayBuffer>);
        pending._succeed(undefined);
      } catch (error) {
        pending._fail(error);
      }
    }
    if (this.#writers.length > 0) this.#pollForRoom();
  };

  #onMessage(data: unknown): void {
    if (this.#hasOverflowed) return;
    const message = typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer);
    this.#unread += message.length;
    if (this.#unread <= this.#maxUnread) return this.#inbox.putNowait(message);
    this.#hasOverflowed = true;
    this.#inbox.shutdown();
    this.close();
  }

  #onClose(close: Close): void {
    this.#close = close;
    this.#loop._resources.delete(this);
    this.#inbox.shutdown();
    this.#failWriters();
  }

  #failWriters(): void {
    this.#stopPolling?.();
    this.#writers.fail(() => this.#failure("The WebSocket is closed"));
  }

  #failure(message: string): WebSocketError {
    const cause = this.#cause;
    return new WebSocketError(message, cause === undefined ? {} : { cause }, this.#close);
  }
}

/** A write that waits for room, and its message. */
class PendingWrite extends QueuedWaiter<undefined> {
  readonly data: string | ArrayBuffer | ArrayBufferView;

  constructor(queue: WaitQueue<undefined>, data: string | ArrayBuffer | ArrayBufferView) {
    super(queue);
    this.data = data;
  }
}
