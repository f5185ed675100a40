// The messages of a WebSocket, for coroutines.
//
// What comes is kept in a queue until somebody reads it: the platform pushes, and cannot be asked to pause. Who writes
// waits in line while too much is buffered. The one who looks for room sends for those in line, so that no newcomer
// gets between, and a message was sent or was not, whatever cancel comes.

import { wrongType } from "../loop/arguments.ts";
import { isArrayBuffer } from "../loop/brands.ts";
import { asyncDispose } from "../loop/dispose.ts";
import type { Resource, Scheduler } from "../loop/scheduler.ts";
import { Binding } from "../sync/binding.ts";
import { QueueShutDown } from "../sync/errors.ts";
import { Queue } from "../sync/queue.ts";
import { Waiting, WaitQueue } from "../sync/waitQueue.ts";
import { operation } from "../tasks/bareCall.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import { fromPromise } from "../tasks/fromPromise.ts";
import type { CoroutineSource } from "../tasks/iterate.ts";
import { asyncIterator } from "./asyncIterator.ts";
import { hasRoom, whenRoom } from "./webSocketRoom.ts";

/** A message: text is a string, anything else is bytes. */
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

/** A WebSocket could not be opened, broke, or is closed already. `cause` is what the platform says, if it does. */
export class WebSocketError extends Error {
  override name = "WebSocketError";
  /** How it was closed, see RFC 6455, section 7.4: 1006 if nobody said; undefined if it is not closed yet. */
  readonly closeCode: number | undefined;
  /** What its peer said about that. */
  readonly closeReason: string | undefined;

  constructor(message: string, options: ErrorOptions = {}, close?: Close) {
    super(message, options);
    this.closeCode = close?.code;
    this.closeReason = close?.reason;
  }
}

/**
 * A WebSocket for coroutines. Made by `openWebSocket`.
 *
 * `iterate` in coroutines, and `for await` elsewhere while the loop runs, give its messages up to the end.
 */
