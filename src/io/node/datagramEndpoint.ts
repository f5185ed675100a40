// Datagrams, for coroutines.
//
// asyncio calls a protocol back for each one. Here they wait in a queue until somebody receives them, as they do in
// the system. Nobody can slow their senders down, so what finds the queue full is dropped, as the system does too.

import type { Socket } from "node:dgram";
import { checkString, wrongType } from "../../loop/arguments.ts";
import { isBytes } from "../../loop/brands.ts";
import { asyncDispose } from "../../loop/dispose.ts";
import { RuntimeError } from "../../loop/errors.ts";
import type { Resource } from "../../loop/scheduler.ts";
import { QueueShutDown } from "../../sync/errors.ts";
import { Queue } from "../../sync/queue.ts";
import { operation } from "../../tasks/bareCall.ts";
import type { Coroutine } from "../../tasks/coroutine.ts";
import { fromPromise } from "../../tasks/fromPromise.ts";
import { currentScheduler, Future } from "../../tasks/future.ts";
import type { CoroutineSource } from "../../tasks/iterate.ts";
import { asyncIterator } from "../asyncIterator.ts";
import type { Datagram } from "./adapt.ts";
import { checkPort } from "./names.ts";

/** Where datagrams go to or come from: what `address()` of an endpoint gives, and `address` of a datagram. */
export interface DatagramAddress {
  /** The address as text, or a name. */
  readonly address: string;
  readonly port: number;
}

/** In the queue: something went wrong instead of a datagram. */
class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * Sends and receives datagrams. Made by `createDatagramEndpoint`.
 *
 * `iterate` in coroutines, and `for await` elsewhere while the loop runs, give what it receives until it is closed.
 */
