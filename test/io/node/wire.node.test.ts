// Streams of every kind in the hands of coroutines, not only sockets.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { PassThrough, Readable, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { Wire } from "../../../src/io/node/wire.ts";
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

function open(stream: Readable | Writable): Wire {
  return new Wire(getRunningLoop(), stream);
}

function* failure(reader: StreamReader): Coroutine<unknown> {
  try {
    yield* reader.read(1);
  } catch (error) {
    return error;
  }
  return undefined;
}

test("what a stream held back, because nobody read, can be read after it broke", async () => {
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

test("a writer that is opened on what broke meanwhile knows it", async () => {
  const broken = new Error("broken");
  await quietly(function* () {
    const stream = new PassThrough();
    const wire = open(stream);
    stream.destroy(broken);
    yield* sleep(1);
    const writer = wire.openWriter();
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

test("a stream of no socket's can be aborted", async () => {
  await quietly(function* () {
    const stream = new PassThrough();
    const wire = open(stream);
    const reader = wire.openReader();
    const writer = wire.openWriter();
    writer.abort();
    yield* writer.waitClosed();
    expect(stream.destroyed).toBe(true);
    expect(yield* failure(reader)).toMatchObject({ code: "ECONNABORTED" });
  });
});

describe("a socket that somebody else has to do with", () => {
  /** Sends `parts`, one after the other, to a reader of whose socket `meddle` got hold before part 1. */
  async function meddled(
    parts: readonly string[],
    meddle: (socket: Socket) => (() => void) | undefined,
    limit?: number,
  ): Promise<{ got: string; isOwn: boolean }> {
    const server = createServer(async (socket) => {
      for (const part of parts) {
        socket.write(part);
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
      const after = meddle(socket);
      if (after !== undefined) {
        yield* sleep(60);
        after();
      }
      got += text(yield* reader.read());
      writer.close();
      server.close();
      return { got, isOwn: Object.hasOwn(socket, "push") };
    });
  }

  const PARTS = ["one", "two", "three", "four"];
  const ALL = PARTS.join("");

  test("nobody has: what comes goes straight to the reader", async () => {
    expect(await meddled(PARTS, () => undefined)).toEqual({ got: ALL, isOwn: true });
  });

  test("a listener gets what the reader gets", async () => {
    let heard = "";
    const result = await meddled(PARTS, (socket) => {
      socket.on("data", (data) => {
        heard += data;
      });
      return undefined;
    });
    expect([result, heard]).toEqual([{ got: ALL, isOwn: false }, "twothreefour"]);
  });

  test("who pauses it has the reader wait, and nothing is lost", async () => {
    let held = 0;
    const result = await meddled(PARTS, (socket) => {
      socket.pause();
      return () => {
        held = socket.readableLength;
        socket.resume();
      };
    });
    expect(result).toEqual({ got: ALL, isOwn: false });
    expect(held).toBeGreaterThan(0);
  });

  test("what somebody has put back comes before the end", async () => {
    const result = await meddled(["one"], (socket) => {
      socket.pause();
      socket.unshift(Buffer.from("two"));
      return () => socket.resume();
    });
    expect(result).toEqual({ got: "onetwo", isOwn: false });
  });

  test("who asks it for text leaves bytes to the reader", async () => {
    const result = await meddled(["one", "zwölf 🙂", "!"], (socket) => {
      socket.setEncoding("utf8");
      return undefined;
    });
    expect(result).toEqual({ got: "onezwölf 🙂!", isOwn: false });
  });

  test("who reads it is served, and the reader gets the same", async () => {
    let heard = "";
    const result = await meddled(PARTS, (socket) => {
      socket.on("readable", () => {
        heard += socket.read() ?? "";
      });
      return undefined;
    });
    expect([result, heard]).toEqual([{ got: ALL, isOwn: false }, "twothreefour"]);
  });

  test("a reader over its limit pauses it all the same", async () => {
    const result = await meddled(
      ["one", ..."abcdefgh"].map((letter) => letter.padEnd(3_000, letter)),
      (socket) => {
        socket.on("data", () => {});
        return () => expect(socket.isPaused()).toBe(true);
      },
      1_000,
    );
    expect(result.got.length).toBe(27_000);
    expect(result.isOwn).toBe(false);
  });

  test("a socket with a push or a _read of its own keeps them, and is read as any stream", async () => {
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
