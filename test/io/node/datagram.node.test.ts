// Datagrams between endpoints. One file, because all cases share the pair of them.

import type { createSocket } from "node:dgram";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  type Future,
  fromPromise,
  getRunningLoop,
  iterate,
  RuntimeError,
  run,
  runSync,
  sleep,
  timeout,
  waitFor,
} from "../../../src/index.ts";
import { createDatagramEndpoint, type DatagramOptions } from "../../../src/io/node/datagram.ts";
import type { DatagramEndpoint } from "../../../src/io/node/datagramEndpoint.ts";
import { VirtualClock } from "../../../src/testing.ts";
import { settle } from "./network.ts";

const LOCAL = { address: "127.0.0.1" };

let trace: string[];
let opened: DatagramEndpoint[];

beforeEach(() => {
  trace = [];
  opened = [];
});

afterEach(() => {
  for (const endpoint of opened) endpoint.close();
});

function* open(options: DatagramOptions = {}): Coroutine<DatagramEndpoint> {
  const endpoint = yield* createDatagramEndpoint({ localAddress: LOCAL, ...options });
  opened.push(endpoint);
  return endpoint;
}

function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

function* receiveText(endpoint: DatagramEndpoint): Coroutine<string> {
  return text((yield* endpoint.receive()).data);
}

test("datagrams are sent in both directions", async () => {
  await run(function* (): Coroutine<void> {
    const server = yield* open();
    const client = yield* open({ remoteAddress: server.address() });
    yield* client.send("ping");
    const { data, address } = yield* server.receive();
    trace.push(text(data), address.address);
    yield* server.send(new TextEncoder().encode("pong"), address);
    trace.push(yield* receiveText(client));
    expect(address.port).toBe(client.address().port);
  });

  expect(trace).toEqual(["ping", "127.0.0.1", "pong"]);
});

test("the address determines the version of IP", async () => {
  await run(function* (): Coroutine<void> {
    const server = yield* open({ localAddress: { address: "::1" } });
    const client = yield* createDatagramEndpoint({ remoteAddress: server.address() });
    opened.push(client);
    yield* client.send("six");
    const { data, address } = yield* server.receive();
    expect([text(data), address.family]).toEqual(["six", "IPv6"]);
  });
});

test("an empty datagram is received", async () => {
  await run(function* (): Coroutine<void> {
    const server = yield* open();
    yield* server.send("", server.address());
    expect((yield* server.receive()).data).toHaveLength(0);
  });
});

test("waiting receivers are served in order", async () => {
  await run(function* (): Coroutine<void> {
    const server = yield* open();
    const receivers = [..."abc"].map((name) =>
      createTask(function* (): Coroutine<void> {
        trace.push(name + (yield* receiveText(server)));
      }),
    );
    yield;
    for (const digit of "123") yield* server.send(digit, server.address());
    for (const receiver of receivers) yield* receiver;
  });

  expect(trace).toEqual(["a1", "b2", "c3"]);
});

test("a cancelled receive loses no datagram", async () => {
  await run(function* (): Coroutine<void> {
    const server = yield* open();
    const socket = server.getExtraInfo("socket") as ReturnType<typeof createSocket>;
    const receiver = createTask(receiveText(server));
    yield;
    // Cancels exactly in the turn of the hand-over.
    socket.once("message", () => receiver.cancel());
    yield* server.send("kept", server.address());
    yield* settle();
    expect(receiver.cancelled()).toBe(true);
    trace.push(yield* receiveText(server));
  });

  expect(trace).toEqual(["kept"]);
});

test("repeatedly cancelled receives lose no datagram, and keep the order", async () => {
  // The system can buffer as many datagrams as this.
  const count = 100;
  await run(function* (): Coroutine<void> {
    const server = yield* open();
    const sending = createTask(function* (): Coroutine<void> {
      for (let i = 0; i < count; i++) {
        yield* server.send(String(i), server.address());
        if (i % 10 === 0) yield* sleep(1);
      }
    });
    for (let turn = 0; trace.length < count; turn++) {
      const receiver = createTask(receiveText(server));
      // At its cancellation, the receiver has not started, waits, or was served.
      for (let steps = turn % 5; steps > 0; steps--) yield;
      receiver.cancel();
      try {
        trace.push(yield* receiver);
      } catch {
        if (turn % 7 === 0) yield* sleep(0);
      }
      if (turn % 50 === 0) yield* sleep(1);
    }
    yield* sending;
    expect(server.dropped).toBe(0);
  });

  expect(trace).toEqual(Array.from({ length: count }, (_, i) => String(i)));
});

