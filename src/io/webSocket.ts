import { checkCount, checkOptions, checkString, describe, wrongType } from "../loop/arguments.ts";
import { hasTag } from "../loop/brands.ts";
import { RuntimeError } from "../loop/errors.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import { currentScheduler } from "../tasks/future.ts";
import { WebSocketConnection } from "./webSocketConnection.ts";

/** How a WebSocket is opened. */
export interface WebSocketOptions {
  /** The subprotocols to offer, the best first: `protocol` of the connection says which one the server took. */
  readonly protocols?: string | readonly string[] | undefined;
  /** How many bytes may wait to be sent before `write` waits; by default 1 MiB. */
  readonly limit?: number | undefined;
  /**
   * How many bytes may have come that nobody has read; by default there is no bound. A WebSocket cannot ask its peer to
   * pause, so one that sends more has its connection closed: `read` gives what came before, and then throws.
   */
  readonly maxUnread?: number | undefined;
}

const DEFAULT_LIMIT = 2 ** 20;

/**
 * Connects to a WebSocket server, by the platform's own `WebSocket`. Node has one from version 22 on; before that, or
 * for more, set `globalThis.WebSocket` to that of the package `ws`.
 *
 * A cancel closes the connection. What nobody closes is closed with the loop. A peer that does not answer that keeps
 * Node's process alive: its `WebSocket` has nothing with which to hang up.
 *
 * @throws TypeError and RangeError for wrong arguments. @throws RuntimeError if there is no `WebSocket`.
 * @throws SyntaxError, as `new WebSocket` does, for an address or a subprotocol that is not valid: when it is awaited.
 * @throws WebSocketError if the connection is not made.
 * @example
 * const socket = yield* openWebSocket("wss://example.com/chat", { protocols: "chat" });
 * try {
 *   yield* socket.write("hello");
 *   const answer = yield* timeout(5000, () => socket.read());
 * } finally {
 *   socket.close();
 * }
 */
export function openWebSocket(
  url: string | URL,
  options: WebSocketOptions = {},
): Coroutine<WebSocketConnection> {
  if (!hasTag(url, "URL")) checkString("url", url);
  checkOptions(options);
  const { protocols = [], limit = DEFAULT_LIMIT, maxUnread = Infinity } = options;
  const list: readonly unknown[] = Array.isArray(protocols) ? protocols : [protocols];
  const wrong = list.find((protocol) => typeof protocol !== "string");
  if (wrong !== undefined) throw wrongType("protocols", "a string or an array of them", wrong);
  checkCount("limit", limit);
  checkCount("maxUnread", maxUnread);
  if (typeof globalThis.WebSocket !== "function") {
    throw new RuntimeError(
      `There is no WebSocket here: \`globalThis.WebSocket\` is ${describe(globalThis.WebSocket)}. ` +
        "Node has it from version 22 on; the package `ws` has one for earlier ones",
    );
  }
  return open(url, list as string[], limit, maxUnread);
}

function* open(
  url: string | URL,
  protocols: string[],
  limit: number,
  maxUnread: number,
): Coroutine<WebSocketConnection> {
  const loop = currentScheduler("openWebSocket()");
  const socket = new WebSocket(url, protocols);
  const connection = new WebSocketConnection(loop, socket, limit, maxUnread);
  try {
    yield* connection._opened();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
