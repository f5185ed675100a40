// A process ends once its last call has ended, and not before.

import { expect, test } from "vitest";
import { exitOf } from "./support/program.ts";

test.each([
  ["once a call is done", `console.log(await wait(20));`, ["20"]],
  ["once the work left behind is done", `void leave();`, ["left"]],
  [
    "once a timer that was left has fired",
    `await toAsync(function* () { getEventLoop().callLater(20, console.log, "fired"); yield; })();`,
    ["fired"],
  ],
  [
    "even if a task waits for something",
    `await toAsync(function* () { createTask(function* () { yield* getEventLoop().createFuture(); }); yield; })();`,
    [],
  ],
  ["once a server that was left is closed", `await serve();`, ["request", "closed"]],
])("a process ends %s", async (_, program, stdout) => {
  const exit = await exitOf(`
    import { connect } from "node:net";
    import { createTask, getEventLoop, sleep, startServer, toAsync } from "mysyncio/node";
    const wait = toAsync(function* (ms) { return yield* sleep(ms, ms); });
    const leave = toAsync(function* () {
      createTask(function* () { yield* sleep(20); console.log("left"); });
      yield;
    });
    const serve = toAsync(function* () {
      const server = yield* startServer(function* (reader, writer) {
        yield* reader.read(1);
        console.log("request");
        writer.close();
        server.close();
        yield* sleep(5);
        console.log("closed");
      }, { host: "127.0.0.1" });
      connect(server.address().port, "127.0.0.1").end("x").resume();
    });
    ${program}`);

  expect(exit).toEqual({ code: 0, signal: null, stdout, stderr: [] });
});
