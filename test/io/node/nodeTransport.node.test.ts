// Tests coroutines that use Node streams of every kind, not only sockets.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { PassThrough, Readable, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { NodeTransport } from "../../../src/io/node/nodeTransport.ts";
import {
  type Coroutine,
  createTask,
  getRunningLoop,
  openConnection,
  type StreamReader,
  sleep,
} from "../../../src/node.ts";
import { text } from "../utf8.ts";
import { portOf, quietly } from "./network.ts";

function open(stream: Readable | Writable): NodeTransport {
  return new NodeTransport(getRunningLoop(), stream);
}

function* failure(reader: StreamReader): Coroutine<unknown> {
  try {
    yield* reader.read(1);
  } catch (error) {
    return error;
  }
  return undefined;
}

test("data held back by a paused stream can still be read after the stream has broken", async () => {
  const broken = new Error("broken");
  await quietly(function* () {
    const stream = new PassThrough();
    const reader = open(stream).openReader(10);
    let sent = "";
    for (let i = 0; i < 8; i++) {
      stream.write(`${i}`.repeat(15));
      sent += `${i}`.repeat(15);
      yield* sleep(1);
    }
    expect(stream.readableLength).toBeGreaterThan(0);
    stream.destroy(broken);
    yield* sleep(1);
    expect(text(yield* reader.readexactly(sent.length))).toBe(sent);
    expect(yield* failure(reader)).toBe(broken);
  });
});

test("a stream that ends is read to its end", async () => {
  await quietly(function* () {
    const reader = open(Readable.from([Buffer.from("ab"), Buffer.from("cd")])).openReader();
    expect(text(yield* reader.read())).toBe("abcd");
    yield* sleep(1);
    expect(getRunningLoop()._resources.size).toBe(0);
  });
});

test("a writer opened on a stream that has already broken throws the stream's error", async () => {
  const broken = new Error("broken");
  await quietly(function* () {
    const stream = new PassThrough();
    const transport = open(stream);
    stream.destroy(broken);
    yield* sleep(1);
    const writer = transport.openWriter();
    expect(writer.isClosing()).toBe(true);
    const thrown: unknown[] = [];
    for (const wait of [writer.drain(), writer.waitClosed()]) {
      try {
        yield* wait;
      } catch (error) {
        thrown.push(error);
      }
    }
    expect(thrown).toEqual([broken, broken]);
  });
});

test("a stream without a socket can be aborted", async () => {
  await quietly(function* () {
    const stream = new PassThrough();
    const transport = open(stream);
    const reader = transport.openReader();
    const writer = transport.openWriter();
    writer.abort();
    yield* writer.waitClosed();
    expect(stream.destroyed).toBe(true);
    expect(yield* failure(reader)).toMatchObject({ code: "ECONNABORTED" });
  });
});