test("a virtual clock waits for datagrams", async () => {
  await run(
    function* (): Coroutine<void> {
      const server = yield* open();
      yield* server.send("in time", server.address());
      trace.push(yield* timeout(1, () => receiveText(server)));
    },
    { clock: new VirtualClock() },
  );

  expect(trace).toEqual(["in time"]);
});

test("a blocked thread gets an error that explains why nothing can arrive", () => {
  expect(() => runSync(() => createDatagramEndpoint(), { clock: new VirtualClock() })).toThrow(
    "cannot settle while this thread is blocked",
  );
});

test("datagrams that find the queue full are dropped and counted", async () => {
  await run(function* (): Coroutine<void> {
    const server = yield* open({ maxsize: 2 });
    for (const digit of "12345") yield* server.send(digit, server.address());
    yield* settle();
    trace.push(yield* receiveText(server), yield* receiveText(server), String(server.dropped));
    yield* server.send("6", server.address());
    trace.push(yield* receiveText(server));
  });

  expect(trace).toEqual(["1", "2", "3", "6"]);
});

describe("a datagram endpoint's error", () => {
  test("keeps Node's code for an address in use", async () => {
    await run(function* (): Coroutine<void> {
      const { port } = (yield* open()).address();
      yield* open({ localAddress: { ...LOCAL, port } });
    }).then(
      () => trace.push("bound twice"),
      (error) => trace.push(error.code),
    );

    expect(trace).toEqual(["EADDRINUSE"]);
  });

  test("keeps Node's code for an unknown host, local or remote", async () => {
    const remoteAddress = { address: "no-such-host.invalid", port: 9 };
    const code = expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/);
    await expect(run(createDatagramEndpoint({ remoteAddress }))).rejects.toMatchObject({ code });
    await run(function* (): Coroutine<void> {
      const endpoint = yield* open();
      try {
        yield* endpoint.send("x", remoteAddress);
      } catch (error) {
        expect(error).toMatchObject({ code });
        trace.push("send");
      }
      endpoint.sendNowait("x", remoteAddress);
      try {
        yield* endpoint.receive();
      } catch (error) {
        expect(error).toMatchObject({ code });
        trace.push("receive");
      }
    });

    expect(trace).toEqual(["send", "receive"]);
  });

  test("is thrown by receive for an unreachable peer, and the endpoint continues", async () => {
    await run(function* (): Coroutine<void> {
      const peer = yield* open();
      const { port } = peer.address();
      peer.close();
      yield* peer.waitClosed();
      const client = yield* open({ remoteAddress: { ...LOCAL, port } });
      yield* client.send("nobody hears");
      try {
        yield* client.receive();
      } catch (error) {
        trace.push((error as NodeJS.ErrnoException).code ?? "");
      }
      const late = yield* open({ localAddress: { ...LOCAL, port } });
      yield* client.send("somebody hears");
      trace.push(yield* receiveText(late));
    });

    expect(trace).toEqual(["ECONNREFUSED", "somebody hears"]);
  });

  test("is thrown for a datagram that is too long", async () => {
    await run(function* (): Coroutine<void> {
      const endpoint = yield* open();
      yield* endpoint.send(new Uint8Array(100_000), endpoint.address());
    }).catch((error) => trace.push(error.code));

    expect(trace).toEqual(["EMSGSIZE"]);
  });

  test("is thrown at the call for invalid arguments", async () => {
    expect(() => createDatagramEndpoint({ type: "udp5" as never })).toThrow("`type`");
    expect(() => createDatagramEndpoint({ localAddress: { port: -1 } })).toThrow(RangeError);
    expect(() => createDatagramEndpoint({ remoteAddress: { port: 1 } as never })).toThrow(
      "Expected `remoteAddress.address` to be a string, got `undefined`",
    );
    expect(() => createDatagramEndpoint({ maxsize: 0 })).toThrow(RangeError);
    await run(function* (): Coroutine<void> {
      const endpoint = yield* open();
      expect(() => endpoint.send("to whom?")).toThrow("Expected `address`");
      expect(() => endpoint.sendNowait(7 as never, endpoint.address())).toThrow("Expected `data`");
      const bound = yield* open({ remoteAddress: endpoint.address() });
      expect(() => bound.send("x", endpoint.address())).toThrow("left out");
    });
  });
});

