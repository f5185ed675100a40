// Streams of every kind in the hands of coroutines, not only sockets.

import { PassThrough, Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { Wire } from "../../../src/io/node/wire.ts";
import {
  type Coroutine,
  createTask,
  getRunningLoop,
  type StreamReader,
  sleep,
} from "../../../src/node.ts";
import { text } from "../utf8.ts";
import { quietly } from "./network.ts";

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
