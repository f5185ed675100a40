// An echo server: returns everything that a client sends.
//
// node build/examples/echoServer.js [port [host [patience]]]; then, for example, nc localhost 7000.
// Ctrl-C ends it.
//
// `patience` is how long a peer may neither write nor read, in milliseconds. The default is a
// minute.

import { argv } from "node:process";
import {
  CancelledError,
  type Coroutine,
  run,
  type StreamReader,
  type StreamWriter,
  startServer,
  TimeoutError,
  timeout,
} from "mysyncio/node";
import { urlHost } from "./urlHost.ts";

const CHUNK = 65_536;

const [port = "7000", host = "127.0.0.1", patience = "60000"] = argv.slice(2);
const idle = Number(patience);

/** Serves one connection, until its peer ends it or is idle for too long. */
function* echo(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  try {
    for (;;) {
      const bytes = yield* timeout(idle, () => reader.read(CHUNK));
      if (bytes.length === 0) return;
      writer.write(bytes);
      // While a peer does not read what it was sent, nothing more is read from it.
      yield* timeout(idle, () => writer.drain());
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (error instanceof TimeoutError) {
      // close() would wait until the peer has read everything.
      writer.abort();
    } else if (code !== "ECONNRESET" && code !== "EPIPE") {
      throw error;
    }
  }
}

try {
  await run(function* () {
    const server = yield* startServer(echo, { host, port: Number(port) });
    console.log(`Listening on ${urlHost(server.address())}`);
    yield* server.serveForever();
  });
} catch (error) {
  // Ctrl-C cancels the main task, and `serveForever` has then closed every connection.
  if (!(error instanceof CancelledError)) throw error;
  console.log("Closed");
}
