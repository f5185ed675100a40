import type { LookupFunction } from "node:net";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { checkOptions, checkString, wrongType } from "../../lang/arguments.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import { checkLimit, type StreamReader } from "../streamReader.ts";
import type { StreamWriter } from "../streamWriter.ts";
import { checkPort } from "./names.ts";
import { nodeNetwork } from "./network.ts";

/** How to connect. Options without a description have the meaning they have in `net.connect`. */
export interface ConnectionOptions {
  /** A name or an address. Default: `"localhost"`. */
  readonly host?: string | undefined;
  readonly port: number;
  /** Uses TLS, with these options of `tls.connect` or, if `true`, with Node's defaults. */
  readonly tls?: boolean | TlsOptions | undefined;
  /**
   * The number of bytes that the reader buffers before the peer must wait. Default: 65,536. The
   * reader may buffer about twice as many.
   */
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
  /** Whether small writes are sent immediately. Default: true. */
  readonly noDelay?: boolean | undefined;
}

export interface UnixConnectionOptions {
  /** The same as `limit` of `openConnection`. */
  readonly limit?: number | undefined;
}

/**
 * Connects over TCP or TLS. Like `asyncio.open_connection`.
 *
 * Either side may end its writing half and continue to read. Small writes are sent immediately,
 * unless `noDelay` is false.
 *
 * A cancellation abandons the connection, even one that opened in the same turn.
 *
 * @throws TypeError, RangeError for invalid options.
 * @throws Node's error, with a `code` such as `"ECONNREFUSED"` or `"ENOTFOUND"`, if the connection
 * can't be opened. With TLS, also if the peer isn't trusted.
 * @example
 * const [reader, writer] = yield* openConnection({ host: "example.org", port: 80 });
 * writer.write("HEAD / HTTP/1.0\r\n\r\n");
 * const response = yield* reader.read();
 * writer.close();
 */
export function openConnection(
  options: ConnectionOptions,
): Coroutine<[StreamReader, StreamWriter]> {
  checkOptions(options);
  const { host = "localhost", port, tls = false, limit, noDelay = true, ...rest } = options;
  checkString("host", host);
  checkPort("port", port);
  checkTls(tls);
  if (limit !== undefined) checkLimit(limit);
  return nodeNetwork.connect({ ...rest, host, port, tls, noDelay }, limit);
}

/**
 * Connects over a Unix domain socket, or a named pipe of Windows. Otherwise the same as
 * `openConnection`. Like `asyncio.open_unix_connection`.
 */
export function openUnixConnection(
  path: string,
  options: UnixConnectionOptions = {},
): Coroutine<[StreamReader, StreamWriter]> {
  checkString("path", path);
  checkOptions(options);
  const { limit } = options;
  if (limit !== undefined) checkLimit(limit);
  return nodeNetwork.connect({ path }, limit);
}

/** @throws TypeError unless `tls` is a boolean or an object of options */
export function checkTls(tls: unknown): void {
  if (typeof tls === "boolean" || (typeof tls === "object" && tls !== null)) return;
  throw wrongType("tls", "a boolean or an object of options", tls);
}
