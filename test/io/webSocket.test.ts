// openWebSocket with a real server, in Node and in a browser.

import { beforeAll, beforeEach, expect, inject, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  fromPromise,
  iterate,
  run,
  sleep,
  timeout,
} from "../../src/index.ts";
import { openWebSocket, type WebSocketOptions } from "../../src/io/webSocket.ts";
import { type WebSocketConnection, WebSocketError } from "../../src/io/webSocketConnection.ts";
import { provideWebSocket } from "../support/webSocketClient.ts";

const SERVER = inject("webSocketServer");
/** An address at which nothing listens. */
const NOBODY = "ws://127.0.0.1:1";
const KILOBYTE = 1024;
const MEGABYTE = KILOBYTE * KILOBYTE;
/** For tests that send so much that a busy machine needs time. */

let trace: unknown[];

beforeAll(provideWebSocket);

beforeEach(() => {
  trace = [];
});

function open(path: string, options?: WebSocketOptions): Coroutine<WebSocketConnection> {
  return openWebSocket(SERVER + path, options);
}

/** The error that a coroutine throws. */
function* thrownBy(coro: Coroutine<unknown>): Coroutine<unknown> {
  try {
    yield* coro;
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

test("text is echoed as text, and bytes as bytes", async () => {
  await run(function* (): Coroutine<void> {
    const socket = yield* open("/echo");
    yield* socket.write("grüße");
    yield* socket.write(Uint8Array.of(1, 2, 3));
    yield* socket.write(Uint8Array.of(4, 5).buffer);
    yield* socket.write(new DataView(Uint8Array.of(6, 7, 8).buffer, 1));
    yield* socket.write("");
    for (let i = 0; i < 5; i++) trace.push(yield* socket.read());
    socket.close();
    yield* socket.waitClosed();
  });

  const [text, first, second, third, empty] = trace;
  expect([text, empty]).toEqual(["grüße", ""]);
  expect(first).toBeInstanceOf(Uint8Array);
  expect([first, second, third].map((bytes) => [...(bytes as Uint8Array)])).toEqual([
    [1, 2, 3],
    [4, 5],
    [7, 8],
  ]);
});

test("the server chooses one of the protocols", async () => {
  await run(function* (): Coroutine<void> {
    const socket = yield* open("/echo", { protocols: ["first", "second"] });
    trace.push(socket.protocol);
    const other = yield* openWebSocket(new URL(`${SERVER}/echo`), { protocols: "second" });
    trace.push(other.protocol, (yield* open("/echo")).protocol);
  });

  expect(trace).toEqual(["second", "second", ""]);
});

test("a clean close by the peer ends reading, after all earlier messages", async () => {
  await run(function* (): Coroutine<void> {
    const socket = yield* open("/close?code=4001&reason=bye");
    yield* socket.waitClosed();
    trace.push(
      socket.isClosing(),
      yield* socket.read(),
      yield* socket.read(),
      yield* socket.read(),
    );
    trace.push(socket.closeCode, socket.closeReason, socket.wasClean);
    const late = yield* thrownBy(socket.write("late"));
    expect(late).toBeInstanceOf(WebSocketError);
    expect(late).toMatchObject({ closeCode: 4001, closeReason: "bye" });
  });

  expect(trace).toEqual([true, "last", undefined, undefined, 4001, "bye", true]);
});

test("read throws an error on a broken connection, after all earlier messages", async () => {
  await run(function* (): Coroutine<void> {
    const socket = yield* open("/drop");
    trace.push(socket.wasClean, yield* socket.read());
    const error = yield* thrownBy(socket.read());
    expect(error).toBeInstanceOf(WebSocketError);
    expect(error).toMatchObject({ name: "WebSocketError", closeCode: 1006 });
    expect(yield* thrownBy(socket.read())).toBeInstanceOf(WebSocketError);
    expect(yield* thrownBy(socket.write("x"))).toBeInstanceOf(WebSocketError);
    yield* socket.waitClosed();
    trace.push(socket.closeCode, socket.wasClean);
  });

  expect(trace).toEqual([undefined, "last", 1006, false]);
});

test.each([
  ["nothing listens", NOBODY],
  ["the server does not use WebSocket", `${SERVER}/refuse`],
])("opening throws an error if %s", async (_, url) => {
  const error = await run(thrownBy(openWebSocket(url)));

  expect(error).toBeInstanceOf(WebSocketError);
  expect(error).toMatchObject({ closeCode: 1006 });
});

test("opening an invalid address throws a SyntaxError", async () => {
  await expect(run(openWebSocket("ws://["))).rejects.toMatchObject({
    name: "SyntaxError",
  });
});

test("close ends pending reads, and both sides agree on the code", async () => {
  await run(function* (): Coroutine<void> {
    const socket = yield* open("/echo");
    const reading = createTask(socket.read());
    yield;
    socket.close(4002, "enough");
    socket.close();
    trace.push(socket.isClosing(), yield* reading, socket.closeCode, socket.wasClean);
    expect(yield* thrownBy(socket.write("late"))).toBeInstanceOf(WebSocketError);
  });

  expect(trace).toEqual([true, undefined, 4002, true]);
});

test("a cancellation closes a connection that is still opening", async () => {
  const token = crypto.randomUUID();
  await run(function* (): Coroutine<void> {
    function* hanging(): Coroutine<string> {
      const url = `${SERVER.replace("ws:", "http:")}/hanging?token=${token}`;
      return yield* fromPromise(fetch(url).then((response) => response.text()));
    }
    const connecting = createTask(open(`/never?token=${token}`));
    while ((yield* hanging()) !== "1") yield* sleep(5);
    connecting.cancel();
    expect(yield* thrownBy(connecting as never)).toBeInstanceOf(CancelledError);
    yield* timeout(3000, function* (): Coroutine<void> {
      while ((yield* hanging()) !== "0") yield* sleep(5);
    });
  });
});

test("iterate and for await yield all messages", async () => {
  await run(function* (): Coroutine<void> {
    const socket = yield* open("/echo");
    for (const letter of "abc") yield* socket.write(letter);
    const messages = iterate(socket);
    for (let r = yield* messages.next(); !r.done; r = yield* messages.next()) {
      trace.push(r.value);
      if (r.value === "c") socket.close();
    }
    const other = yield* open("/close?code=1000");
    async function collect(): Promise<void> {
      for await (const message of other) trace.push(message);
    }
    yield* fromPromise(collect());
  });

  expect(trace).toEqual(["a", "b", "c", "last"]);
});

test("a peer that does not read makes writes wait, and nothing is lost", async () => {
  const size = 64 * KILOBYTE;
  const count = 500;
  await run(function* (): Coroutine<void> {
    const socket = yield* open("/slow?delay=2000", { limit: 4 * size });
    let written = 0;
    const writing = createTask(function* (): Coroutine<void> {
      for (; written < count; written++) yield* socket.write(new Uint8Array(size));
      yield* socket.write("how much?");
    });
    // The system decides how much it buffers itself.
    for (let before = -1; before !== written; yield* sleep(100)) before = written;
    expect(written).toBeLessThan(count);
    yield* writing;
    trace.push(yield* socket.read());
    socket.close();
  });

  expect(trace).toEqual([String(size * count)]);
});

test("a peer that sends more than `maxUnread` is disconnected", async () => {
  await run(function* (): Coroutine<void> {
    const socket = yield* open(`/push?count=30&size=${MEGABYTE}`, { maxUnread: 3 * MEGABYTE });
    yield* socket.waitClosed();
    for (let i = 0; i < 3; i++) trace.push((yield* socket.read())?.length);
    const error = yield* thrownBy(socket.read());
    expect(error).toBeInstanceOf(WebSocketError);
    trace.push((error as Error).message);
  });

  expect(trace).toEqual([
    ...[MEGABYTE, MEGABYTE, MEGABYTE],
    "The unread messages exceeded `maxUnread`",
  ]);
});

test("openWebSocket rejects invalid arguments when called", async () => {
  expect(() => openWebSocket(5 as never)).toThrow("`url`");
  expect(() => openWebSocket(SERVER, { protocols: [1 as never] })).toThrow("`protocols`");
  expect(() => openWebSocket(SERVER, { limit: -1 })).toThrow(RangeError);
  expect(() => openWebSocket(SERVER, { maxUnread: "1" as never })).toThrow("`maxUnread`");
  expect(() => openWebSocket(SERVER, null as never)).toThrow("`options`");
  await run(function* (): Coroutine<void> {
    const socket = yield* open("/echo");
    expect(() => socket.write(5 as never)).toThrow("Expected `data`");
    expect(() => socket.close(5)).toThrow();
    yield* socket.write("still open");
    trace.push(yield* socket.read());
  });
  expect(trace).toEqual(["still open"]);
});
