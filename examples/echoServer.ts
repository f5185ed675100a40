// An echo server: whoever connects reads what it writes.
//
// node build/examples/echoServer.js [port [host [patience]]]; then, for example, nc localhost 7000. Ctrl-C ends it.
//
// It loses its patience with a peer that for so many milliseconds neither writes nor reads: by default a minute.

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

/** Serves one connection, until its peer ends it or does nothing for too long. */
function* echo(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  try {
    for (;;) {
      const bytes = yield* timeout(idle, () => reader.read(CHUNK));
      if (bytes.length === 0) return;
      writer.write(bytes);
      // A peer that does not read has to wait: nothing more is read from it meanwhile.
      yield* timeout(idle, () => writer.drain());
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (error instanceof TimeoutError) {
      // To close it would wait until the peer has read everything.
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
  // Ctrl-C cancels what `run` runs, and `serveForever` has closed every connection.
  if (!(error instanceof CancelledError)) throw error;
  console.log("Closed");
}
