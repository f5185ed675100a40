// In debug mode, the coroutine functions of `mysyncio/node` are reported too if nothing awaits them,
// by the names that users know.

import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  createDatagramEndpoint,
  createSubprocessExec,
  createSubprocessShell,
  type ExceptionContext,
  getaddrinfo,
  getRunningLoop,
  openConnection,
  openUnixConnection,
  PIPE,
  run,
  startServer,
  startUnixServer,
} from "../../src/node.ts";
import { exitOf } from "../support/program.ts";

/** The names in the reports of the coroutines that `body` made and forgot. */
async function forgottenIn(body: () => Coroutine<void>): Promise<string[]> {
  const reports: ExceptionContext[] = [];
  await run(
    function* () {
      const loop = getRunningLoop();
      loop.slowCallbackDuration = Infinity;
      loop.setExceptionHandler((_, context) => reports.push(context));
      yield* body();
    },
    { debug: true },
  );
  return reports.map(({ message }) => /`(.*?)`.*never awaited/.exec(message)?.[1] ?? message);
}

describe("a forgotten coroutine is reported", () => {
  const handler = function* (): Coroutine<void> {};
  const FUNCTIONS: Readonly<Record<string, () => unknown>> = {
    openConnection: () => openConnection({ port: 1 }),
    openUnixConnection: () => openUnixConnection("/nowhere"),
    startServer: () => startServer(handler, { port: 0 }),
    startUnixServer: () => startUnixServer(handler, "/nowhere"),
    createDatagramEndpoint: () => createDatagramEndpoint(),
    createSubprocessExec: () => createSubprocessExec("true"),
    createSubprocessShell: () => createSubprocessShell("true"),
    getaddrinfo: () => getaddrinfo("localhost", 1),
  };

  test("if it comes from a function that opens something", async () => {
    const names = await forgottenIn(function* () {
      for (const call of Object.values(FUNCTIONS)) call();
      yield;
    });
    expect(names.sort()).toEqual(Object.keys(FUNCTIONS).sort());
  });

  test("if it comes from a method of a server, a stream, a process or a socket", async () => {
    const names = await forgottenIn(function* () {
      const server = yield* startServer(
        function* (_, writer) {
          writer.close();
          yield* writer.waitClosed();
        },
        { host: "127.0.0.1", port: 0 },
      );
      const { port } = server.address() as { port: number };
      const [reader, writer] = yield* openConnection({ host: "127.0.0.1", port });
      const endpoint = yield* createDatagramEndpoint({ localAddress: { address: "127.0.0.1" } });
      const child = yield* createSubprocessExec(process.execPath, ["-e", ""], { stdout: PIPE });
      reader.readline();
      writer.drain();
      writer.waitClosed();
      endpoint.receive();
      endpoint.send("x", { address: "127.0.0.1", port: 1 });
      endpoint.waitClosed();
      server.waitClosed();
      server.serveForever();
      child.wait();
      child.communicate();
      yield* child.communicate();
      endpoint.close();
      server.close();
      writer.close();
      yield* server.waitClosed();
    });
    const methods = names.map((name) => name.replace(/^.*\./, ""));
    expect(methods.sort()).toEqual([
      "communicate",
      "drain",
      "readline",
      "receive",
      "send",
      "serveForever",
      "wait",
      "waitClosed",
      "waitClosed",
      "waitClosed",
    ]);
  });

  test("under its public name, in the built package too", async () => {
    const { stderr } = await exitOf(`
      import * as mysyncio from "mysyncio/node";
      await mysyncio.run(function* () {
        mysyncio.openConnection({ port: 1 });
        mysyncio.waitEvent(process, "x");
        mysyncio.iterate([]).next();
        yield;
      }, { debug: true });`);
    const names = stderr.flatMap((line) => /coroutine `(.*?)`/.exec(line)?.[1] ?? []);
    expect(names.sort()).toEqual(["iterate", "openConnection", "waitEvent"]);
  });
});
