// Datagrams, for coroutines.
//
// asyncio calls a protocol method for each datagram. Here, datagrams wait in a queue until they are
// received. Senders can't be slowed down, so a datagram that arrives while the queue is full is
// dropped, as it would be by the operating system.

import type { Socket } from "node:dgram";
import { checkString, wrongType } from "../../lang/arguments.ts";
import { isBytes } from "../../lang/brands.ts";
import { asyncDispose } from "../../lang/dispose.ts";
import { RuntimeError } from "../../lang/errors.ts";
import { currentScheduler } from "../../loop/current.ts";
import type { Resource } from "../../loop/scheduler.ts";
import { QueueShutDown } from "../../sync/errors.ts";
import { Queue } from "../../sync/queue.ts";
import { awaitExternal, ExternalFuture } from "../../tasks/externalFuture.ts";
import { fromPromise } from "../../tasks/fromPromise.ts";
import type { CoroutineSource } from "../../tasks/iterate.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import { operation, procedure } from "../../tasks/lazyCall.ts";
import { asyncIterator } from "../asyncIterator.ts";
import type { Datagram } from "./adapt.ts";
import { checkPort } from "./names.ts";

/** The address of an endpoint, or of the sender of a datagram. */
export interface DatagramAddress {
  /** An IP address or a name. */
  readonly address: string;
  readonly port: number;
}

/** An error in the queue, in place of a datagram. */
class ReceiveError {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * Sends and receives datagrams. Returned by `createDatagramEndpoint`.
 *
 * `iterate` in a coroutine and `for await` in an async function yield datagrams until the endpoint
 * is closed.
 */
export class DatagramEndpoint
  implements AsyncIterable<Datagram>, CoroutineSource<Datagram>, Resource
{
  readonly #loop = currentScheduler("createDatagramEndpoint()");
  readonly #socket: Socket;
  readonly #remote: DatagramAddress | undefined;
  readonly #maxsize: number;
  readonly #inbox = new Queue<Datagram | ReceiveError>();
  readonly #whenClosed: Promise<void>;
  /**
   * Callbacks of pending sends. When the socket closes, the endpoint calls them, because Node
   * doesn't call all of them.
   */
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
    socket.on("error", (error) => this.#push(new ReceiveError(error)));
    this.#whenClosed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#loop._resources.delete(this);
        for (const settle of this.#sending) settle(closed());
        resolve();
      });
    });
    // The running loop keeps the process alive. Its sockets needn't.
    socket.unref();
  }

  /** The number of datagrams and errors dropped because the queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Returns the address that the endpoint receives on, like Node's `address()`:
   * `{ address, family, port }`.
   */
  address(): ReturnType<Socket["address"]> {
    return this.#address as ReturnType<Socket["address"]>;
  }

  /**
   * Returns information by asyncio's names: `"socket"` (a Node socket), `"sockname"` or
   * `"peername"`. Returns undefined for other names.
   */
  getExtraInfo(name: string): unknown {
    if (name === "socket") return this.#socket;
    if (name === "sockname") return this.#address;
    return name === "peername" ? this.#remote : undefined;
  }

  /**
   * Sends a datagram and waits until the system has taken it, which doesn't mean that it arrives.
   *
   * A cancellation doesn't stop the datagram from being sent. `data` must not change until the
   * system has taken it.
   *
   * @param address the receiver. Leave it out if the endpoint has a `remoteAddress`.
   * @throws TypeError, RangeError for invalid arguments.
   * @throws RuntimeError if the endpoint is closed.
   * @throws Node's error, with a `code` such as `"EMSGSIZE"` or `"ENOTFOUND"`.
   */
  send(data: string | Uint8Array, address?: DatagramAddress): Coroutine<void> {
    this.#check(data, address);
    return procedure(this.#send(data, address));
  }

  /**
   * Sends without waiting. If the system reports an error, `receive` throws it. Like
   * `transport.sendto`.
   *
   * @throws TypeError, RangeError for invalid arguments.
   * @throws RuntimeError if the endpoint is closed.
   */
  sendNowait(data: string | Uint8Array, address?: DatagramAddress): void {
    this.#check(data, address);
    this.#transmit(data, address, (error) => {
      if (error) this.#push(new ReceiveError(error));
    });
  }

  /**
   * Waits for the next datagram. Several coroutines may wait, and get datagrams in the order in
   * which they called. A cancellation loses no datagram.
   *
   * @throws Node's error that arrived in place of a datagram, such as `"ECONNREFUSED"` if nothing
   * listens at `remoteAddress`. The endpoint stays usable.
   * @throws RuntimeError if the endpoint is closed and all earlier datagrams were received.
   */
  receive(): Coroutine<Datagram> {
    return operation(this.#receive());
  }

  *#receive(): Coroutine<Datagram> {
    const { value } = yield* this._pull();
    if (value === undefined) throw closed();
    return value;
  }

  /**
   * Closes the socket. Earlier datagrams can still be received. Idempotent. When the loop closes,
   * it closes the socket too.
   */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#socket.close();
    this.#inbox.shutdown();
  }

  /** Whether `close()` was called. */
  isClosing(): boolean {
    return this.#isClosing;
  }

  /** Waits until the socket is closed. */
  waitClosed(): Coroutine<void> {
    return fromPromise(this.#whenClosed);
  }

  /** Closes the socket and waits until it is closed. */
  [asyncDispose](): Promise<void> {
    this.close();
    return this.#whenClosed;
  }

  /** Yields datagrams to `for await` in an async function. The loop must be running. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Datagram, undefined> {
    return asyncIterator(this.#loop, this);
  }

  /** Returns the next datagram, or the end. */
  *_pull(): Coroutine<IteratorResult<Datagram, undefined>> {
    let value: Datagram | ReceiveError;
    try {
      value = yield* awaitExternal(currentScheduler("receive()"), this.#inbox.get());
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
      return { done: true, value: undefined };
    }
    if (value instanceof ReceiveError) throw value.error;
    return { done: false, value };
  }

  /** Called when the socket is bound. */
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
    const future = new ExternalFuture<void>(currentScheduler("send()"));
    const settle = (error?: unknown): void => {
      if (error) future._tryFail(error);
      else future._trySucceed();
    };
    this.#sending.add(settle);
    try {
      this.#transmit(data, address, settle);
      yield* future;
    } finally {
      future.cancel();
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

  #push(item: Datagram | ReceiveError): void {
    if (this.#isClosing) return;
    if (this.#inbox.qsize() < this.#maxsize) this.#inbox.putNowait(item);
    else this.#dropped++;
  }
}

/** @throws TypeError, RangeError unless `value` is an address and a port */
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
