// Tests sockets of openWebSocket in the very turn in which a cancellation, a close or room for data
// arrives. A WebSocket that the test controls replaces the platform's.

import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  gather,
  RuntimeError,
  run,
  runSync,
  sleep,
  timeout,
} from "../../src/index.ts";
import { openWebSocket, type WebSocketOptions } from "../../src/io/webSocket.ts";
import { type WebSocketConnection, WebSocketError } from "../../src/io/webSocketConnection.ts";
import { VirtualClock } from "../../src/testing.ts";

const platformWebSocket = globalThis.WebSocket;

let trace: unknown[];
/** The `FakeWebSocket` that was created last. */
let fake: FakeWebSocket;

/** A WebSocket that opens in a macrotask, and counts sent data as buffered until `flush`. */
class FakeWebSocket extends EventTarget {
  readyState = 0;
  bufferedAmount = 0;

  constructor() {
    super();
    fake = this;
    setTimeout(() => {
      if (this.readyState !== 0) return;
      this.readyState = 1;
      this.dispatchEvent(new globalThis.Event("open"));
    });
  }

  send(data: string): void {
    trace.push(data);
    this.bufferedAmount += data.length;
  }

  close(): void {
    if (this.readyState > 1) return;
    this.readyState = 2;
    trace.push("closing");
    setTimeout(() => this.end(1000, true));
  }

  come(data: string): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  end(code: number, wasClean: boolean): void {
    this.readyState = 3;
    const event = new globalThis.Event("close");
    this.dispatchEvent(Object.assign(event, { code, reason: "", wasClean }));
  }
}

beforeEach(() => {
  trace = [];
  globalThis.WebSocket = FakeWebSocket as never;
});

afterEach(() => {
  globalThis.WebSocket = platformWebSocket;
});

function withSocket(
  body: (socket: WebSocketConnection) => Coroutine<void>,
  options?: WebSocketOptions,
): Promise<void> {
  return run(function* (): Coroutine<void> {
    const socket = yield* openWebSocket("ws://anywhere", options);
    yield* body(socket);
    trace.push("end");
  });
}

function* reader(socket: WebSocketConnection, name: string): Coroutine<void> {
  trace.push(name + (yield* socket.read()));
}

test("waiting readers are served in order", async () => {
  await withSocket(function* (socket) {
    const readers = [..."abc"].map((name) => createTask(reader(socket, name)));
    yield;
    for (const digit of "123") fake.come(digit);
    yield* gather(readers);
  });

  expect(trace).toEqual(["a1", "b2", "c3", "end", "closing"]);
});

test("a message that was handed to a cancelled read goes to the next read", async () => {
  await withSocket(function* (socket) {
    const first = createTask(reader(socket, "a"));
    const second = createTask(reader(socket, "b"));
    yield;
    fake.come("1");
    first.cancel();
    yield* second;
    const third = createTask(reader(socket, "c"));
    yield;
    fake.come("2");
    third.cancel();
    yield;
    yield* reader(socket, "d");
  });

  expect(trace).toEqual(["b1", "d2", "end", "closing"]);
});

test("a writer waits for room, and newcomers wait behind it", async () => {
  await withSocket(
    function* (socket) {
      yield* socket.write("12345");
      const writers = [..."ab"].map((letter) => createTask(socket.write(letter)));
      yield;
      yield* sleep(10);
      fake.bufferedAmount = 4;
      const newcomer = createTask(socket.write("c"));
      // The interval of these flushes is many times the polling interval.
      const flush = setInterval(() => {
        trace.push("-");
        fake.bufferedAmount = 4;
      }, 100);
      yield* gather([...writers, newcomer]);
      clearInterval(flush);
    },
    { limit: 4 },
  );

  // There is room for one while no more than the limit waits.
  expect(trace).toEqual(["12345", "a", "-", "b", "-", "c", "end", "closing"]);
});

