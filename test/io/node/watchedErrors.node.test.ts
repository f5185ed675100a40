// Errors of watched sources reach the exception handler, or the caller of select.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  accept,
  type Coroutine,
  EVENT_READ,
  getRunningLoop,
  receiveFrom,
  receiveMessage,
  Selector,
  sleep,
} from "../../../src/node.ts";
import { openHandles, portOf, runSoon, settle, untilClosed } from "./network.ts";

let before: string[];

beforeEach(() => {
  before = openHandles();
});

afterEach(async () => {
  expect(await untilClosed(before)).toEqual(before);
});

const emfile = Object.assign(new Error("accept EMFILE"), { code: "EMFILE" });
const ignore = () => undefined;

async function listening() {
  const server = createServer().listen(0);
  await once(server, "listening");
  return server;
}

describe("an error of a watched source", () => {
  test("goes to the exception handler once, and connections are still accepted", async () => {
    const server = await listening();
    const { result, reports } = await runSoon(function* (): Coroutine<number> {
      let accepted = 0;
      getRunningLoop().addReader(server, () => {
        accept(server)?.destroy();
        accepted++;
      });
      // More errors of this kind occur before the loop can handle the first one.
      for (let i = 0; i < 3; i++) server.emit("error", emfile);
      const client = connect(portOf(server)).on("error", ignore);
      while (accepted === 0) yield* sleep(1);
      client.destroy();
      getRunningLoop().removeReader(server);
      return accepted;
    });
    server.close();

    expect(result).toBe(1);
    expect(reports).toMatchObject([
      { message: "A watched source threw an exception: `Server` (object)", exception: emfile },
    ]);
  });

  test("does not hide a connection that arrived in the same turn", async () => {
    const server = await listening();
    const { result, reports } = await runSoon(function* (): Coroutine<number> {
      accept(server);
      const client = connect(portOf(server)).on("error", ignore);
      yield* settle();
      server.emit("error", emfile);
      let accepted = 0;
      getRunningLoop().addReader(server, () => {
        accept(server)?.destroy();
        accepted++;
      });
      while (accepted === 0) yield* sleep(1);
      client.destroy();
      getRunningLoop().removeReader(server);
      return accepted;
    });
    server.close();

    expect([result, reports.map(({ exception }) => exception)]).toEqual([1, [emfile]]);
  });

  test("is reported if the source cannot listen", async () => {
    const taken = await listening();
    const { reports } = await runSoon(function* (soFar): Coroutine<void> {
      const server = createServer();
      getRunningLoop().addReader(server, ignore);
      server.listen(portOf(taken));
      while (soFar.length === 0) yield* sleep(1);
      getRunningLoop().removeReader(server);
    });
    taken.close();

    expect(reports).toMatchObject([{ exception: { code: "EADDRINUSE" } }]);
  });

  test("is thrown once by select() of a selector without a loop", async () => {
    const server = await listening();
    const selector = new Selector();
    selector.register(server, EVENT_READ);
    const calm = selector.select();
    server.emit("error", emfile);

    expect(calm).toEqual([]);
    expect(() => selector.select()).toThrow(emfile);
    expect(selector.select()).toEqual([]);
    selector.close();
    server.close();
  });

  test("is left to the program's own listeners, if there are any", async () => {
    const server = await listening();
    const own: unknown[] = [];
    server.on("error", (error) => own.push(error));
    const { reports } = await runSoon(function* (): Coroutine<void> {
      getRunningLoop().addReader(server, ignore);
      server.emit("error", emfile);
      yield* sleep(5);
      getRunningLoop().removeReader(server);
    });
    server.close();

    expect([own, reports]).toEqual([[emfile], []]);
  });

  test("is reported for a datagram socket whose peer does not exist", async () => {
    const gone = createSocket("udp4").bind(0, "127.0.0.1");
    await once(gone, "listening");
    const { port } = gone.address();
    gone.close();
    await once(gone, "close");
    const socket = createSocket("udp4");
    socket.connect(port, "127.0.0.1");
    await once(socket, "connect");
    const { reports } = await runSoon(function* (soFar): Coroutine<void> {
      receiveFrom(socket);
      getRunningLoop().addReader(socket, () => receiveFrom(socket));
      socket.send("x", ignore);
      while (soFar.length === 0) yield* sleep(1);
      getRunningLoop().removeReader(socket);
    });
    socket.close();

    expect(reports).toMatchObject([{ exception: { code: "ECONNREFUSED" } }]);
  });

  test("is reported for a message that cannot be deserialized, and later messages arrive", async () => {
    const { port1, port2 } = new MessageChannel();
    const { result, reports } = await runSoon(function* (): Coroutine<unknown> {
      let received: unknown;
      getRunningLoop().addReader(port1, () => {
        received = receiveMessage(port1)?.message;
      });
      port1.emit("messageerror", emfile);
      port2.postMessage(5);
      while (received === undefined) yield* sleep(1);
      getRunningLoop().removeReader(port1);
      return received;
    });
    port1.close();
    port2.close();

    expect([result, reports.map(({ exception }) => exception)]).toEqual([5, [emfile]]);
  });
});
