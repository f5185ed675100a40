import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { Readable } from "node:stream";
import {
  type Coroutine,
  createTask,
  openConnection,
  run,
  type StreamReader,
  type StreamWriter,
  startServer,
} from "mysyncio/node";
import type { Case } from "../harness/compare.ts";
import { sized } from "../sizes.ts";

const CHUNKS = sized(16_384);
const CHUNK = Buffer.alloc(65_536, "x");
const BYTES = CHUNKS * CHUNK.length;
const HOST = "127.0.0.1";

/** Copies everything from one stream to another. */
function* copy(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  for (;;) {
    const data = yield* reader.read(CHUNK.length);
    if (data.length === 0) return;
    writer.write(data);
    yield* writer.drain();
  }
}

function* send(writer: StreamWriter): Coroutine<void> {
  for (let sent = 0; sent < BYTES; sent += CHUNK.length) {
    writer.write(CHUNK);
    yield* writer.drain();
  }
  writer.writeEof();
}

/** Transfers data to a server that sends everything back. */
function* thereAndBack(): Coroutine<void> {
  const server = yield* startServer(copy, { host: HOST });
  const { port } = server.address() as AddressInfo;
  const [reader, writer] = yield* openConnection({ host: HOST, port });
  const sending = createTask(send(writer));
  let received = 0;
  while (!reader.atEof()) received += (yield* reader.read(CHUNK.length)).length;
  yield* sending;
  writer.close();
  server.close();
  yield* server.waitClosed();
  checkReceived(received);
}

async function thereAndBackBare(): Promise<void> {
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(0, HOST);
  await once(server, "listening");
  const socket = connect({ host: HOST, port: (server.address() as AddressInfo).port });
  let sent = 0;
  let received = 0;
  const source = new Readable({
    read() {
      sent += CHUNK.length;
      this.push(sent <= BYTES ? CHUNK : null);
    },
  });
  source.pipe(socket);
  socket.on("data", (data) => {
    received += data.length;
  });
  await once(socket, "close");
  server.close();
  checkReceived(received);
}

function checkReceived(received: number): void {
  if (received !== BYTES) throw new Error(`Expected ${BYTES} bytes to come back, got ${received}`);
}

export default {
  name: "bulk",
  question: "How fast do many bytes travel to a server and back?",
  rounds: 5,
  comparisons: [
    {
      what: `${CHUNKS / 16} MiB over TCP, in pieces of 64 KiB`,
      operations: CHUNKS,
      ours: { name: "streams", run: () => run(thereAndBack) },
      others: [{ name: "pipe of node:net sockets", run: thereAndBackBare, atLeast: 0.85 }],
    },
  ],
} satisfies Case;
