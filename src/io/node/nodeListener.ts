import { createServer, type ListenOptions, type Server as NetServer, type Socket } from "node:net";
import type { Scheduler } from "../../loop/scheduler.ts";
import type { Coroutine } from "../../tasks/kernel/coroutine.ts";
import type { Acceptor, BoundAddress, Endpoint, Listener } from "../network.ts";
import { awaitOpen } from "./awaitOpen.ts";
import { NodeTransport } from "./nodeTransport.ts";
import { isTlsServer, loadTls } from "./tls.ts";
import { UnixPath } from "./unixPath.ts";
import { withoutUndefined } from "./withoutUndefined.ts";

/** Accepts connections with a server of `node:net` or `node:tls`. */
export class NodeListener implements Listener {
  readonly #loop: Scheduler;
  readonly #acceptor: Acceptor;
  readonly #net: NetServer;
  readonly #file: UnixPath | undefined;
  /** Connections in their TLS handshake, by peer. */
  readonly #handshakes = new Map<string, Socket>();
  #isClosed = false;

  constructor(loop: Scheduler, at: Endpoint, acceptor: Acceptor) {
    const { path, host, port, backlog, ipv6Only, exclusive, tls = false, ...rest } = at;
    const sockets = { ...withoutUndefined(rest), allowHalfOpen: true };
    this.#loop = loop;
    this.#acceptor = acceptor;
    this.#net =
      tls === false
        ? createServer(sockets)
        : loadTls().createServer({ ...withoutUndefined(tls as object), ...sockets });
    this.#file = path === undefined ? undefined : new UnixPath(path);
    // The running loop keeps the process alive. Its sockets needn't.
    this.#net.unref();
    this.#addListeners();
    this.#file?.removeStale();
    const where = { path, host, port, backlog, ipv6Only, exclusive };
    this.#net.listen(withoutUndefined(where) as ListenOptions);
    this.#file?.claim();
  }

  opened(): Coroutine<void> {
    return awaitOpen(this.#net, "listening");
  }

  isListening(): boolean {
    return this.#net.listening;
  }

  address(): BoundAddress | string | null {
    return this.#net.address();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#file === undefined) this.#net.close();
    else this.#file.release(() => this.#net.close());
    this.abortPending();
  }

  abortPending(): void {
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  #addListeners(): void {
    const net = this.#net;
    net.on("error", (exception) => {
      // `opened` throws earlier errors.
      if (!net.listening) return;
      this.#acceptor._onAcceptError("A server cannot accept a connection", exception);
    });
    if (!isTlsServer(net)) {
      net.on("connection", (socket) => this.#accept(socket));
      return;
    }
    net.on("connection", (socket) => this.#addHandshake(socket));
    net.on("secureConnection", (socket) => {
      this.#handshakes.delete(peerOf(socket));
      this.#accept(socket);
    });
    net.on("tlsClientError", (exception: NodeJS.ErrnoException, socket) => {
      socket.destroy();
      // A peer that disconnects is not an error.
      if (exception.code === "ECONNRESET" && !this.#loop.getDebug()) return;
      this.#acceptor._onAcceptError("The TLS handshake with a client failed", exception);
    });
  }

  #addHandshake(socket: Socket): void {
    const peer = peerOf(socket);
    socket.unref();
    this.#handshakes.set(peer, socket);
    socket.on("close", () => {
      if (this.#handshakes.get(peer) === socket) this.#handshakes.delete(peer);
    });
  }

  #accept(socket: Socket): void {
    const transport = new NodeTransport(this.#loop, socket);
    // Closes a connection that was accepted while the listener closed.
    if (this.#isClosed) transport.close();
    else this.#acceptor._onConnection(transport);
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
