// What of Node's own a selector can watch, and how each kind tells that it is ready.
//
// Streams are asked for their state, and nothing is taken from them: what was watched can be
// read by whoever watches. Servers, datagram sockets and message ports push whole messages
// and keep none, so theirs are kept in a MessageBox until somebody takes them.

import { Socket as DatagramSocket, type RemoteInfo } from "node:dgram";
import { Server, type Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { MessagePort } from "node:worker_threads";
import { describe, wrongType } from "../../loop/arguments.ts";
import { MessageBox } from "../messages.ts";
import { EVENT_READ, EVENT_WRITE, type Pollable } from "../pollable.ts";

/** How many datagrams are kept that nobody takes. Those that follow are dropped, as the system does. */
const MOST_DATAGRAMS = 1_000;

/** A datagram, and where it came from. */
export interface Datagram {
  readonly data: Uint8Array;
  readonly address: RemoteInfo;
}

/** A message that came over a port: in an object, because a message may be anything, also undefined. */
export interface PortMessage {
  readonly message: unknown;
}

/** What is watched of a source, so that all who watch it and who take from it meet. */
const boxes = /* @__PURE__ */ new WeakMap<object, MessageBox<unknown>>();

/** What tells the readiness of one of Node's sources; undefined if `source` is none. */
export function adapt(source: unknown): Pollable | undefined {
  if (source instanceof Server) return connectionsOf(source);
  if (source instanceof DatagramSocket) return datagramsOf(source);
  if (source instanceof MessagePort) return messagesOf(source);
  return isStream(source) ? new NodeStream(source) : undefined;
}

/**
 * Takes a connection from a server that a selector watches; undefined if none has come. From a TLS server it comes after
 * its handshake.
 *
 * What comes before the server is watched, or asked here, is not seen.
 *
 * @throws TypeError if `server` is not a server of `node:net` or `node:tls`.
 */
export function accept(server: Server): Socket | undefined {
  if (!(server instanceof Server)) throw wrongType("server", "a server of node:net", server);
  const socket = connectionsOf(server).take();
  socket?.off("error", ignore);
  return socket;
}

/**
 * Takes a datagram from a socket that a selector watches; undefined if none has come. Of those that nobody takes the
 * first 1,000 are kept.
 *
 * @throws TypeError if `socket` is not a socket of `node:dgram`.
 */
export function receiveFrom(socket: DatagramSocket): Datagram | undefined {
  if (socket instanceof DatagramSocket) return datagramsOf(socket).take();
  throw wrongType("socket", "a socket of node:dgram", socket);
}

/**
 * Takes a message from a port that a selector watches; undefined if none has come.
 *
 * @throws TypeError if `port` is not a MessagePort.
 */
export function receiveMessage(port: MessagePort): PortMessage | undefined {
  if (port instanceof MessagePort) return messagesOf(port).take();
  throw wrongType("port", "a MessagePort", port);
}

function connectionsOf(server: Server): MessageBox<Socket> {
  return boxOf(server, () => {
    const box = new MessageBox<Socket>(Infinity);
    server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
      // It may break before somebody takes it.
      socket.on("error", ignore);
      box.push(socket);
    });
    server.on("error", ignore);
    server.on("close", () => box.end());
    return box;
  });
}

function datagramsOf(socket: DatagramSocket): MessageBox<Datagram> {
  return boxOf(socket, () => {
    const box = new MessageBox<Datagram>(MOST_DATAGRAMS);
    socket.on("message", (data: Buffer, address: RemoteInfo) => {
      box.push({ data: new Uint8Array(data.buffer, data.byteOffset, data.length), address });
    });
    socket.on("error", ignore);
    socket.on("close", () => box.end());
    return box;
  });
}

function messagesOf(port: MessagePort): MessageBox<PortMessage> {
  return boxOf(port, () => {
    const box = new MessageBox<PortMessage>(Infinity, (isWatched) => {
      // A listener keeps the process alive, whoever waits.
      if (isWatched) port.ref();
      else port.unref();
    });
    port.on("message", (message: unknown) => box.push({ message }));
    port.on("close", () => box.end());
    port.unref();
    return box;
  });
}

function boxOf<M>(source: object, make: () => MessageBox<M>): MessageBox<M> {
  const known = boxes.get(source) as MessageBox<M> | undefined;
  if (known !== undefined) return known;
  const box = make();
  boxes.set(source, box as MessageBox<unknown>);
  return box;
}

/** What is asked of a `Readable`, a `Writable` or both. A half that is missing has none of its members. */
interface StreamLike extends NodeJS.EventEmitter {
  read?(size?: number): unknown;
  readonly readableLength?: number;
  readonly readableEnded?: boolean;
  write?(data: Uint8Array): boolean;
  readonly writableNeedDrain?: boolean;
  readonly connecting?: boolean;
  readonly destroyed: boolean;
}

function isStream(source: unknown): source is StreamLike {
  const { on, read, write } = (source ?? {}) as Partial<StreamLike>;
  return typeof on === "function" && (typeof read === "function" || typeof write === "function");
}

const READ_EVENTS = ["end", "error", "close"];
const WRITE_EVENTS = ["drain", "connect", "finish", "error", "close"];

class NodeStream implements Pollable {
  readonly #stream: StreamLike;

  constructor(stream: StreamLike) {
    this.#stream = stream;
  }

  poll(events: number): number {
    return (events & EVENT_READ && this.#canRead()) | (events & EVENT_WRITE && this.#canWrite());
  }

  watch(events: number, notify: () => void): () => void {
    const stream = this.#stream;
    const names = new Set<string>();
    const onReadable = () => {
      // It is readable also because it is at its end. To ask for nothing makes it say so, and takes nothing.
      if (stream.readableLength === 0) stream.read?.(0);
      notify();
    };
    if (events & EVENT_READ) for (const name of READ_EVENTS) names.add(name);
    if (events & EVENT_WRITE) for (const name of WRITE_EVENTS) names.add(name);
    for (const name of names) stream.on(name, notify);
    if (events & EVENT_READ) stream.on("readable", onReadable);
    return () => {
      for (const name of names) stream.off(name, notify);
      stream.off("readable", onReadable);
    };
  }

  #canRead(): number {
    const { readableLength = 0, readableEnded, destroyed } = this.#stream;
    return readableLength > 0 || readableEnded === true || destroyed ? EVENT_READ : 0;
  }

  #canWrite(): number {
    const { writableNeedDrain, connecting, destroyed } = this.#stream;
    return destroyed || !(writableNeedDrain || connecting) ? EVENT_WRITE : 0;
  }
}

/** An error that nobody listens to would end the process. Who reads or writes finds out. */
function ignore(): void {
  // that is all
}

/** The error for something that cannot be watched. */
export function notWatchable(source: unknown): TypeError {
  return new TypeError(
    `Expected \`source\` to be a socket, a server, a stream, a MessagePort or a Pollable, got ${describe(source)}`,
  );
}
