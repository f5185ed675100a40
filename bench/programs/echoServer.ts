// An echo server with streams, or with only callbacks. Prints its port. For each line that it
// reads, it prints its memory in bytes.

import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import { argv, stdin } from "node:process";
import {
  type Coroutine,
  iterate,
  run,
  type StreamReader,
  type StreamWriter,
  startServer,
} from "mysyncio/node";

const HOST = "127.0.0.1";

export interface Memory {
  readonly resident: number;
  /** The heap, and the external memory of its objects. */
  readonly heap: number;
}

function* echo(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  for (;;) {
    const bytes = yield* reader.read(65_536);
    if (bytes.length === 0) return;
    writer.write(bytes);
    yield* writer.drain();
  }
}

function* serve(): Coroutine<void> {
  const server = yield* startServer(echo, { host: HOST, backlog: 4_096 });
  console.log((server.address() as AddressInfo).port);
  const lines = iterate(stdin);
  for (let next = yield* lines.next(); !next.done; next = yield* lines.next()) printMemory();
}

function serveBare(): void {
  const server: NetServer = createServer({ noDelay: true }, (socket) => {
    socket.on("data", (bytes) => socket.write(bytes));
    socket.on("error", () => {});
  });
  server.listen({ host: HOST, port: 0, backlog: 4_096 }, () => {
    console.log((server.address() as AddressInfo).port);
  });
  stdin.on("data", printMemory);
}

function printMemory(): void {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  console.log(JSON.stringify({ resident: rss, heap: heapUsed + external } satisfies Memory));
}

if (argv[2] === "streams") await run(serve);
else serveBare();