export class DatagramEndpoint
  implements AsyncIterable<Datagram>, CoroutineSource<Datagram>, Resource
{
  readonly #loop = currentScheduler("createDatagramEndpoint()");
  readonly #socket: Socket;
  readonly #remote: DatagramAddress | undefined;
  readonly #maxsize: number;
  readonly #inbox = new Queue<Datagram | Failure>();
  readonly #whenClosed: Promise<void>;
  /** What to tell those who still send when the socket closes: Node forgets some of them. */
  readonly #sending = new Set<(error?: unknown) => void>();
  #address: ReturnType<Socket["address"]> | undefined;
  #dropped = 0;
  #isClosing = false;

  /** @internal */
  constructor(socket: Socket, remote: DatagramAddress | undefined, maxsize: number) {
    this.#socket = socket;
    this.#remote = remote;
    this.#maxsize = maxsize;
    this.#loop._resources.add(this);
    socket.on("message", ({ buffer, byteOffset, length }, address) => {
      this.#push({ data: new Uint8Array(buffer, byteOffset, length), address });
    });
    socket.on("error", (error) => this.#push(new Failure(error)));
    this.#whenClosed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#loop._resources.delete(this);
        for (const settle of this.#sending) settle(closed());
        resolve();
      });
    });
    // It is the loop that keeps the process alive, and only while it runs.
    socket.unref();
  }

  /** How many datagrams, and errors, were dropped because nobody received those before them. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Where it receives, as Node's `address()`: `{ address, family, port }`. */
  address(): ReturnType<Socket["address"]> {
    return this.#address as ReturnType<Socket["address"]>;
  }

  /** What asyncio's transports tell: `"socket"`, Node's own; `"sockname"`; `"peername"`. Other names are undefined. */
  getExtraInfo(name: string): unknown {
    if (name === "socket") return this.#socket;
    if (name === "sockname") return this.#address;
    return name === "peername" ? this.#remote : undefined;
  }

  /**
   * Sends a datagram, and waits until the system has taken it, which does not mean that it arrives.
   *
   * A cancel does not call it back. `data` must not change meanwhile.
   *
   * @param address the receiver, unless the endpoint has a `remoteAddress`.
   * @throws TypeError and RangeError for wrong arguments. @throws RuntimeError if the endpoint is closed.
   * @throws Error of Node's with a `code`, such as `"EMSGSIZE"` or `"ENOTFOUND"`.
   */
  send(data: string | Uint8Array, address?: DatagramAddress): Coroutine<void> {
    this.#check(data, address);
    return this.#send(data, address);
  }

  /**
   * Sends without waiting. Errors of the system come from `receive`. Like `transport.sendto`.
   *
   * @throws as `send` does for its arguments.
   */
  sendNowait(data: string | Uint8Array, address?: DatagramAddress): void {
    this.#check(data, address);
    this.#transmit(data, address, (error) => {
      if (error) this.#push(new Failure(error));
    });
  }

  /**
   * Waits for the next datagram. Several may wait: first come, first served. A cancel loses none.
   *
   * @throws Error of Node's that the system reported instead, such as `"ECONNREFUSED"` where nobody listens at
   * `remoteAddress`. The endpoint goes on.
   * @throws RuntimeError if the endpoint is closed, and all that came before has been received.
   */
  receive(): Coroutine<Datagram> {
    return operation(this.#receive());
  }

  *#receive(): Coroutine<Datagram> {
    const { value } = yield* this._pull();
    if (value === undefined) throw closed();
    return value;
  }

  /** Closes the socket, as its loop does. What was received before can still be taken. Closing twice does nothing. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#socket.close();
    this.#inbox.shutdown();
  }

  /** Whether it was closed. */
  isClosing(): boolean {
    return this.#isClosing;
  }

  /** Waits until the socket is closed. */
  *waitClosed(): Coroutine<void> {
    yield* fromPromise(this.#whenClosed);
  }

  /** Closes it, and waits until it is. */
  [asyncDispose](): Promise<void> {
    this.close();
    return this.#whenClosed;
  }

  /** Takes datagrams outside of coroutines, until the endpoint is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Datagram, undefined> {
    return asyncIterator(this.#loop, this);
  }

  /** The next datagram, or the end. @internal */
  *_pull(): Coroutine<IteratorResult<Datagram, undefined>> {
    const loop = currentScheduler("receive()");
    loop._external++;
    let value: Datagram | Failure;
    try {
      value = yield* this.#inbox.get();
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
      return { done: true, value: undefined };
    } finally {
      loop._external--;
    }
    if (value instanceof Failure) throw value.error;
    return { done: false, value };
  }

  /** It is bound. @internal */
  _opened(): void {
    this.#address = this.#socket.address();
  }

  #check(data: unknown, address: unknown): void {
    if (typeof data !== "string" && !isBytes(data)) {
      throw wrongType("data", "a string or a Uint8Array", data);
    }
    if (this.#remote === undefined) checkAddress("address", address);
    else if (address !== undefined) {
      throw wrongType("address", "left out, as the endpoint has a `remoteAddress`", address);
    }
    if (this.#isClosing) throw closed();
  }

  *#send(data: string | Uint8Array, address: DatagramAddress | undefined): Coroutine<void> {
    if (this.#isClosing) throw closed();
    const loop = currentScheduler("send()");
    const future = new Future<void>(undefined, loop);
    const settle = (error?: unknown): void => {
      if (future.done()) return;
      if (error) future._fail(error);
      else future._succeed();
    };
    this.#sending.add(settle);
    loop._external++;
    try {
      this.#transmit(data, address, settle);
      yield* future;
    } finally {
      loop._external--;
      this.#sending.delete(settle);
    }
  }

  #transmit(
    data: string | Uint8Array,
    address: DatagramAddress | undefined,
    sent: (error?: unknown) => void,
  ): void {
    if (address === undefined) this.#socket.send(data, sent);
    else this.#socket.send(data, address.port, address.address, sent);
  }

  #push(item: Datagram | Failure): void {
    if (this.#isClosing) return;
    if (this.#inbox.qsize() < this.#maxsize) this.#inbox.putNowait(item);
    else this.#dropped++;
  }
}

/** `TypeError` or `RangeError` unless `value` says where to send to. */
export function checkAddress(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw wrongType(name, "`{ address, port }`", value);
  }
  const { address, port } = value as { address?: unknown; port?: unknown };
  checkString(`${name}.address`, address);
  checkPort(`${name}.port`, port);
}

function closed(): RuntimeError {
  return new RuntimeError("The endpoint is closed");
}
