// The network under `openConnection`, `startServer` and `getaddrinfo`.
//
// Those functions check their arguments. A network opens and accepts connections, and creates their
// streams. Node's network is in node/network.ts. Nothing above this interface depends on sockets,
// so an in-memory network can replace it.

import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { StreamReader } from "./streamReader.ts";
import type { StreamWriter } from "./streamWriter.ts";

/** A host and a port, or the path of a Unix domain socket. */
export interface Endpoint {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
  /** Whether to use TLS, or the platform's options for it. */
  readonly tls?: object | boolean | undefined;
  /** Further options, which depend on the platform. */
  readonly [option: string]: unknown;
}

/** An address that a listener is bound to. */
export interface BoundAddress {
  readonly address: string;
  readonly family: string;
  readonly port: number;
}

/** An address that a name resolves to. */
export interface ResolvedAddress {
  readonly family: 4 | 6;
  readonly address: string;
}

/** How to resolve a name. */
export interface LookupOptions {
  readonly family: 0 | 4 | 6;
  readonly order: "verbatim" | "ipv4first" | "ipv6first";
  readonly hints: number;
}

/** An accepted connection. It is closed with its loop. */
export interface Transport {
  readonly isClosed: boolean;
  /** Notified when the connection is closed. */
  owner: TransportOwner | undefined;
  /** The error that reads and writes throw after the connection was aborted. */
  readonly abortError: Error | undefined;
  openReader(limit: number | undefined): StreamReader;
  openWriter(): StreamWriter;
  /** Closes the connection, and drops written data that the system doesn't take immediately. */
  close(): void;
}

export interface TransportOwner {
  onClose(): void;
}

/** Accepts connections and passes them to an `Acceptor`. */
export interface Listener {
  /** Waits until the listener listens. @throws the reason if it can't */
  opened(): Coroutine<void>;
  isListening(): boolean;
  /** Returns the address or the path that the listener is bound to; null once it is closed. */
  address(): BoundAddress | string | null;
  /** Stops accepting connections, and aborts those that are still being established. */
  close(): void;
  /** Aborts connections that are still being established, such as those in a TLS handshake. */
  abortPending(): void;
}

/** The owner of a listener. Never called before `Network.listen` has returned. */
export interface Acceptor {
  _onConnection(transport: Transport): void;
  _onAcceptError(message: string, exception: unknown): void;
}

export interface Network {
  /**
   * Connects to an endpoint. A cancellation abandons the connection.
   *
   * @param limit the limit of the reader's buffer, in bytes
   */
  connect(to: Endpoint, limit: number | undefined): Coroutine<[StreamReader, StreamWriter]>;
  /** Starts to listen. */
  listen(at: Endpoint, acceptor: Acceptor): Listener;
  /** Resolves a name to all its addresses. */
  lookup(host: string, options: LookupOptions): Coroutine<ResolvedAddress[]>;
}
