// Servers: a task for each connection.
//
// A client is one until both are over: the task that handles it, and its connection, which
// still sends what the handler wrote last. When the last one is over, and no more are taken
// in, the server is closed.

import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions, Server as TlsServer } from "node:tls";
import {
  checkCount,
  checkFunction,
  checkOptions,
  checkString,
  wrongType,
} from "../../loop/arguments.ts";
import { bound, inheritedContext } from "../../loop/context.ts";
import { asyncDispose } from "../../loop/dispose.ts";
import { CancelledError, RuntimeError } from "../../loop/errors.ts";
import type { Handle } from "../../loop/handle.ts";
import type { Resource, Scheduler } from "../../loop/scheduler.ts";
import { checkCoroutine, createTaskOn } from "../../tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../../tasks/coroutine.ts";
import { currentScheduler, type Future, type Waiter } from "../../tasks/future.ts";
import type { Task } from "../../tasks/task.ts";
import { checkLimit, type StreamReader } from "../streamReader.ts";
import type { StreamWriter } from "../streamWriter.ts";
import { Waiters } from "../waiters.ts";
import { checkTls } from "./connection.ts";
import { given } from "./given.ts";
import { checkPort } from "./names.ts";
import { opened } from "./opened.ts";
import { UnixPath } from "./unixPath.ts";
import { Wire } from "./wire.ts";

/** Serves one connection. */
export type ConnectionHandler = (
  reader: StreamReader,
  writer: StreamWriter,
) => Generator<unknown, unknown, unknown>;

export interface UnixServerOptions {
  /** How many connections may wait to be accepted, by default 511. */
  readonly backlog?: number | undefined;
  /** How many bytes a reader holds until its peer has to wait, by default 65,536; it may be about twice as many. */
  readonly limit?: number | undefined;
}

export interface ServerOptions extends UnixServerOptions {
  /** Where to listen: a name or an address, by default all of this machine. */
  readonly host?: string | undefined;
  /** By default 0: any that is free. `server.address()` tells which. */
  readonly port?: number | undefined;
  /** Speaks TLS: options of `tls.createServer`, with `key` and `cert` or the like. `false` is the same as none. */
  readonly tls?: TlsOptions | false | undefined;
  /** Listens to IPv6 alone. */
  readonly ipv6Only?: boolean | undefined;
  /** Does not share the port with other workers of a `node:cluster`. */
  readonly exclusive?: boolean | undefined;
  /** Small writes are sent at once, by default. */
  readonly noDelay?: boolean | undefined;
  readonly keepAlive?: boolean | undefined;
  /** In milliseconds. */
  readonly keepAliveInitialDelay?: number | undefined;
}

/**
 * Listens for connections over TCP or TLS, and runs `handler(reader, writer)` as a task for each. Like
 * `asyncio.start_server`.
 *
 * The connection is closed when its handler ends. (Unlike asyncio's, which the handler has to close.) What it has
 * written is sent before; a handler that was cancelled does not wait for a peer that does not read. What a handler
 * throws goes to the loop's exception handler. Handlers run in a copy of the context of this call.
 *
 * A cancel stops listening.
 *
 * @throws TypeError, RangeError for wrong arguments.
 * @throws Error of Node's, with a `code` such as `"EADDRINUSE"`, if it cannot listen.
 * @example
 * const server = yield* startServer(
 *   function* (reader, writer) {
 *     while (!reader.atEof()) {
 *       writer.write(yield* reader.readline());
 *       yield* writer.drain();
 *     }
 *   },
 *   { port: 7000 },
 * );
 * yield* server.serveForever();
 */
export function startServer(
  handler: ConnectionHandler,
  options: ServerOptions = {},
): Coroutine<Server> {
  checkFunction("handler", handler);
  checkOptions(options);
  const { host, port = 0, tls = false, limit, backlog, ipv6Only, exclusive, ...socket } = options;
  if (host !== undefined) checkString("host", host);
  checkPort("port", port);
  checkTls(tls);
  if ((tls as unknown) === true) {
    throw wrongType("tls", "an object with `key` and `cert`, which a server needs", tls);
  }
  checkShared(options);
  const sockets = { noDelay: true, ...given(socket), allowHalfOpen: true };
  const make = () =>
    tls === false ? createServer(sockets) : createTlsServer({ ...given(tls), ...sockets });
  const where = { host, port, backlog, ipv6Only, exclusive };
  return listening(handler, limit, make, (server) => server.listen(given(where)));
}

/**
 * Listens for connections over a Unix domain socket, or a named pipe of Windows. Like `asyncio.start_unix_server`: a
 * socket that an earlier server left at `path` is removed. In all else as `startServer`.
 */
