// A target whose helper thread replies on a Unix socket. See helperThread.ts.

import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { FrameSnapshot } from "../types.ts";
import { DevToolsRequests } from "./devToolsRequests.ts";
import { ANSWER } from "./evaluatingTarget.ts";
import type { InTarget } from "./inTarget.ts";
import { LineReader } from "./lineReader.ts";
import { type Target, TargetError } from "./target.ts";

export class SocketTarget implements Target {
  readonly client = randomUUID();
  readonly #socket: Socket;
  readonly #requests = new DevToolsRequests((text) => void this.#socket.write(`${text}\n`));

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = new LineReader((line) => this.#requests.receive(line));
    socket.on("data", (bytes: Buffer) => lines.add(bytes));
    socket.on("error", () => undefined); // "close" follows
    socket.on("close", () =>
      this.#requests.end(new TargetError("The target has ended, or closed the connection")),
    );
  }

  /** @throws TargetError if no helper listens there */
  static connect(path: string): Promise<SocketTarget> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("connect", () => resolve(new SocketTarget(socket)));
      socket.once("error", (cause: NodeJS.ErrnoException) => {
        const why = cause.code === "ENOENT" ? "it doesn't exist" : cause.message;
        reject(new TargetError(`The socket ${path} can't be used: ${why}`, { cause }));
      });
    });
  }

  call<K extends keyof InTarget>(
    name: K,
    ...args: Parameters<InTarget[K]>
  ): Promise<ReturnType<InTarget[K]>> {
    return this.#requests.send(name, args, ANSWER);
  }

  frames(indices: readonly number[]): Promise<readonly FrameSnapshot[]> {
    return this.call("frames", this.client, indices);
  }

  async close(): Promise<void> {
    await this.call("release", this.client).catch(() => undefined); // it may have ended
    this.#socket.destroy();
  }
}
