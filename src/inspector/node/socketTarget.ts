// A target whose helper thread replies on a Unix socket. See helperThread.ts.

import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { FrameSnapshot } from "../types.ts";
import { DevToolsRequests } from "./devToolsRequests.ts";
import { ANSWER } from "./evaluatingTarget.ts";
import type { InTarget } from "./inTarget.ts";
import { LineReader } from "./lineReader.ts";
import { IN_THREAD, THREADS } from "./socketRequests.ts";
import { type Target, TargetError } from "./target.ts";
import { findWorker, type WorkerThread } from "./workerSession.ts";

export class SocketTarget implements Target {
  readonly client = randomUUID();
  readonly #threads = new Map<number, WorkerTarget>();
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

  /** @throws TargetError if no helper listens on `path` */
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

  /** @throws TargetError if no helper listens on `path`, or if the process has no such worker */
  static async connectToWorker(path: string, which: string): Promise<Target> {
    const main = await SocketTarget.connect(path);
    try {
      return main.#worker(findWorker(await main.#workers(), which).thread);
    } catch (error) {
      await main.close();
      throw error;
    }
  }

  call<K extends keyof InTarget>(
    name: K,
    ...args: Parameters<InTarget[K]>
  ): Promise<ReturnType<InTarget[K]>> {
    return this.#requests.send(name, args, ANSWER);
  }

  async threads(): Promise<ReadonlyMap<number, Target>> {
    return new Map((await this.#workers()).map(({ thread }) => [thread, this.#worker(thread)]));
  }

  frames(indices: readonly number[]): Promise<readonly FrameSnapshot[]> {
    return this.call("frames", this.client, indices);
  }

  async close(): Promise<void> {
    // `allSettled`, because some threads may have ended.
    await Promise.allSettled(
      [this, ...this.#threads.values()].map((target) => target.call("release", this.client)),
    );
    this.#socket.destroy();
  }

  #workers(): Promise<readonly WorkerThread[]> {
    return this.#requests.send(THREADS, [], ANSWER);
  }

  #worker(thread: number): WorkerTarget {
    const known = this.#threads.get(thread);
    if (known !== undefined) return known;
    const target = new WorkerTarget(this, (name, args) =>
      this.#requests.send(IN_THREAD, [thread, name, args], ANSWER),
    );
    this.#threads.set(thread, target);
    return target;
  }
}

/** A worker of the process, over the same socket. */
class WorkerTarget implements Target {
  readonly client: string;
  readonly #main: SocketTarget;
  readonly #send: <R>(name: string, args: readonly unknown[]) => Promise<R>;

  constructor(main: SocketTarget, send: <R>(name: string, args: readonly unknown[]) => Promise<R>) {
    this.client = main.client;
    this.#main = main;
    this.#send = send;
  }

  call<K extends keyof InTarget>(
    name: K,
    ...args: Parameters<InTarget[K]>
  ): Promise<ReturnType<InTarget[K]>> {
    return this.#send(name, args);
  }

  frames(indices: readonly number[]): Promise<readonly FrameSnapshot[]> {
    return this.call("frames", this.client, indices);
  }

  /** Closes the connection to the whole process, which the main thread and all workers share. */
  close(): Promise<void> {
    return this.#main.close();
  }
}