export function startUnixServer(
  handler: ConnectionHandler,
  path: string,
  options: UnixServerOptions = {},
): Coroutine<Server> {
  checkFunction("handler", handler);
  checkString("path", path);
  checkOptions(options);
  checkShared(options);
  const { backlog, limit } = options;
  const make = () => createServer({ allowHalfOpen: true });
  const file = new UnixPath(path);
  const listen = (server: NetServer) => {
    file.removeStale();
    server.listen(given({ path, backlog }));
    file.take();
  };
  return listening(handler, limit, make, listen, file);
}

const listening = coroutine(function* startServer(
  handler: ConnectionHandler,
  limit: number | undefined,
  make: () => NetServer,
  listen: (server: NetServer) => void,
  file?: UnixPath,
): Coroutine<Server> {
  const loop = currentScheduler("startServer()");
  const net = make();
  const server = new Server(loop, net, handler, limit, file);
  listen(net);
  yield* opened(net, "listening", () => server.close());
  return server;
});

/** Listens for connections, and has each of them handled. Made by `startServer`. Like `asyncio.Server`. */
export class Server implements Resource {
  readonly #loop: Scheduler;
  readonly #net: NetServer;
  readonly #handler: ConnectionHandler;
  readonly #limit: number | undefined;
  readonly #file: UnixPath | undefined;
  readonly #begin: (client: Client) => unknown;
  readonly #clients = new Set<Client>();
  /** Connections in the handshake of TLS, by their peers. */
  readonly #handshakes = new Map<string, Socket>();
  readonly #closed = new Waiters();
  #isClosing = false;
  #isServing = false;

