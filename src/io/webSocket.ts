import { checkCount, checkOptions, checkString, describe, wrongType } from "../lang/arguments.ts";
import { hasTag } from "../lang/brands.ts";
import { RuntimeError } from "../lang/errors.ts";
import { currentScheduler } from "../loop/current.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { procedure } from "../tasks/lazyCall.ts";
import { WebSocketConnection } from "./webSocketConnection.ts";

/** How a WebSocket is opened. */
export interface WebSocketOptions {
  /**
   * The subprotocols to offer, best first. The connection's `protocol` is the one that the server
   * chose.
   */
  readonly protocols?: string | readonly string[] | undefined;
  /** The number of unsent bytes above which `write` waits. Default: 1 MiB. */
  readonly limit?: number | undefined;
  /**
   * The number of unread bytes above which the connection is closed, because a WebSocket can't ask
   * its peer to pause. `read` returns the earlier messages and then throws. Default: no limit.
   */
  readonly maxUnread?: number | undefined;
}

const DEFAULT_LIMIT = 2 ** 20;

/**
 * Connects to a WebSocket server through the platform's `WebSocket`, which Node has had since
 * version 22. For earlier versions or more features, set `globalThis.WebSocket` to the class from
 * the package `ws`.
 *
 * A cancellation closes the connection. When the loop is closed, it closes connections that are
 * still open. A Node process then stays alive until the peer has responded, because Node's
 * `WebSocket` can't be terminated.
 *
 * @throws TypeError, RangeError for invalid arguments.
 * @throws RuntimeError if there is no `WebSocket`.
 * @throws SyntaxError for an invalid URL or subprotocol, as `new WebSocket` does. Only thrown when
 * the coroutine is awaited.
 * @throws WebSocketError if the connection can't be opened.
 * @example
 * const socket = yield* openWebSocket("wss://example.com/chat", { protocols: "chat" });
 * try {
 *   yield* socket.write("hello");
 *   const reply = yield* timeout(5000, () => socket.read());
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
        "Node has had one since version 22. In earlier versions, set `globalThis.WebSocket` to the class from the package `ws`",
    );
  }
  return procedure(open(url, list as string[], limit, maxUnread));
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
