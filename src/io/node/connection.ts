import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import { type ConnectionOptions as TlsOptions, connect as tlsConnect } from "node:tls";
import { checkOptions, checkString, wrongType } from "../../loop/arguments.ts";
import { type Coroutine, coroutine } from "../../tasks/coroutine.ts";
import { currentScheduler } from "../../tasks/future.ts";
import { checkLimit, type StreamReader } from "../streamReader.ts";
import type { StreamWriter } from "../streamWriter.ts";
import { given } from "./given.ts";
import { checkPort } from "./names.ts";
import { opened } from "./opened.ts";
import { Wire } from "./wire.ts";

/** How to connect. The names without an explanation are those of Node's `net.connect`, and mean the same. */
export interface ConnectionOptions {
  /** A name or an address, by default `"localhost"`. */
  readonly host?: string | undefined;
  readonly port: number;
  /** Speaks TLS: with `true` as Node does by default, else by these options of `tls.connect`. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** How many bytes the reader holds until the peer has to wait, by default 65,536; it may be about twice as many. */
  readonly limit?: number | undefined;
  readonly autoSelectFamily?: boolean | undefined;
  /** In milliseconds. */
  readonly autoSelectFamilyAttemptTimeout?: number | undefined;
  readonly family?: number | undefined;
  readonly hints?: number | undefined;
  readonly keepAlive?: boolean | undefined;
  /** In milliseconds. */
  readonly keepAliveInitialDelay?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly lookup?: LookupFunction | undefined;
  /** By default true: small writes are sent at once. */
  readonly noDelay?: boolean | undefined;
}

export interface UnixConnectionOptions {
  /** As for `openConnection`. */
  readonly limit?: number | undefined;
}

/**
 * Connects over TCP, or over TLS. Like `asyncio.open_connection`.
 *
 * Either side may end its writing half alone. Small writes are sent at once (`noDelay`), unless told otherwise.
 *
 * A cancel gives the connection up, also one that got ready in the same turn.
 *
 * @throws TypeError, RangeError for wrong options.
 * @throws Error of Node's, with a `code` such as `"ECONNREFUSED"` or `"ENOTFOUND"`, if there is no connection; with TLS
 * also if the peer cannot be trusted.
 * @example
 * const [reader, writer] = yield* openConnection({ host: "example.org", port: 80 });
 * writer.write("HEAD / HTTP/1.0\r\n\r\n");
 * const answer = yield* reader.read();
 * writer.close();
 */
export function openConnection(
  options: ConnectionOptions,
): Coroutine<[StreamReader, StreamWriter]> {
  checkOptions(options);
  const { host = "localhost", port, tls = false, limit, ...passedOn } = options;
  checkString("host", host);
  checkPort("port", port);
  checkTls(tls);
  if (limit !== undefined) checkLimit(limit);
  const address = { noDelay: true, ...given(passedOn), host, port, allowHalfOpen: true };
  if (tls === false) return connecting(() => connect(address), "connect", limit);
  const name = isIP(host) === 0 ? { servername: host } : {};
  const secure = { ...name, ...(tls === true ? {} : given(tls)), ...address };
  return connecting(() => tlsConnect(secure), "secureConnect", limit);
}

/**
 * Connects over a Unix domain socket, or a named pipe of Windows. Like `asyncio.open_unix_connection`. In all else as
 * `openConnection`.
 */
export function openUnixConnection(
  path: string,
  options: UnixConnectionOptions = {},
): Coroutine<[StreamReader, StreamWriter]> {
  checkString("path", path);
  checkOptions(options);
  const { limit } = options;
  if (limit !== undefined) checkLimit(limit);
  return connecting(() => connect({ path, allowHalfOpen: true }), "connect", limit);
}

const connecting = coroutine(function* openConnection(
  start: () => Socket,
  event: string,
  limit: number | undefined,
): Coroutine<[StreamReader, StreamWriter]> {
  const loop = currentScheduler("openConnection()");
  const socket = start();
  const wire = new Wire(loop, socket);
  const reader = wire.openReader(limit);
  try {
    yield* opened(socket, event, () => socket.destroy());
  } catch (error) {
    throw explained(error);
  }
  return [reader, wire.openWriter()];
});

/** Of several addresses that were tried, Node tells the errors but has no message of its own. */
function explained(error: unknown): unknown {
  const { message, errors } = error as Partial<AggregateError>;
  if (message === "" && Array.isArray(errors)) {
    (error as Error).message = errors.map(String).join("; ");
  }
  return error;
}

/** @throws TypeError unless `tls` is a boolean or an object of options */
export function checkTls(tls: unknown): void {
  if (typeof tls === "boolean" || (typeof tls === "object" && tls !== null)) return;
  throw wrongType("tls", "a boolean or an object of options", tls);
}
