// A client of the DevTools protocol for targets on this machine. It implements the WebSocket over
// Node's own http, because Node 20 has no WebSocket class. The protocol needs only text frames.

import { randomBytes } from "node:crypto";
import { get, type RequestOptions } from "node:http";
import type { Socket } from "node:net";
import { DevToolsRequests, type DevToolsSession } from "./devToolsRequests.ts";
import { TargetError } from "./target.ts";

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export class DevToolsClient implements DevToolsSession {
  readonly #socket: Socket;
  readonly #requests = new DevToolsRequests((text) => this.#write(TEXT, Buffer.from(text)));
  #received: Buffer = Buffer.alloc(0);
  /** The parts of a message that arrived in several frames. */
  #parts: Buffer[] = [];

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#onBytes(bytes));
    const end = (cause?: Error): void =>
      this.#requests.end(
        new TargetError("The target has ended, or closed the connection", { cause }),
      );
    socket.on("close", () => end());
    socket.on("error", end);
    if (head.length > 0) this.#onBytes(head);
  }

  /** Connects to a target. Rejects if the target is silent for `timeout` milliseconds. */
  static connect(url: URL, timeout: number): Promise<DevToolsClient> {
    return new Promise((resolve, reject) => {
      const options: RequestOptions = {
        // Node's URL keeps the brackets of an IPv6 address, which Node's client doesn't accept.
        host: url.hostname.replace(/^\[|\]$/g, ""),
        ...{ port: url.port, path: url.pathname, timeout },
        headers: {
          Connection: "Upgrade",
          Upgrade: "websocket",
          "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
        },
      };
      const request = get(options, (response) => {
        response.resume();
        reject(new TargetError(`The inspector answered ${response.statusCode}`));
      });
      request.on("upgrade", (_response, socket, head) => {
        socket.setTimeout(0);
        resolve(new DevToolsClient(socket as Socket, head));
      });
      request.on("timeout", () => request.destroy(new TargetError("The inspector doesn't answer")));
      request.on("error", (cause) =>
        reject(
          cause instanceof TargetError
            ? cause
            : new TargetError(`The inspector can't be reached: ${cause.message}`, { cause }),
        ),
      );
    });
  }

  on<P>(event: string, listener: (params: P) => void): void {
    this.#requests.on(event, listener);
  }

  send<R>(method: string, params: object, timeout: number): Promise<R> {
    return this.#requests.send(method, params, timeout);
  }

  onEnd(listener: (error: Error) => void): void {
    this.#requests.onEnd(listener);
  }

  /** Ends the connection at once. Pending requests are rejected. */
  leave(): void {
    this.#socket.destroy();
  }

  /**
   * Ends the connection. Resolves when the other side has closed it too, or after a second. Rejects
   * pending and later requests with `why`, if that is given.
   */
  close(why?: TargetError): Promise<void> {
    if (why !== undefined) this.#requests.end(why);
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve();
      const timer = setTimeout(() => this.#socket.destroy(), 1_000);
      this.#socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.#write(CLOSE, Buffer.from([0x03, 0xe8]));
    });
  }

  #onBytes(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) {
      if (frame.kind === PING) this.#write(PONG, frame.body);
      else if (frame.kind === CLOSE) this.#socket.end();
      else if (frame.kind !== PONG) this.#onPart(frame.body, frame.isLast);
    }
  }

  /**
   * Removes the next frame from the received bytes and returns it; undefined until it is complete.
   * Servers don't mask their frames.
   */
  #frame(): { kind: number; isLast: boolean; body: Buffer } | undefined {
    const bytes = this.#received;
    if (bytes.length < 2) return undefined;
    const first = bytes.readUInt8(0);
    let length = bytes.readUInt8(1) & 0x7f;
    let start = 2;
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = bytes.readUInt16BE(2);
      start = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      length = Number(bytes.readBigUInt64BE(2));
      start = 10;
    }
    if (bytes.length < start + length) return undefined;
    this.#received = bytes.subarray(start + length);
    return {
      kind: first & 0x0f,
      isLast: first >= 0x80,
      body: bytes.subarray(start, start + length),
    };
  }

  #onPart(body: Buffer, isLast: boolean): void {
    this.#parts.push(body);
    if (!isLast) return;
    const text = Buffer.concat(this.#parts).toString();
    this.#parts = [];
    this.#requests.receive(text);
  }

  #write(kind: number, body: Buffer): void {
    if (this.#socket.destroyed) return;
    const head =
      body.length < 126
        ? Buffer.from([0x80 | kind, 0x80 | body.length])
        : Buffer.from([0x80 | kind, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    if (body.length >= 126) head.writeBigUInt64BE(BigInt(body.length), 2);
    const mask = randomBytes(4);
    const masked = Buffer.from(body);
    for (let at = 0; at < masked.length; at++) masked[at] = (masked[at] ?? 0) ^ (mask[at & 3] ?? 0);
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }
}
