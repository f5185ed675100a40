import { createSocket, type SocketOptions } from "node:dgram";
import { isIPv6 } from "node:net";
import { checkChoice, checkCount, checkOptions, checkString } from "../../lang/arguments.ts";
import { fromPromise } from "../../tasks/fromPromise.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import { procedure } from "../../tasks/lazyCall.ts";
import { checkAddress, type DatagramAddress, DatagramEndpoint } from "./datagramEndpoint.ts";
import { checkPort } from "./names.ts";
import { withoutUndefined } from "./withoutUndefined.ts";

/** How to open an endpoint. */
export interface DatagramOptions {
  /** The IP version. Default: the version of the given addresses, otherwise `"udp4"`. */
  readonly type?: "udp4" | "udp6" | undefined;
  /** The address to receive on. Default: any address of this machine and a free port. */
  readonly localAddress?: Partial<DatagramAddress> | undefined;
  /** The only peer. If set, `send` takes no address, and datagrams of others are ignored. */
  readonly remoteAddress?: DatagramAddress | undefined;
  /** Whether other sockets may use the same address. */
  readonly reuseAddr?: boolean | undefined;
  /** Whether a `udp6` socket refuses IPv4. */
  readonly ipv6Only?: boolean | undefined;
  /** Whether the endpoint may send to broadcast addresses. Like asyncio's `allow_broadcast`. */
  readonly broadcast?: boolean | undefined;
  /** The size of the system's receive buffer, in bytes. */
  readonly recvBufferSize?: number | undefined;
  /** The size of the system's send buffer, in bytes. */
  readonly sendBufferSize?: number | undefined;
  /** The maximum number of datagrams that wait to be received. Default: 1,000. */
  readonly maxsize?: number | undefined;
}

const DEFAULT_MAXSIZE = 1_000;

/**
 * Opens a UDP socket. Unlike asyncio's function of this name, it takes no protocol: the endpoint
 * itself sends and receives.
 *
 * A cancellation closes the socket.
 *
 * @throws TypeError, RangeError for invalid options.
 * @throws Node's error, with a `code` such as `"EADDRINUSE"` or `"ENOTFOUND"`.
 * @example
 * const localAddress = { address: "127.0.0.1", port: 9999 };
 * const server = yield* createDatagramEndpoint({ localAddress });
 * try {
 *   for (;;) {
 *     const { data, address } = yield* server.receive();
 *     yield* server.send(data, address);
 *   }
 * } finally {
 *   server.close();
 * }
 */
export function createDatagramEndpoint(options: DatagramOptions = {}): Coroutine<DatagramEndpoint> {
  checkOptions(options);
  const { localAddress = {}, remoteAddress, maxsize = DEFAULT_MAXSIZE, broadcast } = options;
  checkOptions(localAddress);
  const { address: localHost, port: localPort = 0 } = localAddress;
  if (localHost !== undefined) checkString("localAddress.address", localHost);
  checkPort("localAddress.port", localPort);
  if (remoteAddress !== undefined) checkAddress("remoteAddress", remoteAddress);
  checkCount("maxsize", maxsize, 1);
  const isSix = isIPv6(remoteAddress?.address ?? localHost ?? "");
  const { type = isSix ? "udp6" : "udp4" } = options;
  checkChoice("type", type, ["udp4", "udp6"]);
  const { reuseAddr, ipv6Only, recvBufferSize, sendBufferSize } = options;
  const socketOptions = { type, reuseAddr, ipv6Only, recvBufferSize, sendBufferSize };
  const local = { port: localPort, ...(localHost !== undefined && { address: localHost }) };
  return procedure(
    open(
      withoutUndefined(socketOptions) as SocketOptions,
      local,
      remoteAddress,
      maxsize,
      broadcast === true,
    ),
  );
}

function* open(
  options: SocketOptions,
  local: { readonly port: number; readonly address?: string | undefined },
  remote: DatagramAddress | undefined,
  maxsize: number,
  broadcast: boolean,
): Coroutine<DatagramEndpoint> {
  const socket = createSocket(options);
  // Create the endpoint first, so that no datagram is lost while the peer's name is resolved.
  const endpoint = new DatagramEndpoint(socket, remote, maxsize);
  try {
    yield* fromPromise(
      new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind(local, () => {
          socket.off("error", reject);
          resolve();
        });
      }),
    );
    if (broadcast) socket.setBroadcast(true);
    if (remote !== undefined) {
      yield* fromPromise(
        new Promise<void>((resolve, reject) => {
          const connected = (error?: unknown) => (error ? reject(error) : resolve());
          socket.connect(remote.port, remote.address, connected);
        }),
      );
    }
    endpoint._opened();
    return endpoint;
  } catch (error) {
    endpoint.close();
    throw error;
  }
}