describe("a socket that other code uses as well", () => {
  /**
   * Sends `parts` one after the other to a reader. Before it sends the second one, or the end, it
   * calls `meddle` with the reader's socket. Reads on once the function that `meddle` returns has
   * returned true.
   */
  async function meddled(
    parts: readonly string[],
    meddle: (socket: Socket) => (() => boolean) | undefined,
    limit?: number,
  ): Promise<{ got: string; isOwn: boolean }> {
    let goOn = (): void => undefined;
    const meddling = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const server = createServer(async (socket) => {
      for (const part of parts) {
        socket.write(part);
        await meddling;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      socket.end();
    }).listen(0);
    await once(server, "listening");
    return quietly(function* () {
      const options = limit === undefined ? {} : { limit };
      const [reader, writer] = yield* openConnection({ port: portOf(server), ...options });
      const socket = writer.getExtraInfo("socket") as Socket;
      const first = parts[0] as string;
      let got = text(yield* reader.readexactly(first.length));
      const mayGoOn = meddle(socket);
      goOn();
      if (mayGoOn !== undefined) while (!mayGoOn()) yield* sleep(5);
      got += text(yield* reader.read());
      writer.close();
      server.close();
      return { got, isOwn: Object.hasOwn(socket, "push") };
    });
  }

  const PARTS = ["one", "two", "three", "four"];
  const ALL = PARTS.join("");

  test("passes data straight to the reader while nothing else uses the socket", async () => {
    expect(await meddled(PARTS, () => undefined)).toEqual({ got: ALL, isOwn: true });
  });

  test("sends the same data to a listener and to the reader", async () => {
    let heard = "";
    const result = await meddled(PARTS, (socket) => {
      socket.on("data", (data) => {
        heard += data;
      });
      return undefined;
    });
    expect([result, heard]).toEqual([{ got: ALL, isOwn: false }, "twothreefour"]);
  });

  test("makes the reader wait while it is paused, and nothing is lost", async () => {
    const result = await meddled(PARTS, (socket) => {
      socket.pause();
      return () => {
        if (socket.readableLength === 0) return false; // nothing is held yet
        socket.resume();
        return true;
      };
    });
    expect(result).toEqual({ got: ALL, isOwn: false });
  });

  test("delivers data that other code puts back by unshift() before the stream has ended", async () => {
    const result = await meddled(["one"], (socket) => {
      socket.pause();
      socket.unshift(Buffer.from("two"));
      return () => {
        if (Object.hasOwn(socket, "push")) return false; // the end has not arrived yet
        socket.resume();
        return true;
      };
    });
    expect(result).toEqual({ got: "onetwo", isOwn: false });
  });

  test("still returns bytes to the reader after setEncoding", async () => {
    const result = await meddled(["one", "zwölf 🙂", "!"], (socket) => {
      socket.setEncoding("utf8");
      return undefined;
    });
    expect(result).toEqual({ got: "onezwölf 🙂!", isOwn: false });
  });

  test("sends the same data to code that calls socket.read() and to the reader", async () => {
    let heard = "";
    const result = await meddled(PARTS, (socket) => {
      socket.on("readable", () => {
        heard += socket.read() ?? "";
      });
      return undefined;
    });
    expect([result, heard]).toEqual([{ got: ALL, isOwn: false }, "twothreefour"]);
  });

  test("is still paused when the reader's buffer exceeds its limit", async () => {
    const result = await meddled(
      ["one", ..."abcdefgh"].map((letter) => letter.padEnd(3_000, letter)),
      (socket) => {
        socket.on("data", () => {});
        return () => socket.isPaused();
      },
      1_000,
    );
    expect(result.got.length).toBe(27_000);
    expect(result.isOwn).toBe(false);
  });

  test("keeps a custom push or _read, and is read like any stream", async () => {
    for (const name of ["push", "_read"] as const) {
      const server = createServer((socket) => socket.end("hello")).listen(0);
      await once(server, "listening");
      let calls = 0;
      await quietly(function* () {
        const socket = connect(portOf(server));
        const original = socket[name] as (...args: unknown[]) => unknown;
        const own = function (this: Socket, ...args: unknown[]): unknown {
          calls++;
          return original.apply(this, args);
        };
        Object.assign(socket, { [name]: own });
        const reader = open(socket).openReader();
        expect(text(yield* reader.read())).toBe("hello");
        expect(socket[name]).toBe(own);
        socket.destroy();
      });
      expect(calls).toBeGreaterThan(0);
      server.close();
    }
  });
});

test("a writable drains, ends and closes", async () => {
  const trace: string[] = [];
  await quietly(function* () {
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        trace.push(String(chunk.length));
        setTimeout(done, 5);
      },
    });
    const writer = open(stream).openWriter();
    writer.writelines([new Uint8Array(100_000), "ab"]);
    const drained = createTask(writer.drain());
    yield* drained;
    trace.push(String(stream.writableLength));
    writer.close();
    yield* writer.waitClosed();
    trace.push(String(stream.closed));
  });
  expect(trace).toEqual(["100000", "2", "0", "true"]);
});

test("a loop continues when a waiter of a read throws", async () => {
  const broken = new Error("broken");
  const thrown: unknown[] = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => thrown.push(error));
  const server = createServer((socket) => socket.once("data", () => socket.end("hello"))).listen(0);
  await once(server, "listening");
  try {
    await quietly(function* () {
      const [reader, writer] = yield* openConnection({ host: "127.0.0.1", port: portOf(server) });
      const task = createTask(reader.read(5));
      yield;
      task._inspect().on?._addWaiter({
        _notify() {
          throw broken;
        },
      });
      writer.write("x");
      expect(text(yield* task)).toBe("hello");
      writer.close();
      yield* writer.waitClosed();
    });
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of others) process.on("uncaughtException", listener);
    server.close();
  }
  expect(thrown).toEqual([broken]);
});
