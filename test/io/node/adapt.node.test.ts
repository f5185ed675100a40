import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { PassThrough, Readable, Writable } from "node:stream";
import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  accept,
  type Coroutine,
  EVENT_READ,
  EVENT_WRITE,
  type EventLoop,
  fromPromise,
  getRunningLoop,
  receiveFrom,
  receiveMessage,
  Selector,
  sleep,
} from "../../../src/node.ts";
import { caught } from "../../support/caught.ts";
import { openHandles, portOf, quietly, untilClosed } from "./network.ts";

let before: string[];
let trace: string[];

beforeEach(() => {
  before = openHandles();
  trace = [];
});

afterEach(async () => {
  expect(await untilClosed(before)).toEqual(before);
});

/** Waits until `source` is readable, as reported by `loop.addReader`. */
function* readable(source: unknown): Coroutine<void> {
  yield* ready((loop, done) => loop.addReader(source, done));
  getRunningLoop().removeReader(source);
}

function* writable(source: unknown): Coroutine<void> {
  yield* ready((loop, done) => loop.addWriter(source, done));
  getRunningLoop().removeWriter(source);
}

function* ready(watch: (loop: EventLoop, done: () => void) => void): Coroutine<void> {
  const loop = getRunningLoop();
  const future = loop.createFuture<void>();
  watch(loop, () => {
    if (!future.done()) future.setResult();
  });
  yield* future;
}

/**
 * A server and a client on one loop that use only readiness, in the style of David Beazley's talk.
 */
test("an echo server works with accept, addReader and addWriter", async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0);
  await once(server, "listening");
  const answer = await quietly(function* () {
    expect(accept(server)).toBeUndefined(); // from now on connections are kept
    const client = connect(portOf(server));
    yield* writable(client);
    client.write("hello");
    yield* readable(server);
    const socket = accept(server) as Socket;
    expect(accept(server)).toBeUndefined();
    yield* readable(socket);
    socket.end(socket.read());
    yield* readable(client);
    const data = String(client.read());
    yield* readable(client);
    trace.push(`${client.read()} ${client.readableEnded}`);
    client.destroy();
    socket.destroy();
    return data;
  });
  server.close();
  expect([answer, trace]).toEqual(["hello", ["null true"]]);
});

describe("a stream", () => {
  test("is readable as long as data is left in it", async () => {
    await quietly(function* () {
      const stream = new PassThrough();
      const loop = getRunningLoop();
      loop.addReader(stream, () => trace.push(String(stream.read(1))));
      yield* sleep(5);
      stream.write("abc");
      while (trace.length < 3) yield* sleep(1);
      loop.removeReader(stream);
      stream.write("d");
      yield* sleep(5);
      return stream;
    });
    expect(trace).toEqual(["a", "b", "c"]);
  });

  test("is readable at its end, and when it is broken or destroyed", async () => {
    await quietly(function* () {
      const broken = new PassThrough();
      for (const stream of [Readable.from([]), broken, new PassThrough().destroy()]) {
        if (stream === broken) setTimeout(() => broken.destroy(new Error("broken")), 5);
        yield* readable(stream);
        trace.push(`${stream.readableEnded} ${stream.destroyed}`);
      }
    });
    expect(trace).toEqual(["true true", "false true", "false true"]);
  });

  test("is writable unless it has to drain, and becomes writable when it breaks", async () => {
    await quietly(function* () {
      let drain: () => void = () => {};
      const stream = new Writable({
        highWaterMark: 1,
        write: (_chunk, _encoding, done) => {
          drain = done;
        },
      });
      yield* writable(stream);
      stream.write("abc");
      setTimeout(() => {
        trace.push("drains");
        drain();
      }, 10);
      yield* writable(stream);
      trace.push("writable");
      stream.write("abc");
      setTimeout(() => stream.destroy(new Error("broken")), 5);
      yield* writable(stream);
      trace.push("broken");
    });
    expect(trace).toEqual(["drains", "writable", "broken"]);
  });

  test("is not at its end just because all data so far was read", async () => {
    await quietly(function* () {
      const stream = new PassThrough();
      const loop = getRunningLoop();
      let calls = 0;
      loop.addReader(stream, () => {
        calls++;
        stream.read();
      });
      for (let i = 0; i < 20; i++) {
        stream.write("x");
        if (i % 2 === 0) stream.read();
        yield* sleep(1);
      }
      loop.removeReader(stream);
      expect(calls).toBeLessThanOrEqual(20);
      expect(stream.readableEnded).toBe(false);
    });
  });

  test("has no listeners left when nothing watches it", () => {
    const selector = new Selector();
    const stream = new PassThrough();
    const counts = () => stream.eventNames().map((name) => stream.listenerCount(name));
    const { length } = counts();
    selector.register(stream, EVENT_READ | EVENT_WRITE);
    expect(counts().length).toBeGreaterThan(length);
    selector.modify(stream, EVENT_WRITE);
    selector.unregister(stream);
    expect(counts().length).toBe(length);
  });
});

