// Cancels the user of a real socket at every possible point: before each turn of the loop, and
// before each step of a task or callback. The next user must find everything in order.
//
// The system decides when bytes arrive, so no two runs are alike. The points are counted again in
// each run, until a run ends before its point is reached.

import { once } from "node:events";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventLoop } from "../../src/index.ts";
import {
  CancelledError,
  type Coroutine,
  createTask,
  fromPromise,
  getRunningLoop,
  openConnection,
  type StreamReader,
  type StreamWriter,
  startServer,
  type Task,
} from "../../src/node.ts";
import { openHandles, portOf, quietly, untilClosed } from "../io/node/network.ts";
import { text } from "../io/utf8.ts";

let before: string[];

beforeEach(() => {
  before = openHandles();
});

afterEach(async () => {
  expect(await untilClosed(before)).toEqual(before);
});

/**
 * Calls `strike` once, at a point of the running loop. Returns a function that removes the hook and
 * returns whether the call was made.
 */
function strikeAt(point: number, strike: () => void): () => boolean {
  const { _core: core } = getRunningLoop() as EventLoop;
  const { turn, take } = core;
  let left = point;
  const count = () => {
    if (--left === 0) strike();
  };
  core.turn = (now) => {
    count();
    return turn.call(core, now);
  };
  core.take = () => {
    count();
    return take.call(core);
  };
  return () => {
    Reflect.deleteProperty(core, "turn");
    Reflect.deleteProperty(core, "take");
    return left <= 0;
  };
}

/**
 * Runs `scene` for each of its points, until it ends before its point. Returns the number of
 * points.
 */
async function everywhere(scene: (point: number) => Coroutine<boolean>): Promise<number> {
  for (let point = 1; point < MAX_POINTS; point++) {
    if (!(await quietly(() => scene(point)))) return point - 1;
  }
  throw new Error(`Expected a scene to be over within ${MAX_POINTS} points`);
}

const MAX_POINTS = 2_000;

/** How a task ended, ignoring its result. */
function* isCancelled(task: Task<unknown>): Coroutine<boolean> {
  try {
    yield* task;
  } catch (error) {
    if (error instanceof CancelledError) return true;
    throw error;
  }
  return false;
}

async function bare(onSocket: (socket: Socket) => void): Promise<NetServer> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const SENT = "ab\ncdefgh!ijkl\nmnop";

/** Sends `SENT` in pieces, each in a macrotask. */
async function sendPieces(socket: Socket): Promise<void> {
  for (let at = 0; at < SENT.length; at += 3) {
    socket.write(SENT.slice(at, at + 3));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
}

function* readAll(reader: StreamReader, got: string[]): Coroutine<void> {
  const reads = [
    () => reader.readline(),
    () => reader.readuntil("!"),
    () => reader.readexactly(3),
    () => reader.read(1),
    () => reader.read(),
  ];
  for (const read of reads) got.push(text(yield* read()));
}

test("a cancelled reader leaves every byte to the next one", async () => {
  const server = await bare((socket) => void sendPieces(socket));
  const points = await everywhere(function* (point) {
    const [reader, writer] = yield* openConnection({ host: "127.0.0.1", port: portOf(server) });
    const got: string[] = [];
    const task = createTask(readAll(reader, got));
    const end = strikeAt(point, () => task.cancel());
    const wasCancelled = yield* isCancelled(task);
    const isStruck = end();
    got.push(text(yield* reader.read()));
    writer.close();
    yield* writer.waitClosed();
    expect(got.join("")).toBe(SENT);
    return isStruck && wasCancelled;
  });
  server.close();
  expect(points).toBeGreaterThan(5);
});

test("a cancelled writer has sent exactly the data it wrote", async () => {
  const LINES = 12;
  // A line is longer than what the system takes at once.
  const LINE = "x".repeat(1_000_000);
  let received = 0;
  let ended = () => {};
  const server = await bare((socket) => {
    received = 0;
    socket.on("data", ({ length }) => {
      received += length;
    });
    socket.on("end", () => {
      ended();
      socket.end();
    });
  });
  const points = await everywhere(function* (point) {
    const allRead = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const [, writer] = yield* openConnection({ host: "127.0.0.1", port: portOf(server) });
    let written = 0;
    const task = createTask(function* () {
      for (let i = 0; i < LINES; i++) {
        writer.write(LINE);
        written += LINE.length;
        yield* writer.drain();
      }
    });
    const end = strikeAt(point, () => task.cancel());
    const wasCancelled = yield* isCancelled(task);
    const isStruck = end();
    writer.close();
    yield* fromPromise(allRead);
    yield* writer.waitClosed();
    expect(received).toBe(written);
    return isStruck && wasCancelled;
  });
  server.close();
  expect(points).toBeGreaterThan(5);
});

function* converse(port: number): Coroutine<string> {
  const [reader, writer] = yield* openConnection({ host: "127.0.0.1", port });
  try {
    let got = "";
    for (const line of ["one\n", "two\n", "three\n"]) {
      writer.write(line);
      yield* writer.drain();
      got += text(yield* reader.readline());
    }
    writer.writeEof();
    return got + text(yield* reader.read());
  } finally {
    writer.close();
    yield* writer.waitClosed();
  }
}

function* echoLines(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  for (let line = yield* reader.readline(); line.length > 0; line = yield* reader.readline()) {
    writer.write(line);
    yield* writer.drain();
  }
}

test("a server can close after its client was cancelled at any point", async () => {
  const points = await everywhere(function* (point) {
    const server = yield* startServer(echoLines, { host: "127.0.0.1" });
    const client = createTask(converse(portOf(server)));
    const end = strikeAt(point, () => client.cancel());
    const wasCancelled = yield* isCancelled(client);
    const isStruck = end();
    if (!wasCancelled) expect(yield* client).toBe("one\ntwo\nthree\n");
    server.close();
    yield* server.waitClosed();
    return isStruck && wasCancelled;
  });
  expect(points).toBeGreaterThan(15);
});

test("a server can close after it cancels or aborts its clients at any point", async () => {
  for (const how of ["cancelClients", "abortClients"] as const) {
    const points = await everywhere(function* (point) {
      const server = yield* startServer(echoLines, { host: "127.0.0.1" });
      const client = createTask(converse(portOf(server)));
      const end = strikeAt(point, () => {
        server.close();
        server[how]();
      });
      try {
        yield* client;
      } catch (error) {
        // Any of these codes, because the client may have been connecting, waiting or served.
        expect((error as NodeJS.ErrnoException).code).toMatch(/ECONNRE(SET|FUSED)|EPIPE/);
      }
      const isStruck = end();
      server.close();
      server[how]();
      yield* server.waitClosed();
      return isStruck;
    });
    expect(points).toBeGreaterThan(15);
  }
});