describe("closing a datagram endpoint", () => {
  test("ends waiting receivers, and earlier datagrams can still be taken", async () => {
    await run(function* (): Coroutine<void> {
      const server = yield* open();
      yield* server.send("before", server.address());
      yield* settle();
      server.close();
      server.close();
      trace.push(yield* receiveText(server));
      try {
        yield* server.receive();
      } catch (error) {
        trace.push((error as Error).message);
        expect(error).toBeInstanceOf(RuntimeError);
      }
      yield* server.waitClosed();
      expect(() => server.sendNowait("x", server.address())).toThrow(RuntimeError);
    });

    expect(trace).toEqual(["before", "The endpoint is closed"]);
  });

  test("ends a receive and a send in progress", async () => {
    await run(function* (): Coroutine<void> {
      const server = yield* open();
      const tasks = [
        createTask(server.receive()),
        // Names are looked up first, and Node then drops the datagram.
        createTask(server.send("x", { address: "localhost", port: 9 })),
      ];
      // Closes in the turn in which both tasks begin. In the next one, the name may be known.
      getRunningLoop().callSoon(() => server.close());
      for (const task of tasks) {
        try {
          yield* waitFor(task as Future<unknown>, 1000);
        } catch (error) {
          trace.push((error as Error).message);
        }
      }
    });

    expect(trace).toEqual(["The endpoint is closed", "The endpoint is closed"]);
  });

  test("stops error reports", async () => {
    const errors: unknown[] = [];
    const note = (error: unknown) => errors.push(error);
    process.on("uncaughtException", note);
    await run(function* (): Coroutine<void> {
      const endpoint = yield* open();
      endpoint.sendNowait("x", { address: "no-such-host.invalid", port: 9 });
      endpoint.close();
      yield* settle();
    });
    process.off("uncaughtException", note);

    expect(errors).toEqual([]);
  });

  test("ends an iteration", async () => {
    await run(function* (): Coroutine<void> {
      const server = yield* open();
      const datagrams = iterate(server);
      for (const digit of "123") yield* server.send(digit, server.address());
      for (let r = yield* datagrams.next(); !r.done; r = yield* datagrams.next()) {
        trace.push(text(r.value.data));
        if (trace.length === 3) server.close();
      }
    });

    expect(trace).toEqual(["1", "2", "3"]);
  });

  test("ends a for await loop in an async function", async () => {
    await run(function* (): Coroutine<void> {
      const server = yield* open();
      async function collect(): Promise<void> {
        for await (const { data } of server) {
          trace.push(text(data));
          if (trace.length === 3) server.close();
        }
      }
      const collecting = collect();
      for (const digit of "123") yield* server.send(digit, server.address());
      yield* fromPromise(collecting);
    });

    expect(trace).toEqual(["1", "2", "3"]);
  });

  test("happens when the task that opens it is cancelled", async () => {
    const { port } = await run(function* (): Coroutine<{ port: number }> {
      const endpoint = yield* open();
      const address = endpoint.address();
      endpoint.close();
      yield* endpoint.waitClosed();
      return address;
    });
    await run(function* (): Coroutine<void> {
      const opening = createTask(open({ localAddress: { ...LOCAL, port } }));
      yield;
      opening.cancel();
      yield* settle();
      expect(opening.cancelled()).toBe(true);
      yield* open({ localAddress: { ...LOCAL, port } });
    });
  });
});
