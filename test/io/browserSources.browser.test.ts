// The sources that a browser loop can watch, through the browser's own objects.

import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import {
  EVENT_READ,
  EVENT_WRITE,
  getRunningLoop,
  receiveChunk,
  receiveMessage,
  run,
  Selector,
  sleep,
} from "../../src/browser.ts";
import type { Coroutine } from "../../src/index.ts";
import { hostTimer } from "../support/host.ts";

const SERVER = inject("webSocketServer");
const BOTH = EVENT_READ | EVENT_WRITE;

let selector: Selector;
let trace: unknown[];

beforeEach(() => {
  selector = new Selector();
  trace = [];
});

afterEach(() => selector.close());

/** Waits until the selector reports something. */
async function selected(): Promise<[unknown, number][]> {
  let ready = selector.select();
  while (ready.length === 0) {
    await hostTimer(2);
    ready = selector.select();
  }
  return ready.map(([{ source }, events]) => [source, events]);
}

/** Takes messages from the source until its end, or until there are `count`. */
async function messages(source: EventTarget, count: number): Promise<unknown[]> {
  const all: unknown[] = [];
  while (all.length < count) {
    expect(await selected()).toEqual([[source, EVENT_READ]]);
    const received = receiveMessage(source);
    if (received === undefined) return [...all, "end"];
    all.push(received.message);
  }
  return all;
}

describe("a MessagePort", () => {
  test("is readable as long as a message is left", async () => {
    const { port1, port2 } = new MessageChannel();
    port2.postMessage("early");
    selector.register(port1, EVENT_READ);
    port2.postMessage(undefined);

    expect(await messages(port1, 2)).toEqual(["early", undefined]);
    expect(selector.select()).toEqual([]);
    expect(receiveMessage(port1)).toBeUndefined();
    port1.close();
  });

  test("is always writable", () => {
    const { port1 } = new MessageChannel();
    selector.register(port1, BOTH);

    expect(selector.select().map(([, events]) => events)).toEqual([EVENT_WRITE]);
    port1.close();
  });

  test("keeps messages that arrive while nothing watches it", async () => {
    const { port1, port2 } = new MessageChannel();
    selector.register(port1, EVENT_READ);
    selector.unregister(port1);
    port2.postMessage("kept");
    await hostTimer(20);
    selector.register(port1, EVENT_READ);

    expect(await messages(port1, 1)).toEqual(["kept"]);
    port1.close();
  });
});

test("a BroadcastChannel is readable when a message has arrived", async () => {
  const name = crypto.randomUUID();
  const [receiver, sender] = [new BroadcastChannel(name), new BroadcastChannel(name)];
  selector.register(receiver, EVENT_READ);
  sender.postMessage({ a: 1 });
  sender.postMessage({ a: 2 });

  expect(await messages(receiver, 2)).toEqual([{ a: 1 }, { a: 2 }]);
  receiver.close();
  sender.close();
});

test("a Worker is readable when a message has arrived", async () => {
  const url = URL.createObjectURL(new Blob(["onmessage = ({ data }) => postMessage(data + 1)"]));
  const worker = new Worker(url);
  selector.register(worker, EVENT_READ);
  for (const number of [1, 2, 3]) worker.postMessage(number);

  expect(await messages(worker, 3)).toEqual([2, 3, 4]);
  worker.terminate();
  URL.revokeObjectURL(url);
});

test("an EventSource is readable when an event has arrived", async () => {
  const events = new EventSource(`${SERVER.replace("ws:", "http:")}/events`);
  selector.register(events, EVENT_READ);

  expect(await messages(events, 3)).toEqual(["one", "two", "three"]);
  events.close();
});

test("an EventSource that is refused is readable and at its end", async () => {
  const events = new EventSource(`${SERVER.replace("ws:", "http:")}/none`);
  selector.register(events, EVENT_READ);

  expect(await messages(events, 1)).toEqual(["end"]);
});

describe("a WebSocket", () => {
  test("is readable when a message has arrived, and at its end", async () => {
    const socket = new WebSocket(`${SERVER}/close?code=1000`);
    selector.register(socket, EVENT_READ);

    expect(await messages(socket, 2)).toEqual(["last", "end"]);
    expect(await selected()).toEqual([[socket, EVENT_READ]]);
  });

  test("is writable once it is open, while its send buffer is nearly empty", async () => {
    const socket = new WebSocket(`${SERVER}/slow?delay=100`);
    selector.register(socket, EVENT_WRITE);
    expect(selector.select()).toEqual([]);

    await selected();
    expect(socket.readyState).toBe(WebSocket.OPEN);
    for (let i = 0; i < 20; i++) socket.send(new Uint8Array(100_000));
    expect(selector.select()).toEqual([]);
    await selected();
    expect(socket.bufferedAmount).toBeLessThan(100_000);
    socket.close();
  });
});

