import type { TlsOptions } from "node:tls";
import {
  checkCount,
  checkFunction,
  checkOptions,
  checkString,
  wrongType,
} from "../../lang/arguments.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import { type ConnectionHandler, openServer, type Server } from "../server.ts";
import { checkLimit } from "../streamReader.ts";
import { checkTls } from "./connection.ts";
import { checkPort } from "./names.ts";
import { nodeNetwork } from "./network.ts";

export interface UnixServerOptions {
  /** The maximum number of connections that may wait to be accepted. Default: 511. */
  readonly backlog?: number | undefined;
  /**
   * The number of bytes that a reader buffers before its peer must wait. Default: 65,536. The
   * reader may buffer about twice as many.
   */
  readonly limit?: number | undefined;
}

export interface ServerOptions extends UnixServerOptions {
  /** The name or address to listen on. Default: all addresses of this machine. */
  readonly host?: string | undefined;
  /** Default: 0, a free port. `server.address()` returns the actual one. */
  readonly port?: number | undefined;
  /**
   * Uses TLS with these options of `tls.createServer`, usually `key` and `cert`. `false` means no
   * TLS.
   */
  readonly tls?: TlsOptions | false | undefined;
  /** Listens on IPv6 only. */
  readonly ipv6Only?: boolean | undefined;
  /** Doesn't share the port with other workers of a `node:cluster`. */
  readonly exclusive?: boolean | undefined;
  /** Whether small writes are sent immediately. Default: true. */
  readonly noDelay?: boolean | undefined;
  /** Whether the system probes idle connections, to detect peers that are gone. Default: false. */
  readonly keepAlive?: boolean | undefined;
  /** How long a connection must be idle before the first probe, in milliseconds. */
  readonly keepAliveInitialDelay?: number | undefined;
}

/**
 * Listens for connections over TCP or TLS, and runs `handler(reader, writer)` as a task for each.
 * Like `asyncio.start_server`.
 *
 * When the handler ends, its connection is closed after everything written is sent. If the handler
 * was cancelled, closing doesn't wait for a peer that doesn't read. (In asyncio, the handler must
 * close the connection.) Exceptions of handlers go to the loop's exception handler. Handlers run in
 * a copy of the context of this call, and see its `AsyncLocalStorage` stores.
 *
 * If `startServer` itself is cancelled, nothing keeps listening.
 *
 * @throws TypeError, RangeError for invalid arguments.
 * @throws Node's error, with a `code` such as `"EADDRINUSE"`, if the server can't listen.
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
  const { limit, host, port = 0, tls = false, noDelay = true, ...rest } = options;
  if (host !== undefined) checkString("host", host);
  checkPort("port", port);
  checkTls(tls);
  if ((tls as unknown) === true) {
    throw wrongType("tls", "an object with `key` and `cert`, which a server needs", tls);
  }
  checkShared(options);
  return openServer(nodeNetwork, { ...rest, host, port, tls, noDelay }, handler, limit);
}

/**
 * Listens for connections over a Unix domain socket, or a named pipe of Windows. Otherwise the
 * same as `startServer`. Like `asyncio.start_unix_server`, it removes a socket that an earlier
 * server left at `path`.
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
  return openServer(nodeNetwork, { path, backlog }, handler, limit);
}

function checkShared({ backlog, limit }: UnixServerOptions): void {
  if (backlog !== undefined) checkCount("backlog", backlog, 1);
  if (limit !== undefined) checkLimit(limit);
}
