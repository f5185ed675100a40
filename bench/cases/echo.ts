import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import {
  type Coroutine,
  gather,
  openConnection,
  run,
  type StreamReader,
  type StreamWriter,
  startServer,
} from "mysyncio/node";
import type { Case, Comparison } from "../harness/compare.ts";
import { count, sized } from "../sizes.ts";

const ROUND_TRIPS = sized(32_000);
const MESSAGE = Buffer.alloc(64, "x");
const HOST = "127.0.0.1";

function* answer(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  for (;;) {
    const data = yield* reader.read(65_536);
    if (data.length === 0) return;
    writer.write(data);
    yield* writer.drain();
  }
}

function* ask(port: number, times: number): Coroutine<void> {
  const [reader, writer] = yield* openConnection({ host: HOST, port });
  for (let i = 0; i < times; i++) {
    writer.write(MESSAGE);
    yield* writer.drain();
    yield* reader.readexactly(MESSAGE.length);
  }
  writer.close();
}

function* echo(connections: number): Coroutine<void> {
  const server = yield* startServer(answer, { host: HOST });
  const { port } = server.address() as AddressInfo;
  const times = ROUND_TRIPS / connections;
  yield* gather(Array.from({ length: connections }, () => ask(port, times)));
  server.close();
  yield* server.waitClosed();
}

/** The same with only Node's callbacks. */
async function echoBare(connections: number): Promise<void> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("data", (data) => socket.write(data));
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const times = ROUND_TRIPS / connections;
  await Promise.all(Array.from({ length: connections }, () => askBare(port, times)));
  server.close();
}

function askBare(port: number, times: number): Promise<void> {
  return new Promise((resolve) => {
    let left = times;
    let received = 0;
    const socket = connect({ host: HOST, port, noDelay: true });
    socket.on("connect", () => socket.write(MESSAGE));
    socket.on("data", (data) => {
      received += data.length;
      if (received < MESSAGE.length) return;
      received = 0;
      if (--left > 0) socket.write(MESSAGE);
      else socket.end(resolve);
    });
  });
}

function row(connections: number): Comparison {
  return {
    what: `${count(ROUND_TRIPS)} messages of 64 bytes over ${connections} connection${connections > 1 ? "s" : ""}`,
    operations: ROUND_TRIPS,
    ours: { name: "streams", run: () => run(() => echo(connections)) },
    others: [{ name: "node:net callbacks", run: () => echoBare(connections), atLeast: 0.9 }],
  };
}

export default {
  name: "echo",
  question: "What does a round trip over TCP cost, both ends in this process?",
  rounds: 3,
  comparisons: [row(1), row(64)],
} satisfies Case;