export class WebSocketConnection
  implements AsyncIterable<WebSocketMessage>, CoroutineSource<WebSocketMessage>, Resource
{
  readonly #loop: Scheduler;
  readonly #socket: WebSocket;
  readonly #limit: number;
  readonly #maxUnread: number;
  readonly #inbox = new Queue<WebSocketMessage>();
  readonly #writers = new WaitQueue<undefined, Writing>(
    this,
    "room in WebSocket",
    new Binding("WebSocket"),
  );
  readonly #whenOpened: Promise<void>;
  readonly #whenClosed: Promise<void>;
  #unread = 0;
  #isOverrun = false;
  /** What broke it, as far as the platform tells. */
  #cause: unknown;
  #close: Close | undefined;
  #stopLooking: (() => void) | undefined;

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
        // Node's own says no more about what was never open.
        if (socket.readyState === CONNECTING) end(NEVER_OPEN);
      });
    });
    this.#whenOpened = new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      void this.#whenClosed.then(() => reject(this.#failure("The WebSocket could not be opened")));
    });
  }

  /** The subprotocol that the server took; empty if it took none. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** How it was closed, see RFC 6455, section 7.4; undefined before. 1005 is a close without code, 1006 no close. */
  get closeCode(): number | undefined {
    return this.#close?.code;
  }

  /** What the peer gave as the reason; undefined before it is closed. */
  get closeReason(): string | undefined {
    return this.#close?.reason;
  }

  /** Whether both sides agreed to close; undefined before it is closed. */
  get wasClean(): boolean | undefined {
    return this.#close?.wasClean;
  }

  /**
   * Waits for the next message; gives undefined once the connection has been closed in order, whatever its `closeCode`.
   * Several may wait: first come, first served. A cancel loses no message.
   *
   * @throws WebSocketError if the connection broke, after all that came before.
   */
  read(): Coroutine<WebSocketMessage | undefined> {
    return operation(this.#read());
  }

  *#read(): Coroutine<WebSocketMessage | undefined> {
    return (yield* this._pull()).value;
  }

  /**
   * Sends a message, and waits before that while more than the `limit` is still to be sent: first come, first served.
   *
   * A cancel while it waits keeps the message from being sent, except in the turn in which it was. `data` must not
   * change meanwhile. Unlike a `StreamWriter`, where `write` never waits and `drain` does.
   *
   * @throws TypeError if `data` is not a message.
   * @throws WebSocketError if the connection is closed, or is while it waits.
   */
  write(data: string | ArrayBuffer | ArrayBufferView): Coroutine<void> {
    if (typeof data !== "string" && !isArrayBuffer(data) && !ArrayBuffer.isView(data)) {
      throw wrongType("data", "a string, an ArrayBuffer or a view of one", data);
    }
    return operation(this.#write(data));
  }

  /**
   * Begins to close the connection. What was sent before still goes out, what came before can still be read, and who
   * waits to write gets a `WebSocketError`. Closing twice does nothing. Its loop closes it too.
   *
   * @param code 1000, or 3000 to 4999; the platform throws its own error for others. @param reason at most 123 bytes.
   */
  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
    this.#failWriters();
  }

  /** Whether it was closed, or its peer began to close it. */
  isClosing(): boolean {
    return this.#socket.readyState > OPEN;
  }

  /** Waits until the connection is closed. A peer that does not answer may make that long: bound it with `timeout`. */
  *waitClosed(): Coroutine<void> {
    yield* fromPromise(this.#whenClosed);
  }

  /** Closes it, and waits until it is. */
  [asyncDispose](): Promise<void> {
    this.close();
    return this.#whenClosed;
  }

  /** Takes messages outside of coroutines, up to the end. */
  [Symbol.asyncIterator](): AsyncIterableIterator<WebSocketMessage, undefined> {
    return asyncIterator(this.#loop, this);
  }

  /** The next message, or the end. @internal */
  *_pull(): Coroutine<IteratorResult<WebSocketMessage, undefined>> {
    const loop = this.#loop;
    loop._external++;
    try {
      const value = yield* this.#inbox.get();
      this.#unread -= value.length;
      return { done: false, value };
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
      if (this.#isOverrun) throw this.#failure("Too much came that nobody had read");
      if (!this.#close?.wasClean) throw this.#failure("The WebSocket broke");
      return { done: true, value: undefined };
    } finally {
      loop._external--;
    }
  }

  /** Waits until it is open. @internal */
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
    const writing = new Writing(this.#writers, data);
    this.#writers.add(writing);
    if (this.#stopLooking === undefined) this.#look();
    const loop = this.#loop;
    loop._external++;
    try {
      yield* writing;
    } finally {
      loop._external--;
      if (this.#writers.length === 0) this.#stopLooking?.();
    }
  }

  #look(): void {
    const stop = whenRoom(this.#socket, this.#limit, this.#onRoom);
    this.#stopLooking = () => {
      stop();
      this.#stopLooking = undefined;
    };
  }

  readonly #onRoom = (): void => {
    const socket = this.#socket;
    this.#stopLooking = undefined;
    if (socket.readyState > OPEN) return this.#failWriters();
    while (hasRoom(socket, this.#limit)) {
      const writing = this.#writers.shift();
      if (writing === undefined) return;
      try {
        socket.send(writing.data as Uint8Array<ArrayBuffer>);
        writing._succeed(undefined);
      } catch (error) {
        writing._fail(error);
      }
    }
    if (this.#writers.length > 0) this.#look();
  };

  #onMessage(data: unknown): void {
    if (this.#isOverrun) return;
    const message = typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer);
    this.#unread += message.length;
    if (this.#unread <= this.#maxUnread) return this.#inbox.putNowait(message);
    this.#isOverrun = true;
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
    this.#stopLooking?.();
    this.#writers.fail(() => this.#failure("The WebSocket is closed"));
  }

  #failure(message: string): WebSocketError {
    const cause = this.#cause;
    return new WebSocketError(message, cause === undefined ? {} : { cause }, this.#close);
  }
}

/** One who waits to write, and the message. */
class Writing extends Waiting<undefined> {
  readonly data: string | ArrayBuffer | ArrayBufferView;

  constructor(queue: WaitQueue<undefined>, data: string | ArrayBuffer | ArrayBufferView) {
    super(queue);
    this.data = data;
  }
}
