// Programs that use the built package, each in its own process: they end by themselves, and lose
// nothing.

import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { startServer } from "../../../src/node.ts";
import { exitOf } from "../../support/program.ts";
import { bareServer, portOf, quietly } from "./network.ts";

const start = `
  import { run, sleep, openConnection, startServer, createTask } from "mysyncio/node";
  const portOf = (server) => server.address().port;`;

test("a program ends even if it leaves its server and connections open", async () => {
  const { code, stdout } = await exitOf(`${start}
    await run(function* () {
      const server = yield* startServer(function* (reader) { yield* reader.read(); });
      yield* openConnection({ port: portOf(server) });
      yield* sleep(20);
      console.log("done");
    });`);
  expect([code, stdout]).toEqual([0, ["done"]]);
});

test.each([
  ["that stopped", ""],
  ["that keeps running after unref()", "loop.unref(); loop.runForever();"],
])("the sockets and servers of a loop %s don't keep the process alive", async (_, rest) => {
  const { code, stdout } = await exitOf(`${start}
    import { newEventLoop, createSubprocessExec, PIPE } from "mysyncio/node";
    const loop = newEventLoop();
    await loop.runUntilComplete(function* () {
      const server = yield* startServer(function* (reader) { yield* reader.read(); });
      yield* openConnection({ port: portOf(server) });
      yield* sleep(20);
      console.log("done");
    }());
    ${rest}`);
  expect([code, stdout]).toEqual([0, ["done"]]);
});

test("a program ends even if its peer reads nothing", async () => {
  const server = await bareServer((socket) => socket.pause());
  const { code, stdout } = await exitOf(`${start}
    await run(function* () {
      const [, writer] = yield* openConnection({ port: ${portOf(server)} });
      writer.write(new Uint8Array(50_000_000));
      writer.close();
      console.log("done");
    });`);
  server.close();
  expect([code, stdout]).toEqual([0, ["done"]]);
});

test("a program that fails while it waits for a connection ends with its error", async () => {
  const { code, stdout } = await exitOf(`${start}
    await run(function* () {
      const server = yield* startServer(function* (reader) { yield* reader.read(); });
      const [reader] = yield* openConnection({ port: portOf(server) });
      createTask(reader.read());
      yield* sleep(10);
      throw new Error("failed");
    }).catch((error) => console.log(error.message));`);
  expect([code, stdout]).toEqual([0, ["failed"]]);
});

test("a server that a signal handler closes still serves its clients, and then the program ends", async () => {
  const { code, stdout } = await exitOf(`${start}
    import { getRunningLoop } from "mysyncio/node";
    await run(function* () {
      const server = yield* startServer(function* (reader, writer) {
        writer.write(yield* reader.readline());
      });
      getRunningLoop().addSignalHandler("SIGTERM", () => server.close());
      const [reader, writer] = yield* openConnection({ port: portOf(server) });
      const client = createTask(function* () {
        yield* sleep(10);
        process.kill(process.pid, "SIGTERM");
        yield* sleep(10);
        writer.write("served\\n");
        console.log(new TextDecoder().decode(yield* reader.readline()).trim());
        writer.close();
      });
      yield* server.serveForever();
      yield* client;
      console.log("stopped");
    });`);
  expect([code, stdout]).toEqual([0, ["served", "stopped"]]);
});

test("startServer adds no error listener to a server that mysyncio doesn't use", async () => {
  const server = createServer().listen(0);
  await once(server, "listening");
  await quietly(function* () {
    yield* startServer(function* () {});
  });
  expect(server.listenerCount("error")).toBe(0);
  server.close();
});
