// The helper thread: serves calls of inTarget.ts on a socket, by evaluating them in the main thread
// or in a worker.
//
// An evaluation interrupts a thread even in a busy loop. Only the functions of inTarget.ts can be
// called, with plain data.

import { Session } from "node:inspector";
import { createServer, type Socket } from "node:net";
import { threadId, workerData } from "node:worker_threads";
import type { DevToolsSession } from "./devToolsRequests.ts";
import { EvaluatingTarget } from "./evaluatingTarget.ts";
import type { HelperData } from "./helperFolder.ts";
import type { InTarget } from "./inTarget.ts";
import { LineReader } from "./lineReader.ts";
import { IN_THREAD, THREADS } from "./socketRequests.ts";
import { Workers, type WorkerThread } from "./workerSession.ts";

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/**
 * What a client of this thread may call. The other functions of inTarget.ts are for clients that
 * have an inspector session.
 */
const CALLABLE: readonly (keyof InTarget)[] = [
  "read",
  "frames",
  "sample",
  "findWarnings",
  "startTrace",
  "traceThread",
  "endTrace",
  "traceColumns",
  "renew",
  "release",
  "cancel",
];

/** A session of this thread that evaluates in the main thread. */
class MainThread implements DevToolsSession {
  readonly #session = new Session();

  constructor() {
    this.#session.connectToMainThread();
  }

  send<R>(method: string, params: object): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, params, (error, answer) => {
        if (error === null) resolve(answer as R);
        else reject(new Error(error.message));
      });
    });
  }

  on<P>(event: string, listener: (params: P) => void): void {
    this.#session.on(event, ({ params }: { params: P }) => listener(params));
  }

  async close(): Promise<void> {
    this.#session.disconnect();
  }
}

/** The threads of the process. */
class Threads {
  readonly #session = new MainThread();
  readonly #main = new EvaluatingTarget(this.#session, false);
  readonly #workers = new Workers(this.#session);
  readonly #targets = new Map<number, EvaluatingTarget>();

  async answer(method: string, params: readonly unknown[]): Promise<unknown> {
    if (method === THREADS) return this.#list();
    if (method !== IN_THREAD) return call(this.#main, method, params);
    const [thread, name, args] = params as [number, string, unknown];
    const target = this.#targets.get(thread);
    if (target === undefined) throw new RangeError(`There is no worker ${String(thread)}`);
    return call(target, name, args);
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async #list(): Promise<WorkerThread[]> {
    const workers = (await this.#workers.list()).filter(({ thread }) => thread !== threadId);
    for (const { thread, session } of workers) {
      if (!this.#targets.has(thread)) {
        this.#targets.set(thread, new EvaluatingTarget(session, false));
      }
    }
    return workers.map(({ thread, name, url }) => ({ thread, name, url }));
  }
}

function call(target: EvaluatingTarget, method: string, params: unknown): Promise<unknown> {
  const name = CALLABLE.find((one) => one === method);
  if (name === undefined || !Array.isArray(params)) {
    throw new TypeError(`There is no function "${method}" in this version`);
  }
  return target.call(name, ...(params as Parameters<InTarget[keyof InTarget]>));
}

// The sessions of the threads. They exist only while a client is connected, because sessions slow
// the engine down.
let threads: Threads | undefined;
let connections = 0;

const server = createServer((socket) => {
  connections++;
  threads ??= new Threads();
  const served = threads;
  const lines = new LineReader((line) => void answer(socket, served, line));
  socket.on("data", (bytes: Buffer) => lines.add(bytes));
  socket.on("error", () => undefined); // "close" follows
  socket.on("close", () => {
    connections--;
    if (connections > 0) return;
    void threads?.close();
    threads = undefined;
  });
});
server.listen((workerData as HelperData).path);

async function answer(socket: Socket, served: Threads, line: string): Promise<void> {
  let id: unknown = null;
  try {
    const request = JSON.parse(line) as Request;
    id = request.id;
    const { method, params } = request;
    if (!Array.isArray(params)) throw new TypeError("Expected params to be an array");
    send(socket, { id, result: await served.answer(method, params) });
  } catch (error) {
    send(socket, { id, error: { message: (error as Error).message } });
  }
}

function send(socket: Socket, message: object): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}
