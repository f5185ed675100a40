// Both ends of an encrypted connection: an echo server over TLS, and a client for it.
//
//   openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost \
//     -addext subjectAltName=DNS:localhost,IP:127.0.0.1
//   node build/examples/tlsEcho.js server key.pem cert.pem [port [host]]
//   node build/examples/tlsEcho.js client cert.pem [port [host]]
//
// The client trusts only this certificate, sends its standard input, and prints the responses. Other
// clients work too: openssl s_client -connect localhost:7443 -CAfile cert.pem. Ctrl-C ends either
// program.

import { readFileSync } from "node:fs";
import { argv, exit, stderr, stdin, stdout } from "node:process";
import {
  CancelledError,
  type Coroutine,
  iterate,
  openConnection,
  run,
  type StreamReader,
  type StreamWriter,
  startServer,
  TimeoutError,
  taskGroup,
  timeout,
} from "mysyncio/node";
import { urlHost } from "./urlHost.ts";

const CHUNK = 65_536;
/** How long a peer may be idle, in milliseconds. */
const IDLE = 60_000;
/** How long a client may take to connect, in milliseconds. */
const CONNECT = 10_000;

/**
 * Serves one connection, after the handshake. A handshake that fails is reported, and does not
 * affect others.
 */
function* echo(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  try {
    for (;;) {
      const bytes = yield* timeout(IDLE, () => reader.read(CHUNK));
      if (bytes.length === 0) return;
      writer.write(bytes);
      yield* timeout(IDLE, () => writer.drain());
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (error instanceof TimeoutError) writer.abort();
    else if (code !== "ECONNRESET" && code !== "EPIPE") throw error;
  }
}

function* serve(keyFile: string, certFile: string, port: number, host: string): Coroutine<void> {
  const tls = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  const server = yield* startServer(echo, { host, port, tls });
  console.log(`Listening on ${urlHost(server.address())}`);
  yield* server.serveForever();
}

function* talk(certFile: string, port: number, host: string): Coroutine<void> {
  const tls = { ca: readFileSync(certFile) };
  const [reader, writer] = yield* timeout(CONNECT, () => openConnection({ host, port, tls }));
  const { name, version } = writer.getExtraInfo("cipher") as { name: string; version: string };
  console.error(`Connected with ${version}, ${name}`);
  try {
    yield* taskGroup(function* (group) {
      group.createTask(sendInput(writer));
      for (;;) {
        const bytes = yield* reader.read(CHUNK);
        if (bytes.length === 0) break;
        stdout.write(bytes);
      }
      group.cancel(); // the server may end first
    });
    writer.close();
    yield* writer.waitClosed();
  } finally {
    writer.abort();
    stdin.destroy(); // open input would keep the process alive
  }
}

function* sendInput(writer: StreamWriter): Coroutine<void> {
  const input = iterate<Buffer>(stdin);
  for (let next = yield* input.next(); !next.done; next = yield* input.next()) {
    writer.write(next.value);
    yield* writer.drain();
  }
  writer.writeEof();
}

const [what, ...args] = argv.slice(2);
const DEFAULT_PORT = "7443";

function main(): Coroutine<void> {
  if (what === "server" && args.length >= 2) {
    const [key = "", cert = "", port = DEFAULT_PORT, host = "127.0.0.1"] = args;
    return serve(key, cert, Number(port), host);
  }
  if (what === "client" && args.length >= 1) {
    const [cert = "", port = DEFAULT_PORT, host = "localhost"] = args;
    return talk(cert, Number(port), host);
  }
  stderr.write("Usage: tlsEcho.js server KEY CERT [port [host]] | client CERT [port [host]]\n");
  exit(2);
}

try {
  await run(main());
} catch (error) {
  // Ctrl-C cancels the main task, and `serveForever` has then closed every connection.
  if (error instanceof CancelledError) {
    console.log("Closed");
  } else if (what === "client") {
    const { code, message } = error as { code?: string; message: string };
    console.error(`Failed: ${code ?? message}`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
