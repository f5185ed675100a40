// Connections over TLS. One file, because all cases share the certificate and its server.

import { once } from "node:events";
import {
  createServer as createBareServer,
  type Server as NetServer,
  connect as netConnect,
} from "node:net";
import { connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  Event,
  fromPromise,
  gather,
  openConnection,
  type Server,
  type ServerOptions,
  type StreamReader,
  type StreamWriter,
  sleep,
  startServer,
} from "../../../src/node.ts";
import { cert, key } from "../../support/certificate.ts";
import { text } from "../utf8.ts";
import {
  bareClient,
  openHandles,
  portOf,
  quietly,
  runSoon,
  settle,
  untilClosed,
} from "./network.ts";

const TLS: ServerOptions = { host: "127.0.0.1", tls: { key, cert } };

let before: string[];

beforeEach(() => {
  before = openHandles();
});

afterEach(async () => {
  expect(await untilClosed(before)).toEqual(before);
});

function* echo(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  for (;;) {
    const data = yield* reader.read(65_536);
    if (data.length === 0) return;
    writer.write(data);
    yield* writer.drain();
  }
}

function* connect(server: Server): Coroutine<[StreamReader, StreamWriter]> {
  return yield* openConnection({ host: "localhost", port: portOf(server), tls: { ca: cert } });
}

/** The code of the error that a coroutine ends with. */
function* code(body: Coroutine<unknown>): Coroutine<string | undefined> {
  try {
    yield* body;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  return "none";
}

test("any number of bytes can be sent in both directions", async () => {
  const TOTAL = 5_000_000;
  const [said, sum, cipher, peer] = await quietly(function* () {
    const server = yield* startServer(echo, TLS);
    const [reader, writer] = yield* connect(server);
    writer.write("hello");
    const answer = text(yield* reader.readexactly(5));
    const sending = createTask(function* () {
      for (let i = 0; i < TOTAL; i += 50_000) {
        writer.write(new Uint8Array(50_000));
        yield* writer.drain();
      }
    });
    const all = yield* reader.readexactly(TOTAL);
    yield* sending;
    const info = [writer.getExtraInfo("cipher"), writer.getExtraInfo("peercert")];
    writer.close();
    server.close();
    yield* server.waitClosed();
    return [answer, all.length, ...info];
  });
  expect([said, sum]).toEqual(["hello", TOTAL]);
  expect(cipher).toMatchObject({ name: expect.stringContaining("TLS") });
  expect(peer).toMatchObject({ subject: { CN: "localhost" } });
});

test("each side may end its own half of the connection", async () => {
  const answer = await quietly(function* () {
    const server = yield* startServer(function* (reader, writer) {
      writer.write(`${(yield* reader.read()).length} bytes`);
    }, TLS);
    const [reader, writer] = yield* connect(server);
    writer.write("abc");
    writer.writeEof();
    const said = text(yield* reader.read());
    writer.close();
    server.close();
    yield* server.waitClosed();
    return said;
  });
  expect(answer).toBe("3 bytes");
});

test("a cancelled handler can still write over TLS before it ends", async () => {
  const goodbye = await quietly(function* () {
    const begun = new Event();
    const server = yield* startServer(function* (_, writer) {
      begun.set();
      try {
        yield* sleep(Infinity);
      } finally {
        writer.write("goodbye");
      }
    }, TLS);
    const [reader, writer] = yield* connect(server);
    yield* begun.wait();
    server.close();
    server.cancelClients();
    const said = text(yield* reader.read());
    writer.close();
    yield* server.waitClosed();
    return said;
  });
  expect(goodbye).toBe("goodbye");
});

test("abort ends a connection, even if its peer does not read", async () => {
  await quietly(function* () {
    const server = yield* startServer(function* (reader) {
      yield* sleep(Infinity);
      yield* reader.read();
    }, TLS);
    const [reader, writer] = yield* connect(server);
    const reading = createTask(code(reader.read()));
    writer.write(new Uint8Array(30_000_000));
    const draining = createTask(code(writer.drain()));
    yield* settle();
    writer.close();
    writer.abort();
    yield* writer.waitClosed();
    expect([yield* reading, yield* draining]).toEqual(["ECONNABORTED", "ECONNABORTED"]);
    server.close();
    server.cancelClients();
    yield* server.waitClosed();
  });
});

test("abortClients ends reading handlers and handshakes", async () => {
  await quietly(function* () {
    const server = yield* startServer(echo, TLS);
    const [reader, writer] = yield* connect(server);
    const silent = yield* fromPromise(bareClient(portOf(server)));
    silent.resume();
    yield* settle();
    server.close();
    server.abortClients();
    yield* server.waitClosed();
    yield* code(reader.read());
    writer.close();
    if (!silent.closed) yield* fromPromise(once(silent, "close"));
  });
});

describe("a TLS handshake", () => {
  test("fails with Node's code if the client doesn't trust the server", async () => {
    const { result } = await runSoon(function* () {
      const server = yield* startServer(echo, TLS);
      const options = { host: "localhost", port: portOf(server), tls: true } as const;
      const failed = yield* code(openConnection(options));
      yield* settle();
      server.close();
      yield* server.waitClosed();
      return failed;
    });
    expect(result).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
  });

  test("fails with Node's code if the server resets it", async () => {
    const server = createBareServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.resetAndDestroy());
    });
    server.listen(0);
    await once(server, "listening");
    const failed = await quietly(() =>
      code(openConnection({ host: "127.0.0.1", port: portOf(server), tls: true })),
    );
    server.close();
    expect(failed).toBe("ECONNRESET");
  });

  test("fails if the peer does not use TLS; the failure is reported, and the server continues", async () => {
    const { result, reports } = await runSoon(function* () {
      const server = yield* startServer(echo, TLS);
      const socket = yield* fromPromise(bareClient(portOf(server)));
      socket.write("GET / HTTP/1.0\r\n\r\n");
      socket.resume();
      yield* fromPromise(once(socket, "close"));
      const [reader, writer] = yield* connect(server);
      writer.write("x");
      const said = text(yield* reader.readexactly(1));
      writer.close();
      server.close();
      yield* server.waitClosed();
      return said;
    });
    expect(result).toBe("x");
    expect(reports.map(({ message }) => message)).toEqual([
      "The TLS handshake with a client failed",
    ]);
  });

  test("does not report an error if the client resets it", async () => {
    await quietly(function* () {
      const server = yield* startServer(echo, TLS);
      const socket = yield* fromPromise(bareClient(portOf(server)));
      yield* settle();
      socket.resetAndDestroy();
      yield* settle();
      server.close();
      yield* server.waitClosed();
    });
  });

  test("ends when the server is closed", async () => {
    await quietly(function* () {
      const server = yield* startServer(echo, TLS);
      const socket = yield* fromPromise(bareClient(portOf(server)));
      socket.resume();
      yield* settle();
      server.close();
      yield* server.waitClosed();
      if (!socket.closed) yield* fromPromise(once(socket, "close"));
    });
  });

  test("leaves no socket behind when it is cancelled", async () => {
    const server = createBareServer((socket) => socket.on("error", () => {}).resume());
    server.listen(0);
    await once(server, "listening");
    await quietly(function* () {
      const options = { host: "127.0.0.1", port: portOf(server), tls: true } as const;
      const task = createTask(openConnection(options));
      yield* settle();
      task.cancel();
      yield* code(
        (function* () {
          yield* task;
        })(),
      );
      expect(task.cancelled()).toBe(true);
    });
    server.close();
  });
});

