import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/**
 * Returns what `getExtraInfo` reports about a socket. Returns undefined if the name is unknown, or
 * if the socket has no such information.
 */
export function streamInfo(socket: TLSSocket, name: string): unknown {
  switch (name) {
    case "socket":
      return socket;
    case "sockname":
      return socket.localAddress === undefined ? undefined : socket.address();
    case "peername":
      return peerName(socket);
    case "cipher":
      return socket.encrypted ? socket.getCipher() : undefined;
    case "peercert":
      return socket.encrypted ? socket.getPeerCertificate() : undefined;
    default:
      return undefined;
  }
}

function peerName({ remoteAddress, remotePort, remoteFamily }: Socket): unknown {
  if (remoteAddress === undefined) return undefined;
  return { address: remoteAddress, family: remoteFamily, port: remotePort };
}
