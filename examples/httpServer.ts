// An HTTP/1.1 server written on streams, with keep-alive and pipelining: enough for curl, wrk and
// browsers.
//
// node build/examples/httpServer.js [port [host [patience]]]; then
//
//   curl http://localhost:8000/              Hello, world!
//   curl http://localhost:8000/after/500     the same, half a second later
//   curl http://localhost:8000/echo -d text  text
//   curl http://localhost:8000/fail          an error in a handler
//
// Ctrl-C ends it. `patience` is how long a request may take, in milliseconds.

import { STATUS_CODES } from "node:http";
import { argv } from "node:process";
import {
  CancelledError,
  type Coroutine,
  getRunningLoop,
  moveOnAfter,
  run,
  type StreamReader,
  type StreamWriter,
  sleep,
  startServer,
  type Timeout,
  TimeoutError,
  timeout,
} from "mysyncio/node";
import { HttpError, type HttpRequest, LONGEST_HEAD, readRequest } from "./httpRequest.ts";
import { urlHost } from "./urlHost.ts";

const [port = "8000", host = "127.0.0.1", patience = "30000"] = argv.slice(2);

/**
 * How long a request may take, including the pause before it and the response. A rejected peer may
 * continue to send for as long.
 */
const PATIENCE = Number(patience);

interface HttpResponse {
  readonly status: number;
  readonly body: string | Uint8Array;
  readonly allow?: string;
}

/** The routes of this server. */
function* answer({ method, target, body }: HttpRequest): Coroutine<HttpResponse> {
  if (target === "/echo") {
    if (method === "POST") return { status: 200, body };
    return { status: 405, body: "Only POST is allowed\n", allow: "POST" };
  }
  const [, after] = /^\/after\/(\d{1,4})$/.exec(target) ?? [];
  if (target !== "/" && target !== "/fail" && after === undefined) {
    return { status: 404, body: "Not found\n" };
  }
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, body: "Only GET is allowed\n", allow: "GET, HEAD" };
  }
  if (after !== undefined) yield* sleep(Number(after));
  if (target === "/fail") throw new Error("This handler fails on purpose");
  return { status: 200, body: "Hello, world!\n" };
}

/** Serves one connection. */
function* serve(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  try {
    yield* answerOrRefuse(reader, writer);
    yield* hangUp(reader, writer);
  } catch (error) {
    // A peer may leave at any time.
    const { code } = error as { code?: string };
    if (code !== "ECONNRESET" && code !== "EPIPE") throw error;
  }
}

/** Answers all requests of a connection, up to the first one that is refused. */
function* answerOrRefuse(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  try {
    yield* timeout(PATIENCE, (scope) => answerAll(reader, writer, scope));
  } catch (error) {
    if (error instanceof HttpError) refuse(writer, error.status, error.message);
    else if (error instanceof TimeoutError) refuse(writer, 408, "The request took too long");
    else throw error;
  }
}

/** Answers the requests of a connection, one after the other. */
function* answerAll(reader: StreamReader, writer: StreamWriter, scope: Timeout): Coroutine<void> {
  const loop = getRunningLoop();
  const onExpect = () => writer.write("HTTP/1.1 100 Continue\r\n\r\n");
  for (;;) {
    const request = yield* readRequest(reader, onExpect);
    if (request === undefined) return;
    const { keepAlive, method } = request;
    send(writer, yield* answerTo(request), keepAlive, method === "HEAD");
    yield* writer.drain();
    if (!keepAlive) return;
    scope.reschedule(loop.time() + PATIENCE);
  }
}

/**
 * Always returns a response. If a handler throws, the error is reported here, and the response only
 * says that there was one.
 */
function* answerTo(request: HttpRequest): Coroutine<HttpResponse> {
  try {
    return yield* answer(request);
  } catch (exception) {
    if (exception instanceof CancelledError) throw exception;
    const message = `${request.method} ${request.target} failed`;
    getRunningLoop().callExceptionHandler({ message, exception });
    return { status: 500, body: "Internal error\n" };
  }
}

/**
 * Ends a connection. Closing it immediately, while data is unread, would discard the response on
 * its way to the peer.
 */
function* hangUp(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  writer.writeEof();
  yield* moveOnAfter(PATIENCE, function* () {
    while (!reader.atEof()) yield* reader.read(LONGEST_HEAD);
    writer.close();
    yield* writer.waitClosed();
  });
  // Otherwise, a peer that reads nothing would keep the connection open forever.
  writer.abort();
}

function refuse(writer: StreamWriter, status: number, message: string): void {
  send(writer, { status, body: `${message}\n` }, false, false);
}

function send(
  writer: StreamWriter,
  { status, body, allow }: HttpResponse,
  keepAlive: boolean,
  isHead: boolean,
): void {
  const head =
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n` +
    `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
    (allow === undefined ? "" : `Allow: ${allow}\r\n`) +
    `Date: ${date()}\r\nConnection: ${keepAlive ? "keep-alive" : "close"}\r\n\r\n`;
  if (isHead) writer.write(head);
  else if (typeof body === "string") writer.write(head + body);
  else writer.writelines([head, body]);
}

let second = 0;
let dateOfSecond = "";

/** The time in HTTP's format, formatted once a second. */
function date(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    dateOfSecond = new Date(now * 1000).toUTCString();
  }
  return dateOfSecond;
}

try {
  await run(function* () {
    const server = yield* startServer(serve, { host, port: Number(port), limit: LONGEST_HEAD });
    console.log(`Listening on http://${urlHost(server.address())}/`);
    yield* server.serveForever();
  });
} catch (error) {
  // Ctrl-C cancels the main task, and `serveForever` has then closed every connection.
  if (!(error instanceof CancelledError)) throw error;
  console.log("Closed");
}