  /** @internal */
  constructor(
    loop: Scheduler,
    net: NetServer,
    handler: ConnectionHandler,
    limit: number | undefined,
    file: UnixPath | undefined,
  ) {
    this.#loop = loop;
    this.#net = net;
    this.#handler = handler;
    this.#limit = limit;
    this.#file = file;
    const begin = (client: Client): void => this.#handle(client);
    this.#begin = bound(loop, begin, inheritedContext());
    loop._resources.add(this);
    // It is the loop that keeps the process alive, and only while it runs.
    net.unref();
    net.on("error", (exception) => {
      if (net.listening) this.#report("A server cannot accept a connection", exception);
    });
    if (!(net instanceof TlsServer)) {
      net.on("connection", (socket) => this.#accept(socket));
      return;
    }
    net.on("connection", (socket) => this.#awaitHandshake(socket));
    net.on("secureConnection", (socket) => {
      this.#handshakes.delete(peerOf(socket));
      this.#accept(socket);
    });
    net.on("tlsClientError", (exception: NodeJS.ErrnoException, socket) => {
      socket.destroy();
      // That a peer goes away is no error of anybody here.
      if (exception.code !== "ECONNRESET" || loop.getDebug()) {
        this.#report("The TLS handshake with a client failed", exception);
      }
    });
  }

  /** Where it listens, as Node's `server.address()`: the path of a Unix domain socket; null once it is closed. */
  address(): AddressInfo | string | null {
    return this.#net.address();
  }

  /** Whether it takes connections. */
  isServing(): boolean {
    return this.#net.listening;
  }

  /**
   * Serves until the server is closed, and all who are connected were served.
   *
   * A cancel closes the server, cancels its handlers, and waits for them.
   *
   * Unlike asyncio's, which ends cancelled when the server is closed.
   *
   * @throws RuntimeError if it is closed already, or somebody else serves.
   */
  *serveForever(): Coroutine<void> {
    if (this.#isServing) throw new RuntimeError("Somebody else awaits serveForever() already");
    if (this.#isClosing) throw new RuntimeError("The server is closed");
    this.#isServing = true;
    try {
      yield* this.waitClosed();
    } catch (error) {
      if (error instanceof CancelledError) {
        this.close();
        this.cancelClients();
        yield* this.waitClosed();
      }
      throw error;
    } finally {
      this.#isServing = false;
    }
  }

  /** Takes no more connections, at once. Those that there are go on. To close it twice does nothing. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#loop._resources.delete(this);
    if (this.#file === undefined) this.#net.close();
    else this.#file.leave(() => this.#net.close());
    for (const socket of this.#handshakes.values()) socket.destroy();
    this.#wakeIfClosed();
  }

  /**
   * Cancels the handlers of all connections, which may clean up first. Their connections are closed when they end; those
   * whose handler has ended are closed at once, whether their peers have read everything or not.
   */
  cancelClients(): void {
    for (const client of this.#clients) client.cancel();
  }

  /**
   * Aborts all connections, as `abort()` of their writers does, also those in the handshake of TLS. Handlers are not
   * cancelled: they find out when they read or wait to write, and one that ends with that error is not reported. Call
   * `close()` before, so that no new ones come. Like asyncio's `Server.abort_clients`.
   */
  abortClients(): void {
    for (const client of this.#clients) client.writer.abort();
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  /** Waits until it is closed, all handlers have ended, and all that they wrote is sent. */
  *waitClosed(): Coroutine<void> {
    while (!this.#isClosed()) yield* this.#closed.wait("waitClosed()");
  }

  /** As `close()` and `waitClosed()`, at the end of a block with `await using`. The loop has to run meanwhile. */
  async [asyncDispose](): Promise<void> {
    this.close();
    await createTaskOn(this.#loop, this.waitClosed());
  }

  #isClosed(): boolean {
    return this.#isClosing && this.#clients.size === 0;
  }

  #wakeIfClosed(): void {
    if (this.#isClosed()) this.#closed.wake();
  }

  #awaitHandshake(socket: Socket): void {
    const peer = peerOf(socket);
    socket.unref();
    this.#handshakes.set(peer, socket);
    socket.on("close", () => {
      if (this.#handshakes.get(peer) === socket) this.#handshakes.delete(peer);
    });
  }

  #accept(socket: Socket): void {
    const wire = new Wire(this.#loop, socket);
    // A handshake that ended late.
    if (this.#isClosing) return wire.close();
    const client = new Client(this, wire, this.#limit);
    this.#clients.add(client);
    client.handle = this.#loop._callSoon(this.#begin as (client: never) => unknown, [client]);
  }

  /** Starts the handler, in a turn of the loop. */
  #handle(client: Client): void {
    client.handle = undefined;
    try {
      const body = this.#handler(client.reader, client.writer);
      client.task = createTaskOn(
        this.#loop,
        checkCoroutine("what the handler returns", body as Coroutine<unknown>),
      );
      if (client.task.done()) this._onEnd(client);
      else client.task._addWaiter(client);
    } catch (exception) {
      this.#report("The handler of a connection failed", exception);
      client.close();
    }
  }

  /** The handler has ended. @internal */
  _onEnd(client: Client): void {
    const task = client.task as Task<unknown>;
    if (task.cancelled()) {
      client.close();
    } else {
      client.writer.close();
      const exception = task.exception();
      // To abort a connection is no failure of its handler.
      if (exception !== undefined && exception !== client.abortion) {
        this.#report("The handler of a connection failed", exception, task);
      }
    }
    this._forgetIfOver(client);
  }

  /** @internal */
  _forgetIfOver(client: Client): void {
    if (!client.isOver()) return;
    this.#clients.delete(client);
    this.#wakeIfClosed();
  }

  #report(message: string, exception: unknown, task?: Task<unknown>): void {
    this.#loop.callExceptionHandler({
      message,
      exception,
      ...(task === undefined ? {} : { task }),
    });
  }
}

/** A connection of a server, and what handles it. */
class Client implements Waiter {
  readonly #server: Server;
  readonly #wire: Wire;
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  /** The call that starts the handler, until it did. */
  handle: Handle | undefined;
  task: Task<unknown> | undefined;

  constructor(server: Server, wire: Wire, limit: number | undefined) {
    this.#server = server;
    this.#wire = wire;
    this.reader = wire.openReader(limit);
    this.writer = wire.openWriter();
    wire.owner = this;
  }

  /** The handler has ended, and what follows may call code of a user. @internal */
  _notify({ _loop: loop }: Future<unknown>): void {
    const server = this.#server;
    if (!loop.isClosed()) loop._callSoon((client: Client) => server._onEnd(client), [this]);
  }

  onClose(): void {
    this.#server._forgetIfOver(this);
  }

  /** Closes the connection, with what the system does not take at once. */
  close(): void {
    this.#wire.close();
  }

  cancel(): void {
    if (this.task?.cancel("The server was told to end")) return;
    this.handle?.cancel();
    this.handle = undefined;
    this.close();
  }

  /** What those who use the connection get, if it was aborted. */
  get abortion(): unknown {
    return this.#wire.abortion;
  }

  isOver(): boolean {
    return this.#wire.isClosed && this.handle === undefined && this.task?.done() !== false;
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function checkShared({ backlog, limit }: UnixServerOptions): void {
  if (backlog !== undefined) checkCount("backlog", backlog, 1);
  if (limit !== undefined) checkLimit(limit);
}
