// Servers: a task for each connection.
//
// A client ends when its handler has ended and its connection is closed. The connection may stay
// open longer than the handler, because it still sends what the handler wrote last. A server is
// closed when it has stopped accepting connections and its last client has ended.

import { asyncDispose } from "../lang/dispose.ts";
import { RuntimeError } from "../lang/errors.ts";
import { isCancellation } from "../lang/thrown.ts";
import { currentScheduler } from "../loop/current.ts";
import { bindCurrentContext } from "../loop/runnableContext.ts";
import type { Resource, Scheduler } from "../loop/scheduler.ts";
import { checkCoroutine } from "../tasks/awaitable.ts";
import { createTaskOn } from "../tasks/createTask.ts";
import { type Coroutine, coroutine } from "../tasks/kernel/coroutine.ts";
import type { Task } from "../tasks/kernel/task.ts";
import { procedure } from "../tasks/lazyCall.ts";
import type { Acceptor, BoundAddress, Endpoint, Listener, Network, Transport } from "./network.ts";
import { ServerClient } from "./serverClient.ts";
import type { StreamReader } from "./streamReader.ts";
import type { StreamWriter } from "./streamWriter.ts";
import { Waiters } from "./waiters.ts";

/** Serves one connection. */
export type ConnectionHandler = (
  reader: StreamReader,
  writer: StreamWriter,
) => Generator<unknown, unknown, unknown>;

/** Opens a server on a network. Closes the server if opening it fails or is cancelled. */
export const openServer = /* @__PURE__ */ coroutine(function* startServer(
  network: Network,
  at: Endpoint,
  handler: ConnectionHandler,
  limit: number | undefined,
): Coroutine<Server> {
  const server = new Server(currentScheduler("startServer()"), network, at, handler, limit);
  try {
    yield* server._opened();
  } catch (error) {
    server.close();
    throw error;
  }
  return server;
});

/**
 * Listens for connections and runs a handler for each. Returned by `startServer`. Like
 * `asyncio.Server`.
 */
export class Server implements Acceptor, Resource {
  readonly #loop: Scheduler;
  readonly #handler: ConnectionHandler;
  readonly #limit: number | undefined;
  readonly #startHandler: (client: ServerClient) => unknown;
  readonly #listener: Listener;
  readonly #clients = new Set<ServerClient>();
  readonly #closed = new Waiters();
  #isClosing = false;
  #isServingForever = false;

  /** @internal */
  constructor(
    loop: Scheduler,
    network: Network,
    at: Endpoint,
    handler: ConnectionHandler,
    limit: number | undefined,
  ) {
    this.#loop = loop;
    this.#handler = handler;
    this.#limit = limit;
    const start = (client: ServerClient): void => this.#handle(client);
    this.#startHandler = bindCurrentContext(loop, start);
    this.#listener = network.listen(at, this);
    loop._resources.add(this);
  }

  /**
   * Returns the address that the server listens on, like Node's `server.address()`. For a Unix
   * domain socket, returns its path. Returns null once the server is closed.
   */
  address(): BoundAddress | string | null {
    return this.#listener.address();
  }

  /** Whether the server accepts connections. */
  isServing(): boolean {
    return this.#listener.isListening();
  }

  /**
   * Serves until the server is closed and all its clients have ended.
   *
   * A cancellation closes the server, cancels the handlers and waits for them.
   *
   * Unlike asyncio's method, this returns normally when the server is closed.
   *
   * @throws RuntimeError if the server is already closed, or another task awaits `serveForever()`.
   */
  serveForever(): Coroutine<void> {
    return procedure(this.#serveForever());
  }

  *#serveForever(): Coroutine<void> {
    if (this.#isServingForever)
      throw new RuntimeError("Another task already awaits serveForever()");
    if (this.#isClosing) throw new RuntimeError("The server is closed");
    this.#isServingForever = true;
    try {
      yield* this.waitClosed();
    } catch (error) {
      if (isCancellation(error)) {
        this.close();
        this.cancelClients();
        yield* this.waitClosed();
      }
      throw error;
    } finally {
      this.#isServingForever = false;
    }
  }

  /** Stops accepting connections; existing ones continue. Idempotent. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#loop._resources.delete(this);
    this.#listener.close();
    this.#wakeIfClosed();
  }

  /**
   * Cancels all handlers, which may clean up first. A connection is closed when its handler ends.
   * If the handler has already ended, its connection is closed immediately, even if the peer hasn't
   * read everything.
   */
  cancelClients(): void {
    for (const client of this.#clients) client.cancel();
  }

  /**
   * Aborts all connections, as `abort()` of their writers does, including those in a TLS
   * handshake. Like asyncio's `Server.abort_clients`.
   *
   * Handlers are not cancelled. Their next read or `drain()` throws, and a handler that ends with
   * that error is not reported. Call `close()` first, so that no new connections arrive.
   */
  abortClients(): void {
    for (const client of this.#clients) client.writer.abort();
    this.#listener.abortPending();
  }

  /** Waits until the server is closed, all handlers have ended and everything written is sent. */
  waitClosed(): Coroutine<void> {
    return procedure(this.#waitClosed());
  }

  *#waitClosed(): Coroutine<void> {
    while (!this.#isClosed()) yield* this.#closed.wait("waitClosed()");
  }

  /**
   * Calls `close()` and `waitClosed()` at the end of a block with `await using`. The loop must be
   * running.
   */
  async [asyncDispose](): Promise<void> {
    this.close();
    await createTaskOn(this.#loop, this.waitClosed());
  }

  /** Waits until the server listens. */
  _opened(): Coroutine<void> {
    return this.#listener.opened();
  }

  _onConnection(transport: Transport): void {
    const client = new ServerClient(this, transport, this.#limit);
    this.#clients.add(client);
    client.handle = this.#loop._callSoon(this.#startHandler as (client: never) => unknown, [
      client,
    ]);
  }

  _onAcceptError(message: string, exception: unknown): void {
    this.#loop.callExceptionHandler({ message, exception });
  }

  _onHandlerEnd(client: ServerClient): void {
    const task = client.task as Task<unknown>;
    if (task.cancelled()) {
      client.close();
    } else {
      client.writer.close();
      if (task._hasFailed()) {
        const reason = task._reason();
        // An aborted connection is not a failure of its handler.
        if (reason === undefined || reason !== client.abortError) {
          this.#reportFailure(reason, { task });
        }
      }
    }
    this._onConnectionEnd(client);
  }

  _onConnectionEnd(client: ServerClient): void {
    if (!client.hasEnded()) return;
    this.#clients.delete(client);
    this.#wakeIfClosed();
  }

  /** Starts the handler, in a turn of the loop. */
  #handle(client: ServerClient): void {
    client.handle = undefined;
    try {
      const body = this.#handler(client.reader, client.writer);
      client.task = createTaskOn(
        this.#loop,
        checkCoroutine("the handler's result", body as Coroutine<unknown>),
      );
      if (client.task.done()) this._onHandlerEnd(client);
      else client.task._addWaiter(client);
    } catch (exception) {
      this.#reportFailure(exception);
      client.close();
    }
  }

  #isClosed(): boolean {
    return this.#isClosing && this.#clients.size === 0;
  }

  #wakeIfClosed(): void {
    if (this.#isClosed()) this.#closed.wake();
  }

  #reportFailure(exception: unknown, by: { readonly task?: Task<unknown> } = {}): void {
    const message = "The handler of a connection failed";
    this.#loop.callExceptionHandler({ message, exception, ...by });
  }
}
