// Connections between two sides. One file, because all cases share the pair of them.

import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  fromPromise,
  getRunningLoop,
  newEventLoop,
  openConnection,
  openUnixConnection,
  type StreamReader,
  type StreamWriter,
  sleep,
  type Task,
  TimeoutError,
  timeout,
  waitFor,
} from "../../../src/node.ts";
import { caught } from "../../support/caught.ts";
import { text } from "../utf8.ts";
import {
  bareServer,
  openHandles,
  portOf,
  quietly,
  settle,
  settled,
  untilClosed,
  withPath,
} from "./network.ts";

let before: string[];

beforeEach(() => {
  before = openHandles();
});

afterEach(async () => {
  expect(await untilClosed(before)).toEqual(before);
});

/** Connects to a bare server, and lets `serve` handle the server's socket. */
async function toServer<T>(
  onSocket: (socket: Socket) => void,
  client: (reader: StreamReader, writer: StreamWriter) => Coroutine<T>,
  limit?: number,
): Promise<T> {
  const server = await bareServer(onSocket);
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  try {
    return await quietly(function* () {
      const options = limit === undefined ? {} : { limit };
      const [reader, writer] = yield* openConnection({ port: portOf(server), ...options });
      try {
        return yield* client(reader, writer);
      } finally {
        writer.close();
      }
    });
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

function* failure(body: Coroutine<unknown> | Task<unknown>): Coroutine<NodeJS.ErrnoException> {
  try {
    yield* body;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error("Nothing was thrown");
}

test("a client sends a request and receives the response", async () => {
  const answer = await toServer(
    (socket) => socket.on("data", (data) => socket.end(`you said ${data}`)),
    function* (reader, writer) {
      writer.write("hello\n");
      yield* writer.drain();
      return [text(yield* reader.readline()), text(yield* reader.read()), reader.atEof()];
    },
  );
  expect(answer).toEqual(["you said hello\n", "", true]);
});

test("reads return a plain Uint8Array, not a Buffer", async () => {
  const data = await toServer(
    (socket) => socket.end("ab"),
    function* (reader) {
      return yield* reader.read();
    },
  );
  expect(data.constructor).toBe(Uint8Array);
});

test("each side may end its own half of the connection", async () => {
  const answer = await toServer(
    (socket) => {
      let sum = 0;
      socket.on("data", (data) => {
        sum += data.length;
      });
      socket.on("end", () => socket.end(`${sum} bytes`));
    },
    function* (reader, writer) {
      writer.writelines(["abc", "def"]);
      writer.writeEof();
      return text(yield* reader.read());
    },
  );
  expect(answer).toBe("6 bytes");
});

test("writing still works after the peer has ended its half", async () => {
  const got = deferred();
  const sent = await toServer(
    (socket) => {
      socket.end("bye");
      socket.on("data", (data) => got.resolve(String(data)));
    },
    function* (reader, writer) {
      const said = text(yield* reader.read());
      writer.write("and you");
      return [said, yield* fromPromise(got.promise)];
    },
  );
  expect(sent).toEqual(["bye", "and you"]);
});

function deferred() {
  let resolve: (value: unknown) => void = () => {};
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

test("a peer that writes a lot has to wait while nobody reads, and nothing is lost", async () => {
  const TOTAL = 8_000_000;
  const chunk = Buffer.alloc(100_000, "x");
  let socketOf: Socket | undefined;
  const [held, total] = await toServer(
    (socket) => {
      socketOf = socket;
      for (let i = 0; i < TOTAL / chunk.length; i++) socket.write(chunk);
      socket.end();
    },
    function* (reader) {
      yield* settle();
      const left = socketOf?.writableLength ?? 0;
      let sum = 0;
      for (;;) {
        const data = yield* reader.read(50_000);
        if (data.length === 0) break;
        sum += data.length;
      }
      return [left, sum];
    },
    10_000,
  );
  expect(held).toBeGreaterThan(100_000);
  expect(total).toBe(TOTAL);
});

test("drain waits while the peer does not read, and memory stays bounded", async () => {
  let most = 0;
  const error = await toServer(
    (socket) => socket.pause(),
    function* (_, writer) {
      const socket = writer.getExtraInfo("socket") as Socket;
      const chunk = new Uint8Array(100_000);
      const write = function* () {
        for (;;) {
          writer.write(chunk);
          yield* writer.drain();
          most = Math.max(most, socket.writableLength);
        }
      };
      const stuck = yield* failure(waitFor(write, 300));
      socket.destroy();
      return stuck;
    },
  );
  expect(error).toBeInstanceOf(TimeoutError);
  expect(most).toBeLessThan(200_000);
});

describe("a reset", () => {
  const reset = async (socket: Socket) => {
    await settled();
    socket.resetAndDestroy();
  };

  test("during a read makes the read throw an error with Node's code", async () => {
    const { code } = await toServer(reset, (reader) => failure(reader.readexactly(5)));
    expect(code).toBe("ECONNRESET");
  });

  test("still lets earlier data be read", async () => {
    const result = await toServer(
      (socket) => {
        socket.write("before");
        void reset(socket);
      },
      function* (reader) {
        yield* settle();
        yield* settle();
        const came = text(yield* reader.read(100));
        return [came, (yield* failure(reader.read(100))).code];
      },
    );
    expect(result).toEqual(["before", "ECONNRESET"]);
  });

  test("during a write makes drain and waitClosed fail", async () => {
    const codes = await toServer(reset, function* (_, writer) {
      const write = function* (): Coroutine<never> {
        for (;;) {
          writer.write(new Uint8Array(100_000));
          yield* writer.drain();
          yield* sleep(1);
        }
      };
      const first = yield* failure(write());
      writer.write("ignored");
      const second = yield* failure(writer.waitClosed());
      return [first.code, second.code];
    });
    for (const code of codes) expect(code).toMatch(/ECONNRESET|EPIPE/);
  });
});

describe("abort", () => {
  /** Records how the peer's socket ends. */
  const noting = (trace: string[]) => (socket: Socket) => {
    socket.on("end", () => trace.push("end"));
    socket.on("error", ({ code }: NodeJS.ErrnoException) => trace.push(code ?? ""));
    socket.on("close", () => trace.push("closed"));
    socket.resume();
  };

  /** Waits until the peer has recorded its end. */
  function* untilNoted(trace: string[]): Coroutine<string[]> {
    while (!trace.includes("closed")) yield* sleep(5);
    return trace;
  }

  test("resets the connection, and fails a waiting read", async () => {
    const trace: string[] = [];
    const result = await toServer(noting(trace), function* (reader, writer) {
      const reading = createTask(failure(reader.readexactly(5)));
      yield* sleep(10);
      writer.abort();
      writer.write("dropped");
      yield* writer.waitClosed();
      const codes = [(yield* reading).code, (yield* failure(writer.drain())).code];
      return [codes, yield* untilNoted(trace)];
    });
    expect(result).toEqual([
      ["ECONNABORTED", "ECONNABORTED"],
      ["ECONNRESET", "closed"],
    ]);
  });

  test("still lets earlier data be read", async () => {
    const result = await toServer(
      (socket) => socket.write("before"),
      function* (reader, writer) {
        yield* settle();
        writer.abort();
        yield* writer.waitClosed();
        const came = text(yield* reader.read(100));
        return [came, (yield* failure(reader.read(100))).code];
      },
    );
    expect(result).toEqual(["before", "ECONNABORTED"]);
  });

  test("ends a close() that waits for a peer that never reads", async () => {
    const result = await toServer(
      (socket) => socket.pause(),
      function* (_, writer) {
        const socket = writer.getExtraInfo("socket") as Socket;
        writer.write(new Uint8Array(30_000_000));
        const draining = createTask(failure(writer.drain()));
        yield;
        writer.close();
        const stuck = yield* failure(waitFor(writer.waitClosed(), 50));
        const held = socket.writableLength > 0;
        writer.abort();
        yield* writer.waitClosed();
        return [stuck instanceof TimeoutError, held, (yield* draining).code, socket.closed];
      },
    );
    expect(result).toEqual([true, true, "ECONNABORTED", true]);
  });

  test.each([
    ["right after writeEof()", (writer: StreamWriter) => writer.writeEof(), 0],
    ["right after close()", (writer: StreamWriter) => writer.close(), 0],
    ["a moment after writeEof()", (writer: StreamWriter) => writer.writeEof(), 30],
  ])("also closes the connection %s", async (_, end, delay) => {
    const isClosed = await toServer(
      (socket) => socket.resume().allowHalfOpen,
      function* (_, writer) {
        end(writer);
        if (delay > 0) yield* sleep(delay);
        writer.abort();
        yield* writer.waitClosed();
        return (writer.getExtraInfo("socket") as Socket).closed;
      },
    );
    expect(isClosed).toBe(true);
  });

  test("closes a connection over a Unix domain socket", async () => {
    await withPath(async (path) => {
      const trace: string[] = [];
      const server = createServer(noting(trace)).listen(path);
      await once(server, "listening");
      await quietly(function* () {
        const [reader, writer] = yield* openUnixConnection(path);
        const reading = createTask(failure(reader.read()));
        yield;
        writer.abort();
        yield* writer.waitClosed();
        trace.push((yield* reading).code ?? "");
        yield* untilNoted(trace);
      });
      server.close();
      expect(trace.toSorted()).toEqual(["ECONNABORTED", "closed", "end"]);
    });
  });
});

test("a timeout ends a read even if the peer keeps sending one byte at a time", async () => {
  let timer: NodeJS.Timeout | undefined;
  const result = await toServer(
    (socket) => {
      timer = setInterval(() => socket.write("x"), 20);
      socket.on("close", () => clearInterval(timer));
    },
    function* (reader, writer) {
      const error = yield* failure(timeout(100, () => reader.readline()));
      const came = (yield* reader.read(100)).length;
      writer.close();
      return [error instanceof TimeoutError, came > 0];
    },
  );
  clearInterval(timer);
  expect(result).toEqual([true, true]);
});

test("a read that is cancelled again and again loses no byte", async () => {
  const TOTAL = 200_000;
  const got = await toServer(
    (socket) => {
      for (let i = 0; i < TOTAL; i += 1000) {
        socket.write(Uint8Array.from({ length: 1000 }, (_, at) => (i + at) % 251));
      }
      socket.end();
    },
    function* (reader) {
      const parts: Uint8Array[] = [];
      for (let i = 0; ; i++) {
        const task = createTask(function* () {
          const data = yield* reader.read(1 + (i % 1500));
          parts.push(data);
          return data.length;
        });
        if (i % 3 === 0) yield;
        if (i % 2 === 0) task.cancel();
        try {
          if ((yield* task) === 0) return Buffer.concat(parts);
        } catch {
          // cancelled
        }
      }
    },
  );
  expect(got.length).toBe(TOTAL);
  expect(got.every((byte, at) => byte === at % 251)).toBe(true);
});

test("getExtraInfo returns the addresses of both ends, and the socket", async () => {
  const [peer, name, socket, other] = await toServer(
    (socket) => socket.end(),
    function* (_, writer) {
      yield;
      return ["peername", "sockname", "socket", "nothing"].map((what) => writer.getExtraInfo(what));
    },
  );
  expect(peer).toMatchObject({
    port: expect.any(Number),
    family: expect.stringMatching(/IPv[46]/),
  });
  expect(name).toMatchObject({ port: expect.any(Number), address: expect.any(String) });
  expect([(socket as Socket).destroyed === undefined, other]).toEqual([false, undefined]);
});

describe("the error of a failed connection", () => {
  test("has Node's code and a message if nothing listens on the port", async () => {
    const server = await bareServer(() => {});
    const port = portOf(server);
    server.close();
    await once(server, "close");
    for (const host of ["127.0.0.1", "localhost"]) {
      const error = await quietly(() => failure(openConnection({ host, port })));
      expect(error.code).toBe("ECONNREFUSED");
      expect(error.message).toContain("ECONNREFUSED");
    }
  });

  test("has Node's code and a message if several addresses were tried", async () => {
    const server = await bareServer(() => {});
    const port = portOf(server);
    server.close();
    await once(server, "close");
    const addresses = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 }));
    const error = await quietly(() =>
      failure(
        openConnection({
          host: "two.invalid",
          port,
          autoSelectFamily: true,
          lookup: (_host, _options, done) => done(null, addresses),
        }),
      ),
    );
    // In a vm context it belongs to another realm.
    expect(error.name).toBe("AggregateError");
    expect(error.code).toBe("ECONNREFUSED");
    for (const { address } of addresses) expect(error.message).toContain(address);
  });

  test("has Node's code if the host does not exist", async () => {
    const { code } = await quietly(() => failure(openConnection({ host: "no.invalid", port: 1 })));
    expect(code).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  test("has Node's code if the path does not exist", async () => {
    const { code } = await quietly(() => failure(openUnixConnection("/nowhere/at/all")));
    expect(code).toBe("ENOENT");
  });
});

describe("a cancellation", () => {
  test("at any point of connecting leaves no socket behind", async () => {
    const server = await bareServer((socket) => socket.resume());
    for (let turns = 0; turns < 12; turns++) {
      await quietly(function* () {
        const task = createTask(function* () {
          const [, writer] = yield* openConnection({ port: portOf(server) });
          try {
            yield* sleep(1000);
          } finally {
            writer.close();
          }
        });
        for (let i = 0; i < turns; i++) {
          if (i % 2 === 0) yield;
          else yield* fromPromise(new Promise((resolve) => setImmediate(resolve)));
        }
        const { _resources: resources } = getRunningLoop();
        task.cancel();
        yield* failure(task);
        expect(task.cancelled()).toBe(true);
        for (let i = 0; i < 100 && resources.size > 0; i++) yield* sleep(1);
        expect(resources.size).toBe(0);
      });
    }
    server.close();
  });

  test("of drain does not prevent the data from being sent", async () => {
    const TOTAL = 30_000_000;
    const sum = deferred();
    const got = await toServer(
      (socket) => {
        let length = 0;
        socket.pause();
        setTimeout(() => socket.resume(), 50);
        socket.on("data", (data) => {
          length += data.length;
        });
        socket.on("end", () => sum.resolve(length));
      },
      function* (_, writer) {
        writer.write(new Uint8Array(TOTAL));
        const task = createTask(writer.drain());
        yield;
        task.cancel();
        yield* failure(task);
        writer.close();
        return yield* fromPromise(sum.promise);
      },
    );
    expect(got).toBe(TOTAL);
  });
});

test("a connection that is left open is closed when its loop closes", async () => {
  const server = await bareServer((socket) => socket.resume());
  await quietly(() => openConnection({ port: portOf(server) }));
  server.close();
});

test("data arrives even if the program ends right after write() and close()", async () => {
  const got = deferred();
  const server = await bareServer((socket) => {
    let all = "";
    socket.on("data", (data) => {
      all += data;
    });
    socket.on("end", () => {
      got.resolve(all);
      socket.end();
    });
  });
  await quietly(function* () {
    const [, writer] = yield* openConnection({ port: portOf(server) });
    writer.write("goodbye");
    writer.close();
  });
  expect(await got.promise).toBe("goodbye");
  server.close();
});

test("a thousand connections that are opened and dropped leave nothing behind", async () => {
  const server = await bareServer((socket) => socket.resume());
  await quietly(function* () {
    const resources = getRunningLoop()._resources.size;
    for (let i = 0; i < 1000; i++) {
      const [, writer] = yield* openConnection({ host: "127.0.0.1", port: portOf(server) });
      writer.write("x");
      writer.close();
      yield* writer.waitClosed();
    }
    expect(getRunningLoop()._resources.size).toBe(resources);
  });
  server.close();
});

test.each([
  ["invalid options", () => openConnection(undefined as never), TypeError],
  ["a missing port", () => openConnection({} as never), TypeError],
  ["a port out of range", () => openConnection({ port: 65536 }), RangeError],
  ["an invalid host", () => openConnection({ port: 1, host: 1 as never }), TypeError],
  ["a limit of 0", () => openConnection({ port: 1, limit: 0 }), RangeError],
  ["invalid TLS options", () => openConnection({ port: 1, tls: "yes" as never }), TypeError],
  ["an invalid path", () => openUnixConnection(1 as never), TypeError],
])("openConnection throws for %s when called", (_, action, Expected) => {
  expect(caught(action)).toBeInstanceOf(Expected);
});

test("a blocked thread cannot connect, and the error names the reason", () => {
  const loop = newEventLoop({ clock: { now: () => 0, advanceTo: () => {} } });
  expect(() => loop.runUntilCompleteSync(openConnection({ port: 9 }))).toThrow(/blocked/);
  loop.close();
});
