import { createSocket, type SocketOptions } from "node:dgram";
import { isIPv6 } from "node:net";
import { checkChoice, checkCount, checkOptions, checkString } from "../../loop/arguments.ts";
import type { Coroutine } from "../../tasks/coroutine.ts";
import { fromPromise } from "../../tasks/fromPromise.ts";
import { checkAddress, type DatagramAddress, DatagramEndpoint } from "./datagramEndpoint.ts";
import { given } from "./given.ts";
import { checkPort } from "./names.ts";

/** What an endpoint is to be. */
export interface DatagramOptions {
  /** Which version of IP; by default that of the addresses given, else `"udp4"`. */
  readonly type?: "udp4" | "udp6" | undefined;
  /** Where to receive: by default any address of the machine, and a port that is free. */
  readonly localAddress?: Partial<DatagramAddress> | undefined;
  /** The only peer: `send` needs no address, and nobody else is heard. */
  readonly remoteAddress?: DatagramAddress | undefined;
  /** Whether others may use the address too. */
  readonly reuseAddr?: boolean | undefined;
  /** Whether `udp6` keeps out IPv4. */
  readonly ipv6Only?: boolean | undefined;
  /** Whether datagrams may go to broadcast addresses. Like asyncio's `allow_broadcast`. */
  readonly broadcast?: boolean | undefined;
  /** The size of the system's own buffers, in bytes. */
  readonly recvBufferSize?: number | undefined;
  readonly sendBufferSize?: number | undefined;
  /** How many datagrams wait to be received, at most; by default 1,000. */
  readonly maxsize?: number | undefined;
}

const DEFAULT_MAXSIZE = 1_000;

/**
 * Opens a UDP socket. Its name is asyncio's, but there is no protocol: the endpoint itself sends and receives.
 *
 * A cancel closes the socket.
 *
 * @throws TypeError and RangeError for wrong options.
 * @throws Error of Node's with a `code`, such as `"EADDRINUSE"` or `"ENOTFOUND"`.
 * @example
 * const server = yield* createDatagramEndpoint({ localAddress: { address: "127.0.0.1", port: 9999 } });
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
  return open(
    given(socketOptions) as SocketOptions,
    local,
    remoteAddress,
    maxsize,
    broadcast === true,
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
  // It listens from now on: what comes while the peer is looked up is not lost.
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