test("up to a thousand datagrams are kept until they are taken", async () => {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await quietly(function* () {
    expect(receiveFrom(socket)).toBeUndefined();
    const sender = createSocket("udp4");
    for (let i = 0; i < 3; i++) sender.send(String(i), port, "127.0.0.1");
    while (trace.length < 3) {
      yield* readable(socket);
      for (let got = receiveFrom(socket); got !== undefined; got = receiveFrom(socket)) {
        trace.push(`${new TextDecoder().decode(got.data)} ${got.address.address}`);
      }
    }
    yield* writable(socket);
    sender.close();
    socket.close();
    yield* readable(socket);
  });
  expect(trace).toEqual(["0 127.0.0.1", "1 127.0.0.1", "2 127.0.0.1"]);
});

test("messages of a port are kept until they are taken, even if they are undefined", async () => {
  const { port1, port2 } = new MessageChannel();
  await quietly(function* () {
    expect(receiveMessage(port1)).toBeUndefined();
    port2.postMessage("a");
    port2.postMessage(undefined);
    yield* readable(port1);
    yield* sleep(10);
    for (let got = receiveMessage(port1); got !== undefined; got = receiveMessage(port1)) {
      trace.push(String(got.message));
    }
    port2.close();
    yield* readable(port1);
    trace.push("closed");
  });
  expect(trace).toEqual(["a", "undefined", "closed"]);
});

test("taking a message takes the same time however many are waiting", async () => {
  // In quadratic time it would be stopped as a test that hangs.
  const MESSAGES = 200_000;
  const { port1, port2 } = new MessageChannel();
  receiveMessage(port1);
  let left = MESSAGES;
  await new Promise<void>((resolve) => {
    port1.on("message", () => {
      if (--left === 0) resolve();
    });
    for (let i = 0; i < MESSAGES; i++) port2.postMessage(i);
  });
  let taken = 0;
  while (receiveMessage(port1)?.message === taken) taken++;
  port1.close();
  expect(taken).toBe(MESSAGES);
});

test("a server survives a connection that breaks before it is accepted", async () => {
  const server = createServer().listen(0);
  await once(server, "listening");
  await quietly(function* () {
    const loop = getRunningLoop();
    loop.addReader(server, () => {});
    const client = connect(portOf(server));
    yield* fromPromise(once(client, "connect"));
    client.resetAndDestroy();
    yield* sleep(20);
    loop.removeReader(server);
    // On a slow machine it breaks only now.
    trace.push(String(accept(server)?.on("error", () => {}) !== undefined));
    server.close();
    yield* readable(server);
  });
  expect(trace).toEqual(["true"]);
});

test.each([
  ["watching an object that is no source", () => new Selector().register({ on() {} }, EVENT_READ)],
  ["accept() of a stream", () => accept(new PassThrough() as never)],
  ["receiveFrom() of a stream", () => receiveFrom(new PassThrough() as never)],
  ["receiveMessage() of a stream", () => receiveMessage(new PassThrough() as never)],
])("%s throws a TypeError", (_, action) => {
  expect(caught(action)).toBeInstanceOf(TypeError);
});