test("a write that is cancelled while it waits is not sent, but later ones are", async () => {
  await withSocket(
    function* (socket) {
      yield* socket.write("12345");
      const writers = [..."abc"].map((letter) => createTask(socket.write(letter)));
      yield;
      writers[1]?.cancel();
      fake.bufferedAmount = 0;
      yield* gather(writers, { returnExceptions: true });
      trace.push(writers.map((writer) => writer.cancelled()));
    },
    { limit: 4 },
  );

  expect(trace).toEqual(["12345", "a", "c", [false, true, false], "end", "closing"]);
});

test("the socket is no longer polled for room once all waiting writers were cancelled", async () => {
  let looks = 0;
  await withSocket(
    function* (socket) {
      yield* socket.write("12345");
      const writer = createTask(socket.write("a"));
      yield;
      writer.cancel();
      yield;
      Object.defineProperty(fake, "bufferedAmount", { get: () => ++looks + 4 });
      yield* sleep(50);
    },
    { limit: 4 },
  );

  expect(looks).toBe(0);
});

test.each([
  ["closed here", (socket: WebSocketConnection) => socket.close()],
  ["closed by the peer", () => fake.end(1000, true)],
  ["broken", () => fake.end(1006, false)],
])("a writer that waits on a connection that is %s gets an error", async (_, end) => {
  await withSocket(
    function* (socket) {
      yield* socket.write("12345");
      const writers = [..."ab"].map((letter) => createTask(socket.write(letter)));
      yield;
      end(socket);
      for (const error of yield* gather(writers, { returnExceptions: true })) {
        expect(error).toBeInstanceOf(WebSocketError);
      }
    },
    { limit: 4 },
  );

  expect(trace.filter((entry) => entry !== "closing")).toEqual(["12345", "end"]);
});

test("a message that exceeds `maxUnread` can still be read, but is the last one", async () => {
  await withSocket(
    function* (socket) {
      fake.come("12");
      fake.come("34");
      yield* reader(socket, "a");
      fake.come("56");
      fake.come("7");
      fake.come("8");
      yield* reader(socket, "b");
      yield* reader(socket, "c");
      try {
        yield* reader(socket, "d");
      } catch (error) {
        trace.push((error as Error).message);
      }
    },
    { maxUnread: 4 },
  );

  const message = "The unread messages exceeded `maxUnread`";
  expect(trace).toEqual(["a12", "closing", "b34", "c56", message, "end"]);
});

test("a loop that closes also closes its connections", async () => {
  await withSocket(function* () {
    yield;
  });

  expect(trace).toEqual(["end", "closing"]);
});

test("a cancellation closes a connection that is still opening", async () => {
  await run(function* (): Coroutine<void> {
    const opening = createTask(openWebSocket("ws://anywhere"));
    yield;
    opening.cancel();
    yield* gather([opening], { returnExceptions: true });
    trace.push(opening.cancelled());
  });

  expect(trace).toEqual(["closing", true]);
});

test("a virtual clock waits for messages, and for room to send", async () => {
  await run(
    function* (): Coroutine<void> {
      yield* timeout(1, function* (): Coroutine<void> {
        const socket = yield* openWebSocket("ws://anywhere", { limit: 4 });
        setTimeout(() => fake.come("message"), 5);
        yield* reader(socket, "a");
        yield* socket.write("12345");
        setTimeout(() => {
          fake.bufferedAmount = 0;
        }, 5);
        yield* socket.write("6");
        socket.close();
        yield* socket.waitClosed();
      });
    },
    { clock: new VirtualClock() },
  );

  expect(trace).toEqual(["amessage", "12345", "6", "closing"]);
});

test("a blocked thread gets an error that explains why nothing can arrive", () => {
  const clock = new VirtualClock();

  expect(() => runSync(() => openWebSocket("ws://anywhere"), { clock })).toThrow(
    "cannot settle while this thread is blocked",
  );
});

test("on a platform without WebSocket, the error says where to get one", () => {
  globalThis.WebSocket = undefined as never;

  expect(() => openWebSocket("ws://anywhere")).toThrow(RuntimeError);
  expect(() => openWebSocket("ws://anywhere")).toThrow("package `ws`");
});
