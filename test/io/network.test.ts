// Tests servers and streams on a network without sockets. They need nothing else of a platform.

import { beforeEach, expect } from "vitest";
import { type Coroutine, createTask, getRunningLoop } from "../../src/index.ts";
import type {
  Acceptor,
  Endpoint,
  Listener,
  Network,
  Transport,
  TransportOwner,
} from "../../src/io/network.ts";
import { openServer, type Server } from "../../src/io/server.ts";
import { connectionAborted } from "../../src/io/streamErrors.ts";
import { StreamReader } from "../../src/io/streamReader.ts";
import { StreamWriter } from "../../src/io/streamWriter.ts";
import { test, trace } from "../support/virtualTest.ts";
import { bytes, text } from "./utf8.ts";

/** One end of a connection. What one end writes, the other reads at once. */
class MemoryTransport implements Transport {
  isClosed = false;
  owner: TransportOwner | undefined;
  abortError: Error | undefined;
  peer!: MemoryTransport;
  readonly reader = new StreamReader();
  writer: StreamWriter | undefined;

  static pair(): [MemoryTransport, MemoryTransport] {
    const [a, b] = [new MemoryTransport(), new MemoryTransport()];
    a.peer = b;
    b.peer = a;
    return [a, b];
  }

  openReader(): StreamReader {
    return this.reader;
  }

  openWriter(): StreamWriter {
    const sink = {
      writableLength: 0,
      writableNeedDrain: false,
      write: (data: string | Uint8Array) =>
        this.peer.reader._feedData(typeof data === "string" ? bytes(data) : data),
      end: () => this.peer.reader._feedEof(),
      cork: () => undefined,
      uncork: () => undefined,
      destroySoon: () => this.close(),
    };
    const abort = () => {
      this.abortError = connectionAborted();
      this.close();
    };
    const owner = { _info: () => undefined, _abort: abort, _onWait: () => undefined };
    this.writer = new StreamWriter(sink, owner);
    return this.writer;
  }

  close(): void {
    for (const end of [this, this.peer]) {
      if (end.isClosed) continue;
      end.isClosed = true;
      if (end.abortError === undefined) end.reader._feedEof();
      else end.reader._setException(end.abortError);
      end.writer?._onClose(end.abortError);
      end.owner?.onClose();
    }
  }
}

class MemoryNetwork implements Network {
  readonly #acceptors = new Map<unknown, Acceptor>();

  *connect({ port }: Endpoint): Coroutine<[StreamReader, StreamWriter]> {
    const acceptor = this.#acceptors.get(port);
    if (acceptor === undefined) throw new Error(`Nothing listens on ${port}`);
    const [client, accepted] = MemoryTransport.pair();
    acceptor._onConnection(accepted);
    yield;
    return [client.openReader(), client.openWriter()];
  }

  listen({ port = 0 }: Endpoint, acceptor: Acceptor): Listener {
    const isTaken = this.#acceptors.has(port);
    if (!isTaken) this.#acceptors.set(port, acceptor);
    return {
      *opened() {
        yield;
        if (isTaken) throw new Error(`${port} is taken`);
      },
      isListening: () => this.#acceptors.get(port) === acceptor,
      address: () => ({ address: "memory", family: "memory", port }),
      close: () => {
        if (!isTaken) this.#acceptors.delete(port);
      },
      abortPending: () => undefined,
    };
  }

  *lookup(): Coroutine<never[]> {
    return [];
  }
}

let network: MemoryNetwork;

beforeEach(() => {
  network = new MemoryNetwork();
});

function* echo(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  while (!reader.atEof()) writer.write(yield* reader.readline());
}

function open(handler: typeof echo): Coroutine<Server> {
  return openServer(network, { port: 1 }, handler, undefined);
}

function* failureOf(body: Coroutine<unknown>): Coroutine<string> {
  try {
    yield* body;
  } catch (error) {
    return String(error);
  }
  return "none";
}

test("startServer works on any network that implements the interface", async ({ loop }) => {
  await loop.runUntilComplete(function* () {
    const server = yield* open(echo);
    expect([server.isServing(), server.address()]).toEqual([
      true,
      { address: "memory", family: "memory", port: 1 },
    ]);
    for (const line of ["a\n", "b\n"]) {
      const [reader, writer] = yield* network.connect({ port: 1 });
      writer.write(line);
      trace.push(text(yield* reader.readline()));
      writer.close();
    }
    server.close();
    yield* server.waitClosed();
    expect(server.isServing()).toBe(false);
    expect(getRunningLoop()._resources.size).toBe(0);
  });
  expect(trace).toEqual(["a\n", "b\n"]);
});

test("a server closes a connection when its handler ends, and cancels its handlers on request", async ({
  loop,
}) => {
  await loop.runUntilComplete(function* () {
    const server = yield* open(function* (reader, writer) {
      const line = text(yield* reader.readline());
      if (line === "end\n") return;
      try {
        yield* reader.read();
      } catch (error) {
        trace.push((error as { code?: string }).code ?? (error as Error).name);
        throw error;
      } finally {
        writer.write("late");
      }
    });
    const [ended, writer] = yield* network.connect({ port: 1 });
    writer.write("end\n");
    expect(text(yield* ended.read())).toBe("");

    for (const end of [() => server.cancelClients(), () => server.abortClients()]) {
      const [, waits] = yield* network.connect({ port: 1 });
      waits.write("wait\n");
      for (let i = 0; i < 3; i++) yield;
      end();
    }
    server.close();
    yield* server.waitClosed();
  });
  expect(trace).toEqual(["CancelledError", "ECONNABORTED"]);
});

test("a server that cannot listen, or whose start is cancelled, leaves nothing behind", async ({
  loop,
}) => {
  await loop.runUntilComplete(function* () {
    const first = yield* open(echo);
    expect(yield* failureOf(open(echo))).toBe("Error: 1 is taken");
    expect(first.isServing()).toBe(true);
    first.close();

    const starting = createTask(open(echo));
    yield;
    starting.cancel();
    yield;
    expect(starting.cancelled()).toBe(true);
    expect(yield* failureOf(network.connect({ port: 1 }))).toContain("Nothing listens");
    expect(getRunningLoop()._resources.size).toBe(0);
  });
});
