// The helper thread: serves calls of inTarget.ts on a socket, by evaluating them in the main
// thread.
//
// An evaluation interrupts the main thread even in a busy loop. Only the functions of inTarget.ts
// can be called, with plain data.

import { Session } from "node:inspector";
import { createServer, type Socket } from "node:net";
import { workerData } from "node:worker_threads";
import type { DevToolsSession } from "./devToolsRequests.ts";
import { EvaluatingTarget } from "./evaluatingTarget.ts";
import type { HelperData } from "./helperFolder.ts";
import type { InTarget } from "./inTarget.ts";
import { LineReader } from "./lineReader.ts";

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a client may call. The others are for the owner of a session. */
const CALLABLE: readonly (keyof InTarget)[] = [
  "read",
  "frames",
  "sample",
  "findWarnings",
  "startTrace",
  "tracePlace",
  "endTrace",
  "traceColumns",
  "renew",
  "release",
  "cancel",
];

/** A session of the main thread, as this thread sees it. */
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

// A session exists only while a client is connected, because it slows the engine down.
let session: MainThread | undefined;
let connections = 0;

const server = createServer((socket) => {
  connections++;
  session ??= new MainThread();
  const target = new EvaluatingTarget(session, false);
  const lines = new LineReader((line) => void answer(socket, target, line));
  socket.on("data", (bytes: Buffer) => lines.add(bytes));
  socket.on("error", () => undefined); // "close" follows
  socket.on("close", () => {
    connections--;
    if (connections > 0) return;
    void session?.close();
    session = undefined;
  });
});
server.listen((workerData as HelperData).path);

async function answer(socket: Socket, target: EvaluatingTarget, line: string): Promise<void> {
  let id: unknown = null;
  try {
    const request = JSON.parse(line) as Request;
    id = request.id;
    const name = CALLABLE.find((one) => one === request.method);
    if (name === undefined || !Array.isArray(request.params)) {
      throw new TypeError(`There is no function "${request.method}" in this version`);
    }
    const result = await target.call(
      name,
      ...(request.params as Parameters<InTarget[keyof InTarget]>),
    );
    send(socket, { id, result });
  } catch (error) {
    send(socket, { id, error: { message: (error as Error).message } });
  }
}

function send(socket: Socket, message: object): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}
