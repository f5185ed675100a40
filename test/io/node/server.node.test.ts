// Servers and their handlers. One file, because all cases share the server and its clients.

import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ContextVar,
  type Coroutine,
  createTask,
  fromPromise,
  gather,
  getRunningLoop,
  openConnection,
  openUnixConnection,
  RuntimeError,
  type Server,
  type ServerOptions,
  type StreamReader,
  type StreamWriter,
  sleep,
  startServer,
  startUnixServer,
  type Task,
} from "../../../src/node.ts";
import { caught } from "../../support/caught.ts";
import { text } from "../utf8.ts";
import {
  bareClient,
  openHandles,
  portOf,
  quietly,
  runSoon,
  settle,
  untilClosed,
  withPath,
} from "./network.ts";

let before: string[];
let trace: string[];

beforeEach(() => {
  before = openHandles();
  trace = [];
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

/** Waits forever, and records how that ends. */
function* wait(): Coroutine<void> {
  trace.push("begins");
  try {
    yield* sleep(Infinity);
  } finally {
    trace.push("ends");
  }
}

function* ended(task: Task<unknown>): Coroutine<string> {
  try {
    yield* task;
    return "well";
  } catch (error) {
    return (error as Error).name;
  }
}

function* caughtIn(body: Coroutine<unknown>): Coroutine<NodeJS.ErrnoException> {
  try {
    yield* body;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error("Nothing was thrown");
}

function* connect(server: Server): Coroutine<[StreamReader, StreamWriter]> {
  return yield* openConnection({ host: "127.0.0.1", port: portOf(server) });
}

test("each client has its own handler, which receives only that client's data", async () => {
  const answers = await quietly(function* () {
    const server = yield* startServer(echo);
    const client = function* (name: string): Coroutine<string> {
      const [reader, writer] = yield* connect(server);
      let answer = "";
      for (const letter of name) {
        writer.write(letter);
        answer += text(yield* reader.readexactly(1));
      }
      writer.writeEof();
      answer += text(yield* reader.read());
      writer.close();
      return answer;
    };
    const all = yield* gather(["abc", "def", "ghi"].map(client));
    server.close();
    yield* server.waitClosed();
    return all;
  });
  expect(answers).toEqual(["abc", "def", "ghi"]);
});

test("the end of the handler closes the connection, after its last data", async () => {
  const TOTAL = 20_000_000;
  const sum = await quietly(function* () {
    const server = yield* startServer(function* (_, writer) {
      writer.write(new Uint8Array(TOTAL));
    });
    const [reader, writer] = yield* connect(server);
    yield* settle();
    server.close();
    const waiting = createTask(server.waitClosed());
    yield* settle();
    trace.push(waiting.done() ? "closed" : "sends");
    const data = yield* reader.read();
    writer.close();
    yield* waiting;
    return data.length;
  });
  expect([sum, trace]).toEqual([TOTAL, ["sends"]]);
});

test("a handler that throws is reported and its connection closed, and the server continues", async () => {
  const { result, reports } = await runSoon(function* () {
    const server = yield* startServer(function* (reader, writer) {
      const line = yield* reader.readline();
      writer.write("so ");
      if (text(line) === "throw\n") throw new Error("of the handler");
      writer.write("so");
    });
    const answers: string[] = [];
    for (const line of ["throw\n", "go on\n"]) {
      const [reader, writer] = yield* connect(server);
      writer.write(line);
      answers.push(text(yield* reader.read()));
      writer.close();
    }
    server.close();
    yield* server.waitClosed();
    return answers;
  });
  expect(result).toEqual(["so ", "so so"]);
  expect(reports.map(({ exception }) => String(exception))).toEqual(["Error: of the handler"]);
  expect(reports[0]).toMatchObject({ task: expect.anything(), message: expect.any(String) });
});

test("a handler that throws undefined is reported too", async () => {
  const { reports } = await runSoon(function* () {
    const server = yield* startServer(function* () {
      yield* sleep(0);
      throw undefined;
    });
    const [reader, writer] = yield* connect(server);
    yield* reader.read();
    writer.close();
    server.close();
    yield* server.waitClosed();
  });
  expect(reports.map(({ exception }) => exception)).toEqual([undefined]);
});

test("a handler that returns no coroutine is reported, and its connection closed", async () => {
  const { result, reports } = await runSoon(function* () {
    const server = yield* startServer((() => 1) as never);
    const [reader, writer] = yield* connect(server);
    const data = yield* reader.read();
    writer.close();
    server.close();
    yield* server.waitClosed();
    return data.length;
  });
  expect(result).toBe(0);
  expect(reports.map(({ exception }) => (exception as Error).name)).toEqual(["TypeError"]);
});

test("a handler that is cancelled closes its connection, and nothing is reported", async () => {
  const goodbye = await quietly(function* () {
    const server = yield* startServer(function* (_, writer) {
      try {
        yield* sleep(Infinity);
      } finally {
        writer.write("goodbye");
      }
    });
    const [reader, writer] = yield* connect(server);
    yield* settle();
    server.cancelClients();
    const said = text(yield* reader.read());
    writer.close();
    server.close();
    yield* server.waitClosed();
    return said;
  });
  expect(goodbye).toBe("goodbye");
});

test("a client that resets its connection makes its handler's read fail", async () => {
  const { reports } = await runSoon(function* () {
    const server = yield* startServer(echo);
    const socket = yield* fromPromise(bareClient(portOf(server)));
    socket.write("x");
    yield* settle();
    socket.resetAndDestroy();
    yield* settle();
    server.close();
    yield* server.waitClosed();
  });
  expect(reports.map(({ exception }) => (exception as NodeJS.ErrnoException).code)).toEqual([
    "ECONNRESET",
  ]);
});

describe("closing a server", () => {
  test("rejects new clients, and waits for the existing ones", async () => {
    await quietly(function* () {
      const server = yield* startServer(function* (reader, writer) {
        writer.write(yield* reader.readline());
        trace.push("served");
      });
      const [reader, writer] = yield* connect(server);
      yield* settle();
      const port = portOf(server);
      server.close();
      server.close();
      trace.push(`${server.isServing()} ${server.address()}`);
      const waiting = createTask(function* () {
        yield* server.waitClosed();
        trace.push("closed");
      });
      try {
        yield* openConnection({ host: "127.0.0.1", port });
      } catch (error) {
        trace.push((error as NodeJS.ErrnoException).code ?? "");
      }
      writer.write("last\n");
      yield* reader.read();
      writer.close();
      yield* waiting;
    });
    expect(trace).toEqual(["false null", "ECONNREFUSED", "served", "closed"]);
  });

  test("with cancelClients ends handlers, and connections of clients that do not read", async () => {
    await quietly(function* () {
      const server = yield* startServer(function* (_, writer) {
        writer.write(new Uint8Array(30_000_000));
        yield* wait();
      });
      const lingering = yield* startServer(function* (_, writer) {
        writer.write(new Uint8Array(30_000_000));
      });
      const sockets: Socket[] = [];
      for (const one of [server, lingering]) {
        const socket = yield* fromPromise(bareClient(portOf(one)));
        socket.pause();
        sockets.push(socket);
        yield* settle();
        one.close();
        one.cancelClients();
        yield* one.waitClosed();
      }
      for (const socket of sockets) socket.destroy();
    });
    expect(trace).toEqual(["begins", "ends"]);
  });

  test("is also awaited by waitClosed", async () => {
    await quietly(function* () {
      const server = yield* startServer(echo);
      const waiting = createTask(server.waitClosed());
      yield* settle();
      trace.push(String(waiting.done()));
      server.close();
      yield* waiting;
    });
    expect(trace).toEqual(["false"]);
  });

  test("by Symbol.asyncDispose waits for the clients", async () => {
    const server = await quietly(function* () {
      const made = yield* startServer(echo);
      const [, writer] = yield* connect(made);
      yield* settle();
      writer.close();
      yield* fromPromise(made[Symbol.asyncDispose]());
      return made;
    });
    expect([server.isServing(), server.address()]).toEqual([false, null]);
  });

  test("happens when the loop closes, if the program did not close it", async () => {
    await quietly(function* () {
      const server = yield* startServer(wait);
      yield* connect(server);
      yield* settle();
    });
    expect(trace).toEqual(["begins", "ends"]);
  });
});

describe("abortClients", () => {
  test("resets every connection, and the handlers' errors are not reported", async () => {
    await quietly(function* () {
      const server = yield* startServer(function* (reader) {
        try {
          yield* reader.read();
        } finally {
          trace.push("handler");
        }
      });
      const [reader] = yield* connect(server);
      yield* settle();
      server.close();
      server.abortClients();
      yield* server.waitClosed();
      try {
        yield* reader.read();
      } catch (error) {
        trace.push((error as NodeJS.ErrnoException).code ?? "");
      }
    });
    expect(trace).toEqual(["handler", "ECONNRESET"]);
  });

  test("ends connections whose handler has ended and whose peer does not read", async () => {
    await quietly(function* () {
      const server = yield* startServer(function* (_, writer) {
        writer.write(new Uint8Array(30_000_000));
      });
      const socket = yield* fromPromise(bareClient(portOf(server)));
      socket.pause();
      yield* settle();
      server.close();
      server.abortClients();
      yield* server.waitClosed();
      socket.destroy();
    });
  });

  test("reports a handler that fails for another reason", async () => {
    const { reports } = await runSoon(function* () {
      const server = yield* startServer(function* (reader) {
        try {
          yield* reader.read();
        } catch (cause) {
          throw new Error("of the handler", { cause });
        }
      });
      yield* connect(server);
      yield* settle();
      server.close();
      server.abortClients();
      yield* server.waitClosed();
    });
    expect(reports.map(({ exception }) => String(exception))).toEqual(["Error: of the handler"]);
  });

  test("does not affect a handler that does not use its connection", async () => {
    await quietly(function* () {
      const server = yield* startServer(function* () {
        yield* sleep(100);
        trace.push("goes on");
      });
      yield* connect(server);
      yield* settle();
      server.close();
      server.abortClients();
      yield* server.waitClosed();
    });
    expect(trace).toEqual(["goes on"]);
  });
});

describe("serveForever", () => {
  test("ends when the server is closed and all clients were served", async () => {
    await quietly(function* () {
      const server = yield* startServer(echo);
      const serving = createTask(server.serveForever());
      const [reader, writer] = yield* connect(server);
      server.close();
      yield* settle();
      writer.write("x");
      trace.push(text(yield* reader.readexactly(1)), String(serving.done()));
      writer.close();
      trace.push(yield* ended(serving));
    });
    expect(trace).toEqual(["x", "false", "well"]);
  });

  test("closes the server and cancels its handlers when it is cancelled", async () => {
    await quietly(function* () {
      const server = yield* startServer(wait);
      const serving = createTask(server.serveForever());
      const [, writer] = yield* connect(server);
      yield* settle();
      serving.cancel();
      trace.push(yield* ended(serving), String(server.isServing()));
      writer.close();
    });
    expect(trace).toEqual(["begins", "ends", "CancelledError", "false"]);
  });

  test("throws while another serveForever() is in progress, and on a closed server", async () => {
    await quietly(function* () {
      const server = yield* startServer(echo);
      const serving = createTask(server.serveForever());
      yield;
      trace.push(yield* ended(createTask(server.serveForever())));
      server.close();
      yield* serving;
      trace.push(yield* ended(createTask(server.serveForever())));
    });
    expect(trace).toEqual([RuntimeError.name, RuntimeError.name].map(() => "RuntimeError"));
  });
});

test("a handler runs in a copy of the context in which the server was started", async () => {
  const variable = new ContextVar("variable", { default: "none" });
  await quietly(function* () {
    variable.set("server's");
    const server = yield* startServer(function* () {
      trace.push(variable.get());
      variable.set("handler's");
    });
    variable.set("later");
    for (let i = 0; i < 2; i++) {
      const [reader, writer] = yield* connect(server);
      yield* reader.read();
      writer.close();
    }
    server.close();
    trace.push(variable.get());
  });
  expect(trace).toEqual(["server's", "server's", "later"]);
});

test("a server with tls: false does not use TLS", async () => {
  const said = await quietly(function* () {
    const server = yield* startServer(echo, { tls: false });
    const [reader, writer] = yield* connect(server);
    writer.write("plain");
    const answer = text(yield* reader.readexactly(5));
    writer.close();
    server.close();
    return answer;
  });
  expect(said).toBe("plain");
});

test("the error for a port in use keeps Node's code", async () => {
  const code = await quietly(function* () {
    const server = yield* startServer(echo, { host: "127.0.0.1" });
    try {
      yield* startServer(echo, { host: "127.0.0.1", port: portOf(server) });
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    } finally {
      server.close();
    }
    return "none";
  });
  expect(code).toBe("EADDRINUSE");
});

test.each([
  ["a host that does not exist", { host: "no.invalid" }, /ENOTFOUND|EAI_AGAIN/],
  ["an address of another machine", { host: "192.0.2.1" }, /EADDRNOTAVAIL/],
])("startServer keeps Node's code for %s", async (_, options, code) => {
  const error = await quietly(() => caughtIn(startServer(echo, options)));
  expect(error.code).toMatch(code);
});

test("cancelling startServer while it begins to listen leaves nothing behind", async () => {
  for (let turns = 0; turns < 8; turns++) {
    await quietly(function* () {
      // A name has to be looked up first.
      const task = createTask(startServer(echo, turns % 2 === 0 ? {} : { host: "localhost" }));
      for (let i = 0; i < turns; i++) yield;
      if (!task.cancel()) (yield* task).close();
      yield* ended(task);
      expect(getRunningLoop()._resources.size).toBe(0);
    });
  }
});

test("a thousand clients leave nothing behind", async () => {
  await quietly(function* () {
    const server = yield* startServer(echo, { host: "127.0.0.1" });
    const client = function* (): Coroutine<void> {
      for (let i = 0; i < 100; i++) {
        const [reader, writer] = yield* connect(server);
        writer.write("x");
        if (i % 2 === 0) yield* reader.readexactly(1);
        writer.close();
      }
    };
    yield* gather(Array.from({ length: 10 }, client));
    server.close();
    yield* server.waitClosed();
  });
});

describe("a server on a Unix domain socket", () => {
  test("serves clients, and removes the path at the end", async () => {
    await withPath(async (path) => {
      const answer = await quietly(function* () {
        const server = yield* startUnixServer(echo, path);
        const [reader, writer] = yield* openUnixConnection(path);
        trace.push(`${server.address()}`);
        writer.write("hello");
        const said = text(yield* reader.readexactly(5));
        writer.close();
        server.close();
        yield* server.waitClosed();
        return said;
      });
      expect([answer, trace, existsSync(path)]).toEqual(["hello", [path], false]);
    });
  });

  test("leaves its path to a server that has taken it over", async () => {
    await withPath(async (path) => {
      const said = await quietly(function* () {
        const first = yield* startUnixServer(echo, path);
        const second = yield* startUnixServer(function* (_, writer) {
          writer.write("second");
        }, path);
        first.close();
        yield* settle();
        const [reader, writer] = yield* openUnixConnection(path);
        const answer = text(yield* reader.read());
        writer.close();
        second.close();
        yield* second.waitClosed();
        return answer;
      });
      expect([said, existsSync(path)]).toEqual(["second", false]);
    });
  });

  test("does not remove a file at its path that is not a socket", async () => {
    await withPath(async (path) => {
      writeFileSync(path, "mine");
      const error = await quietly(() => caughtIn(startUnixServer(echo, path)));
      expect([error.code, readFileSync(path, "utf8")]).toEqual(["EADDRINUSE", "mine"]);
    });
  });

  test("takes over a socket that an earlier server left behind", async () => {
    await withPath(async (path) => {
      await quietly(function* () {
        const first = yield* startUnixServer(echo, path);
        const second = yield* startUnixServer(echo, path, { backlog: 5, limit: 100 });
        const [, writer] = yield* openUnixConnection(path);
        writer.close();
        first.close();
        second.close();
      });
    });
  });
});

test.each([
  ["an invalid handler", () => startServer(1 as never), TypeError],
  ["invalid options", () => startServer(echo, 1 as never), TypeError],
  ["a port out of range", () => startServer(echo, { port: -1 }), RangeError],
  ["a backlog of 0", () => startServer(echo, { backlog: 0 }), RangeError],
  ["a limit of 0", () => startUnixServer(echo, "x", { limit: 0 }), RangeError],
  [
    "invalid TLS options",
    () => startServer(echo, { tls: 1 } as unknown as ServerOptions),
    TypeError,
  ],
  [
    "TLS without a certificate",
    () => startServer(echo, { tls: true } as unknown as ServerOptions),
    TypeError,
  ],
  ["an invalid path", () => startUnixServer(echo, 1 as never), TypeError],
])("startServer throws for %s when called", (_, action, Expected) => {
  expect(caught(action)).toBeInstanceOf(Expected);
});

test("a server that closes drops clients that have not been served yet", async () => {
  await quietly(function* () {
    const server = yield* startServer(wait);
    const socket = yield* fromPromise(bareClient(portOf(server)));
    server.close();
    server.cancelClients();
    yield* server.waitClosed();
    if (!socket.closed) {
      socket.resume();
      yield* fromPromise(once(socket, "close").catch(() => {}));
    }
  });
});
