// Makes Node's sources watchable for a selector.
//
// A selector asks a stream for its state and reads nothing from it, so the stream's user can read
// all the data. Servers, datagram sockets and message ports push whole messages and keep none, so a
// MessageBox keeps them until they are taken.

import { Socket as DatagramSocket, type RemoteInfo } from "node:dgram";
import { Server, type Socket } from "node:net";
import { MessagePort } from "node:worker_threads";
import { describe, wrongType } from "../../lang/arguments.ts";
import { MessageBox } from "../messages.ts";
import { EVENT_READ, EVENT_WRITE, type Pollable } from "../pollable.ts";
import { isTlsServer } from "./tls.ts";

/** The maximum number of datagrams to keep. Further ones are dropped, as in the system's buffer. */
const MAX_DATAGRAMS = 1_000;

/** A datagram and the address of its sender. */
export interface Datagram {
  readonly data: Uint8Array;
  readonly address: RemoteInfo;
}

/** A received message. Wrapped in an object, because a message may be undefined. */
export interface ReceivedMessage {
  readonly message: unknown;
}

/** The box of each watched source, shared by its watchers and the functions that take from it. */
const boxes = /* @__PURE__ */ new WeakMap<object, MessageBox<unknown>>();

/** Returns a Pollable for one of Node's sources; undefined for anything else. */
export function adapt(source: unknown): Pollable | undefined {
  if (source instanceof Server) return connectionsOf(source);
  if (source instanceof DatagramSocket) return datagramsOf(source);
  if (source instanceof MessagePort) return messagesOf(source);
  return isStream(source) ? new NodeStream(source) : undefined;
}

/**
 * Takes a connection from a watched server. Returns undefined if there is none. A TLS connection
 * arrives after its handshake.
 *
 * Connections are kept from the first time the server is watched or passed here; earlier ones are
 * missed. Unless the server has an `error` listener, its errors, such as EMFILE, go to the
 * exception handler of the loop that watches it, or are thrown by `select()`.
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
 * Takes a datagram from a watched socket. Returns undefined if there is none. At most 1,000
 * datagrams are kept; further ones are dropped.
 *
 * @throws TypeError if `socket` is not a socket of `node:dgram`.
 */
export function receiveFrom(socket: DatagramSocket): Datagram | undefined {
  if (socket instanceof DatagramSocket) return datagramsOf(socket).take();
  throw wrongType("socket", "a socket of node:dgram", socket);
}

/**
 * Takes a message from a watched port. Returns undefined if there is none.
 *
 * @throws TypeError if `port` is not a MessagePort.
 */
export function receiveMessage(port: MessagePort): ReceivedMessage | undefined {
  if (port instanceof MessagePort) return messagesOf(port).take();
  throw wrongType("port", "a MessagePort", port);
}

function connectionsOf(server: Server): MessageBox<Socket> {
  return boxOf(server, () => {
    const box = new MessageBox<Socket>(Infinity);
    server.on(isTlsServer(server) ? "secureConnection" : "connection", (socket: Socket) => {
      // If the connection breaks before it is taken, `accept` returns a destroyed socket.
      socket.on("error", ignore);
      box.push(socket);
    });
    reportErrors(server, box);
    server.on("close", () => box.end());
    return box;
  });
}

function datagramsOf(socket: DatagramSocket): MessageBox<Datagram> {
  return boxOf(socket, () => {
    const box = new MessageBox<Datagram>(MAX_DATAGRAMS);
    socket.on("message", (data: Buffer, address: RemoteInfo) => {
      box.push({ data: new Uint8Array(data.buffer, data.byteOffset, data.length), address });
    });
    reportErrors(socket, box);
    socket.on("close", () => box.end());
    return box;
  });
}

function messagesOf(port: MessagePort): MessageBox<ReceivedMessage> {
  return boxOf(port, () => {
    const box = new MessageBox<ReceivedMessage>(Infinity, (isWatched) => {
      // The listener alone would keep the process alive, even if nothing watches the port.
      if (isWatched) port.ref();
      else port.unref();
    });
    port.on("message", (message: unknown) => box.push({ message }));
    // The message is lost, because it can't be deserialized.
    port.on("messageerror", (error) => box.fail(error));
    port.on("close", () => box.end());
    port.unref();
    return box;
  });
}

/** Reports errors of a source to its watchers, unless it has other `error` listeners. */
function reportErrors(source: NodeJS.EventEmitter, box: MessageBox<unknown>): void {
  source.on("error", (error) => {
    if (source.listenerCount("error") === 1) box.fail(error);
  });
}

function boxOf<M>(source: object, make: () => MessageBox<M>): MessageBox<M> {
  const known = boxes.get(source) as MessageBox<M> | undefined;
  if (known !== undefined) return known;
  const box = make();
  boxes.set(source, box as MessageBox<unknown>);
  return box;
}

/** A `Readable`, a `Writable` or both. The members of a missing half are undefined. */
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
      // `readable` may mean the end of the stream. Reading 0 bytes makes the stream emit `end`, and
      // takes nothing.
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

/**
 * Does nothing. It is a listener for `error` events, because Node throws an error that nobody
 * listens for.
 */
function ignore(): void {
  // The user of the connection gets the error on the next read or write.
}

/** Returns the error for something that can't be watched. */
export function notWatchable(source: unknown): TypeError {
  return new TypeError(
    `Expected \`source\` to be a socket, a server, a stream, a MessagePort or a Pollable, got ${describe(source)}`,
  );
}