/** A proxy that resets the server's connection as soon as the server has answered. */
async function resettingProxy(port: number): Promise<NetServer> {
  const proxy = createBareServer((client) => {
    const server = netConnect(port, "127.0.0.1");
    client.on("error", () => {}).on("data", (data) => server.write(data));
    server.on("error", () => {}).on("close", () => client.destroy());
    server.once("data", () => server.resetAndDestroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return proxy;
}

describe("a reset over TLS", () => {
  test("by the client during the handshake is not reported", async () => {
    const failed = await quietly(function* () {
      const server = yield* startServer(echo, TLS);
      const proxy = yield* fromPromise(resettingProxy(portOf(server)));
      const error = yield* code(
        openConnection({ host: "localhost", port: portOf(proxy), tls: { ca: cert } }),
      );
      proxy.close();
      yield* settle();
      server.close();
      yield* server.waitClosed();
      return error;
    });
    expect(failed).toBe("ECONNRESET");
  });

  test("during a read makes the read throw, and the handler's error is reported", async () => {
    const { result, reports } = await runSoon(function* () {
      const server = yield* startServer(function* (reader, writer) {
        writer.write("x");
        yield* reader.read();
      }, TLS);
      const raw = netConnect(portOf(server), "127.0.0.1");
      yield* fromPromise(once(raw, "connect"));
      const socket = tlsConnect({ socket: raw, ca: cert, servername: "localhost" });
      socket.on("error", () => {});
      yield* fromPromise(once(socket, "data"));
      raw.resetAndDestroy();
      server.close();
      yield* server.waitClosed();
      return "ended";
    });
    expect(result).toBe("ended");
    expect(reports.map(({ exception }) => (exception as NodeJS.ErrnoException).code)).toEqual([
      "ECONNRESET",
    ]);
  });
});

test("a hundred clients leave nothing behind", async () => {
  await quietly(function* () {
    // A client that leaves early is an error of its handler.
    const server = yield* startServer(function* (reader, writer) {
      yield* code(echo(reader, writer));
    }, TLS);
    const client = function* (): Coroutine<void> {
      for (let i = 0; i < 20; i++) {
        const [reader, writer] = yield* connect(server);
        writer.write("x");
        if (i % 2 === 0) yield* reader.readexactly(1);
        if (i % 3 === 0) writer.abort();
        else writer.close();
      }
    };
    yield* gather(Array.from({ length: 5 }, client));
    server.close();
    yield* server.waitClosed();
  });
});

test("a bare Node client is served like any other", async () => {
  const said = await quietly(function* () {
    const server = yield* startServer(echo, TLS);
    const socket = tlsConnect({ host: "127.0.0.1", port: portOf(server), ca: cert });
    socket.write("ping");
    const [data] = yield* fromPromise(once(socket, "data"));
    socket.end();
    socket.resume();
    yield* fromPromise(once(socket, "close"));
    server.close();
    yield* server.waitClosed();
    return String(data);
  });
  expect(said).toBe("ping");
});
