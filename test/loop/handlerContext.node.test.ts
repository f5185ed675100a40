// The context in which the exception handler runs for outside events: connections and remote calls.

import { AsyncLocalStorage } from "node:async_hooks";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { ContextVar, type ExceptionContext, newEventLoop } from "../../src/index.ts";
import {
  type ConnectionHandler,
  type Coroutine,
  createTask,
  getRunningLoop,
  run,
  type Server,
  sleep,
  startServer,
} from "../../src/node.ts";
import { connectRemote } from "../../src/remote/remote.ts";
import { portOf } from "../io/node/network.ts";
import { collectGarbage } from "../support/garbage.ts";

const request = new ContextVar<string>("request");
const failure = new Error("failure");

interface Report {
  readonly id: string;
  readonly context: ExceptionContext;
}

function reporting() {
  const loop = newEventLoop();
  const reports: Report[] = [];
  loop.setExceptionHandler((_, context) => reports.push({ id: request.get("none"), context }));
  return { loop, reports };
}

/** Serves one connection with `handler`, and waits for a report. */
function serveOne(handler: ConnectionHandler, isOver: () => boolean): Coroutine<Server> {
  return (function* () {
    request.set("server");
    const server = yield* startServer(handler);
    request.set("main");
    const client = connect(portOf(server));
    client.on("error", () => undefined);
    client.write("hello");
    while (!isOver()) yield* sleep(1);
    client.destroy();
    server.close();
    yield* server.waitClosed();
    return server;
  })();
}

const HANDLERS: Readonly<Record<string, { handler: ConnectionHandler; id: string }>> = {
  "of a server's handler that set a variable": {
    id: "set",
    *handler() {
      request.set("set");
      yield;
      throw failure;
    },
  },
  "of a server's handler that set no variable": {
    id: "server",
    *handler(reader) {
      yield* reader.read(1);
      throw failure;
    },
  },
  "of the call of a server's handler that returned no coroutine": {
    id: "server",
    handler: (() => {
      throw failure;
    }) as never,
  },
};

test.each(Object.keys(HANDLERS))("the exception handler runs in the context %s", async (name) => {
  const { loop, reports } = reporting();
  const { handler, id } = HANDLERS[name] as { handler: ConnectionHandler; id: string };
  await run(() => serveOne(handler, () => reports.length > 0), { loop });

  expect(reports).toMatchObject([{ id, context: { exception: failure } }]);
});

test("the error of a connection handler that fails as `run` ends is reported in that handler's context", async () => {
  const { loop, reports } = reporting();
  let begins = false;
  await run(
    function* () {
      const server = yield* startServer(function* () {
        request.set("set");
        begins = true;
        try {
          yield* sleep(60_000);
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: that is the failure
          throw failure;
        }
      });
      const client = connect(portOf(server));
      client.on("error", () => undefined).on("connect", () => client.unref());
      while (!begins) yield* sleep(1);
    },
    { loop },
  );

  // As in asyncio, both the server and the end of `run` report it.
  expect(reports.map(({ id, context }) => [id, context.exception])).toEqual([
    ["set", failure],
    ["set", failure],
  ]);
  expect(new Set(reports.map(({ context }) => context.task)).size).toBe(1);
});

describe("remote calls", () => {
  /** Calls functions that `loop` exposes from another loop, until something is reported. */
  async function call(fn: () => unknown): Promise<Report[]> {
    const { loop, reports } = reporting();
    loop.expose({ fn });
    const serving = loop.runForever();
    await run(function* () {
      const remote = connectRemote(loop.remote());
      request.set("caller");
      remote.callSoon("fn");
      for (let i = 0; i < 1_000 && reports.length === 0; i++) yield* sleep(1);
      remote.close();
    });
    loop.stop();
    await serving;
    loop.close();
    return reports;
  }

  test("that fail and are not awaited are reported in the context of their task", async () => {
    const reports = await call(function* (): Coroutine<void> {
      request.set("call");
      yield* sleep(1);
      throw failure;
    });

    expect(reports).toMatchObject([{ id: "call", context: { exception: failure } }]);
    expect(reports[0]?.context.task).toBeDefined();
  });

  test("of an ordinary function that fails are reported with the variables that it set", async () => {
    const reports = await call(() => {
      request.set("call");
      throw failure;
    });

    expect(reports).toMatchObject([{ id: "call", context: { exception: failure } }]);
  });

  test("do not share variables with each other", async () => {
    const seen: string[] = [];
    const { loop } = reporting();
    loop.expose({
      *look(id: string) {
        seen.push(request.get("none"));
        request.set(id);
        yield* sleep(1);
        seen.push(request.get("none"));
      },
    });
    const serving = loop.runForever();
    await run(function* () {
      const remote = connectRemote(loop.remote());
      yield* remote.call("look", "a");
      yield* remote.call("look", "b");
      remote.close();
    });
    loop.stop();
    await serving;
    loop.close();

    expect(seen).toEqual(["none", "a", "none", "b"]);
  });
});

describe("reports of unretrieved exceptions", () => {
  const storage = new AsyncLocalStorage<string>();

  /** Leaves a failed task behind, in whose context `request` is `id`. */
  function* leave(id: string, keep: unknown[]): Coroutine<void> {
    keep.push(
      createTask(function* (): Coroutine<void> {
        request.set(id);
        yield;
        throw new Error(id);
      }),
    );
    yield;
    yield;
  }

  test("are each made in the context of their own task when the loop closes", async () => {
    const { loop, reports } = reporting();
    const kept: unknown[] = [];
    await run(
      function* () {
        for (const id of ["a", "b", "c"]) yield* leave(id, kept);
        request.set("main");
      },
      { loop },
    );

    expect(reports.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(reports.every(({ context }, index) => context.task === kept[index])).toBe(true);
  });

  test("are made in the context of a collected task, even while another task runs", async () => {
    const { loop, reports } = reporting();
    await run(
      function* () {
        request.set("main");
        yield* leave("a", []);
        yield* leave("b", []);
        const running = getRunningLoop();
        while (reports.length < 2) {
          yield* sleep(1);
          const collected = running.createFuture<void>();
          void collectGarbage(() => reports.length >= 2).then(() => collected.setResult());
          yield* collected;
        }
        expect(request.get()).toBe("main");
      },
      { loop },
    );

    expect(reports.map(({ id }) => id).sort()).toEqual(["a", "b"]);
  });

  test("do not affect the variables and the store of the running code", async () => {
    const { loop, reports } = reporting();
    const seen = await storage.run("caller", () =>
      run(
        function* () {
          request.set("main");
          const kept: unknown[] = [];
          yield* leave("a", kept);
          loop.callExceptionHandler({ message: "by hand", task: kept[0] as never });
          return [request.get(), storage.getStore()];
        },
        { loop },
      ),
    );

    expect(seen).toEqual(["main", "caller"]);
    expect(reports.map(({ id }) => id)).toEqual(["a", "a"]);
  });
});