describe("a ReadableStream", () => {
  test("is readable when a chunk has arrived, and at its end", async () => {
    let controller: ReadableStreamDefaultController<string> | undefined;
    const stream = new ReadableStream<string>({
      start(it) {
        controller = it;
      },
    });
    selector.register(stream, EVENT_READ);
    await hostTimer();
    expect([selector.select(), receiveChunk(stream)]).toEqual([[], undefined]);
    for (const chunk of "ab") controller?.enqueue(chunk);
    controller?.close();
    for (let i = 0; i < 3; i++) {
      expect(await selected()).toEqual([[stream, EVENT_READ]]);
      trace.push(receiveChunk(stream)?.chunk);
    }

    expect(trace).toEqual(["a", "b", undefined]);
    expect(stream.locked).toBe(true);
  });

  test("is read one chunk ahead, and no more", async () => {
    let pulled = 0;
    const stream = new ReadableStream<number>(
      { pull: (controller) => controller.enqueue(++pulled) },
      { highWaterMark: 0 },
    );
    selector.register(stream, EVENT_READ);
    await selected();
    await hostTimer(10);
    expect(pulled).toBe(1);
    expect(receiveChunk(stream)).toEqual({ chunk: 1 });
    await selected();
    expect(pulled).toBe(2);
  });

  test("is readable once it breaks, and throws its error to its reader", async () => {
    const failure = new Error("failure");
    const stream = new ReadableStream({ pull: (controller) => controller.error(failure) });
    selector.register(stream, EVENT_READ);
    await selected();

    expect(() => receiveChunk(stream)).toThrow(failure);
    expect(() => receiveChunk(stream)).toThrow(failure);
  });

  test("cannot be watched if it is locked to another reader", () => {
    const stream = new ReadableStream();
    stream.getReader();

    expect(() => selector.register(stream, EVENT_READ)).toThrow(TypeError);
  });
});

test("the writer of a WritableStream is writable while there is room", async () => {
  const { writable, readable } = new TransformStream<string>(undefined, { highWaterMark: 2 });
  const writer = writable.getWriter();
  const reader = readable.getReader();
  selector.register(writer, EVENT_WRITE);
  const written: Promise<void>[] = [];
  for (let round = 0; round < 3; round++) {
    expect(await selected()).toEqual([[writer, EVENT_WRITE]]);
    while (selector.select().length > 0) written.push(writer.write("x"));
    trace.push(written.length);
    await hostTimer();
    await reader.read();
  }
  void writer.abort().catch(() => undefined);
  await Promise.allSettled(written);
  expect(await selected()).toEqual([[writer, EVENT_WRITE]]);

  expect(trace).toEqual([2, 3, 4]);
});

test("a closed writer is writable, because nothing will make it wait", async () => {
  const writer = new WritableStream().getWriter();
  await writer.close();
  selector.register(writer, EVENT_WRITE);

  expect(await selected()).toEqual([[writer, EVENT_WRITE]]);
});

test("a writer becomes writable when its stream is closed", async () => {
  const writer = new WritableStream(undefined, { highWaterMark: 0 }).getWriter();
  selector.register(writer, EVENT_WRITE);
  expect(selector.select()).toEqual([]);
  const found = selected();
  await writer.close();

  expect(await found).toEqual([[writer, EVENT_WRITE]]);
});

test("a loop calls a reader's callback in each turn in which data is available", async () => {
  await run(function* (): Coroutine<void> {
    const { port1, port2 } = new MessageChannel();
    const loop = getRunningLoop();
    expect(loop.selector).toBeInstanceOf(Selector);
    let level = 0;
    loop.addReader(
      port1,
      (name: string) => {
        // The first call takes nothing, so that there is a second one.
        if (level++ === 0) trace.push("again");
        else trace.push(name, receiveMessage(port1)?.message);
      },
      "port",
    );
    port2.postMessage(1);
    port2.postMessage(2);
    while (trace.length < 5) yield* sleep(1);
    trace.push(loop.removeReader(port1), loop.removeReader(port1));
    port1.close();
  });

  expect(trace).toEqual(["again", "port", 1, "port", 2, true, false]);
});

test("watching anything else throws a TypeError that lists the supported sources", () => {
  for (const source of [{}, window, new WritableStream(), undefined, "port"]) {
    expect(() => selector.register(source, EVENT_READ)).toThrow(
      /Expected `source` to be a MessagePort/,
    );
  }
  expect(() => receiveMessage(window)).toThrow(TypeError);
  expect(() => receiveChunk({} as never)).toThrow(TypeError);
});
