// A chat: everyone who has the page open sees everyone's messages.
//
// node build/examples/chat.js [port [host]]; then open http://localhost:8080/ in two windows.
// Ctrl-C ends it.
//
// The page and its program are in examples/chat. The program uses this package too.

import { on } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { argv } from "node:process";
import {
  CancelledError,
  type Coroutine,
  fromPromise,
  getRunningLoop,
  iterate,
  Queue,
  QueueFull,
  run,
  sleep,
  type TaskGroup,
  TimeoutError,
  taskGroup,
  timeout,
  waitEvent,
} from "mysyncio";
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";
import { urlHost } from "./urlHost.ts";

const LONGEST_NAME = 32;
const LONGEST_MESSAGE = 4_096;
/**
 * How many messages may wait for a member that does not read. A member with more is disconnected.
 */
const MAX_WAITING = 256;
/** How often to ping a peer, and how long it may take to respond, in milliseconds. */
const PING_EVERY = 30_000;
const PATIENCE = 10_000;
/** The close code for browsers when the server ends, see RFC 6455, section 7.4. */
const GOING_AWAY = 1001;

const ROOT = new URL(".", import.meta.resolve("mysyncio/package.json"));

interface Member {
  readonly name: string;
  readonly socket: WebSocket;
  /** Messages that wait to be sent to this member. */
  readonly outbox: Queue<string>;
}

const members = new Set<Member>();

/** Sends a message to everyone, without waiting for slow members. */
function broadcast(news: { from?: string; text: string }): void {
  const text = JSON.stringify(news);
  for (const { outbox, socket } of members) {
    try {
      outbox.putNowait(text);
    } catch (error) {
      if (!(error instanceof QueueFull)) throw error;
      socket.terminate();
    }
  }
}

/** Serves one member for as long as it is connected. */
function* serveMember(socket: WebSocket, name: string): Coroutine<void> {
  const member = { name, socket, outbox: new Queue<string>(MAX_WAITING) };
  members.add(member);
  broadcast({ text: `${name} has joined` });
  try {
    yield* taskGroup(function* (group) {
      group.createTask(sendTo(member));
      group.createTask(pingRegularly(socket));
      yield* receiveFrom(member);
      group.cancel();
    });
  } catch (error) {
    // The others continue, whatever happens to this one.
    if (error instanceof CancelledError) throw error;
    const unexpected = unexpectedError(error);
    if (unexpected !== undefined) {
      const message = `The connection of ${name} failed`;
      getRunningLoop().callExceptionHandler({ message, exception: unexpected });
    }
  } finally {
    members.delete(member);
    broadcast({ text: `${name} has left` });
    socket.close(GOING_AWAY);
  }
}

function* receiveFrom({ name, socket }: Member): Coroutine<void> {
  // The stream reads from the socket only as fast as this coroutine takes messages.
  const messages = iterate<Buffer>(createWebSocketStream(socket, { readableObjectMode: true }));
  for (let next = yield* messages.next(); !next.done; next = yield* messages.next()) {
    broadcast({ from: name, text: String(next.value) });
  }
}

function* sendTo({ socket, outbox }: Member): Coroutine<void> {
  for (;;) {
    const text = yield* outbox.get();
    yield* fromPromise(new Promise((sent) => socket.send(text, sent)));
  }
}

/** Ends with an error if the peer does not respond. */
function* pingRegularly(socket: WebSocket): Coroutine<void> {
  for (;;) {
    yield* sleep(PING_EVERY);
    socket.ping();
    yield* timeout(PATIENCE, () => waitEvent(socket, "pong"));
  }
}

function* acceptAll(server: WebSocketServer, group: TaskGroup): Coroutine<void> {
  const connections = iterate(on(server, "connection"));
  for (let next = yield* connections.next(); !next.done; next = yield* connections.next()) {
    const [socket, { url }] = next.value as [WebSocket, IncomingMessage];
    const name = new URL(url ?? "/", "ws://chat").searchParams.get("name")?.trim();
    group.createTask(serveMember(socket, name?.slice(0, LONGEST_NAME) || "Somebody"));
  }
}

const FILES: Readonly<Record<string, string>> = {
  "/": "examples/chat/index.html",
  "/client.js": "examples/chat/client.js",
};

/** Serves the page, its program, and this package. */
async function answer({ url = "/" }: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = "/"] = url.split("?");
  const [, module] = /^\/mysyncio\/([\w-]+\.js)$/.exec(path) ?? [];
  const file = module === undefined ? FILES[path] : `dist/${module}`;
  try {
    if (file === undefined) throw new Error("There is no such file");
    const content = await readFile(new URL(file, ROOT));
    const type = file.endsWith(".html") ? "text/html" : "text/javascript";
    response.setHeader("Content-Type", `${type}; charset=utf-8`).end(content);
  } catch {
    response.writeHead(404).end("Not found\n");
  }
}

function* listen(server: Server, port: number, host: string): Coroutine<void> {
  server.listen(port, host);
  yield* waitEvent(server, "listening");
}

/** Returns undefined for the usual errors: peers leave, break the connection, or send too much. */
function unexpectedError(error: unknown): unknown {
  const { errors = [error] } = error as { errors?: unknown[] };
  return errors.find((one) => {
    const { code } = one as { code?: string };
    return !(one instanceof TimeoutError || code === "ECONNRESET" || code?.startsWith("WS_ERR"));
  });
}

const [port = "8080", host = "127.0.0.1"] = argv.slice(2);

try {
  await run(function* () {
    const server = createServer(answer);
    const sockets = new WebSocketServer({ server, path: "/chat", maxPayload: LONGEST_MESSAGE });
    try {
      yield* listen(server, Number(port), host);
      console.log(`Listening on http://${urlHost(server.address())}/`);
      yield* taskGroup((group) => acceptAll(sockets, group));
    } finally {
      sockets.close();
      server.close();
      server.closeAllConnections();
    }
  });
} catch (error) {
  // Ctrl-C cancels the main task, and so every member.
  if (!(error instanceof CancelledError)) throw error;
  console.log("Closed");
}
