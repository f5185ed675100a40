// Calls between a page and its workers.

import { afterEach, beforeAll, expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  gather,
  newEventLoop,
  run,
  sleep,
} from "../../src/index.ts";
import { installPlatform, type RemoteTicket } from "../../src/loop/platform.ts";
import { connectRemote } from "../../src/remote/remote.ts";
import { RemoteLostError } from "../../src/remote/remoteError.ts";
import { remoteServerOf } from "../../src/remote/remoteServer.ts";
import { transfer } from "../../src/remote/transfer.ts";

const PARTS = JSON.stringify(new URL("../../build/workers/workerParts.js", import.meta.url).href);

const PRELUDE = `
  import {
    connectRemote, installPlatform, newEventLoop, remoteServerOf, run, sleep
  } from ${PARTS};
  installPlatform({ remotePort: remoteServerOf });
`;

const SERVER = `${PRELUDE}
  const trace = [];
  const loop = newEventLoop();
  loop.expose({
    *add(a, b) { yield* sleep(1); return a + b; },
    *fail() { throw new RangeError("failure", { cause: "the cause" }); },
    sum(bytes) { return bytes.reduce((sum, byte) => sum + byte, 0); },
    *slow() { try { yield* sleep(1e9); } finally { yield* sleep(10); trace.push("cleaned"); } },
    *nap(ms) { yield* sleep(ms); },
    trace: () => trace,
    end() { loop.stop(); },
  });
  postMessage(loop.remote());
  await loop.runForever();
  loop.close();
`;

const workers: Worker[] = [];

beforeAll(() => installPlatform({ remotePort: remoteServerOf }));

afterEach(() => {
  for (const worker of workers.splice(0)) worker.terminate();
});

function start(program: string): Worker {
  const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  workers.push(worker);
  return worker;
}

function message(worker: Worker): Promise<never> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data as never);
    worker.onerror = reject;
  });
}

async function server(): Promise<RemoteTicket> {
  return message(start(SERVER));
}

test("a worker runs calls from its page", async () => {
  const remote = connectRemote(await server());
  const bytes = new Uint8Array(100).fill(2);
  const results = await run(() =>
    gather(
      [
        remote.call("add", 1, 2),
        remote.call("sum", transfer(bytes, [bytes.buffer])),
        remote.call("fail"),
      ],
      { returnExceptions: true },
    ),
  );

  expect(results).toEqual([3, 200, new RangeError("failure", { cause: "the cause" })]);
  expect(bytes.length).toBe(0);
});

test("a cancelled call cleans up before it ends", async () => {
  const remote = connectRemote(await server());
  const trace = await run(function* (): Coroutine<unknown> {
    const future = remote.call("slow");
    yield* remote.call("nap", 1);
    future.cancel();
    const [error] = yield* gather([future], { returnExceptions: true });
    expect(error).toBeInstanceOf(CancelledError);
    return yield* remote.call("trace");
  });

  expect(trace).toEqual(["cleaned"]);
});

test.each(["is terminated", "closes its loop"])("calls fail if their worker %s", async (how) => {
  const remote = connectRemote(await server());
  const error = await run(function* (): Coroutine<unknown> {
    const future = remote.call("slow");
    yield* remote.call("nap", 1);
    if (how === "is terminated") workers[0]?.terminate();
    else remote.callSoon("end");
    return (yield* gather([future], { returnExceptions: true }))[0];
  });

  expect(error).toBeInstanceOf(RemoteLostError);
});

test("calls fail if their worker was terminated before", async () => {
  const ticket = await server();
  workers[0]?.terminate();

  await expect(run(() => connectRemote(ticket).call("nap", 1))).rejects.toThrow(RemoteLostError);
});

test("calls made by a worker are cancelled when it is terminated", async () => {
  const ticket = await server();
  const caller = start(`${PRELUDE}
    onmessage = ({ data }) => run(function* () {
      const remote = connectRemote(data);
      const future = remote.call("slow");
      yield* remote.call("nap", 1);
      postMessage("called");
      yield* future;
    });
    postMessage("ready");
  `);
  await message(caller);
  const called = message(caller);
  caller.postMessage(ticket);
  await called;
  caller.terminate();
  const trace = await run(function* (): Coroutine<unknown> {
    const remote = connectRemote(ticket);
    for (;;) {
      const found = yield* remote.call<string[]>("trace");
      if (found.length > 0) return found;
      yield* sleep(5);
    }
  });

  expect(trace).toEqual(["cleaned"]);
});

test("a page runs calls from its workers, and workers run each other's calls", async () => {
  const ticket = await server();
  const loop = newEventLoop();
  const heard: unknown[] = [];
  loop.expose({
    hear(value: unknown) {
      heard.push(value);
      loop.stop();
    },
  });
  const caller = start(`${PRELUDE}
    onmessage = ({ data }) => run(function* () {
      const [other, page] = data.map(connectRemote);
      yield* page.call("hear", yield* other.call("add", 20, 1));
    });
    postMessage("ready");
  `);
  await message(caller);
  caller.postMessage([ticket, loop.remote()]);
  await loop.runForever();
  loop.close();

  expect(heard).toEqual([21]);
});
