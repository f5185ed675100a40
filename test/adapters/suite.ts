// Tests what every adapter promises, against a server of its framework.

import { once } from "node:events";
import { type ClientRequest, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  currentTask,
  type ExceptionGroup,
  sleep,
  taskGroup,
} from "../../src/index.ts";

/** The body of a request's handler. It returns the text to send. */
export type Body = (path: string) => Coroutine<string>;

/** Starts a server whose handler, made by `toHandler`, runs `body`. Its errors go to `onError`. */
export type Start = (body: Body, onError: (error: unknown) => void) => Promise<Server>;

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

async function answerOf(request: ClientRequest): Promise<Answer> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

export function testAdapter(
  name: string,
  toHandler: (handler: never) => unknown,
  start: Start,
): void {
  describe(`the handler for ${name}`, () => {
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown) => rejections.push(reason);
    process.on("unhandledRejection", onRejection);
    afterEach(() => expect(rejections).toEqual([]));

    async function startServer(body: Body) {
      const errors: unknown[] = [];
      const server = await start(body, (error) => errors.push(error));
      if (!server.listening) await once(server, "listening");
      const drop = () => server.closeAllConnections();
      onTestFinished(() => {
        server.close();
        drop();
      });
      const { port } = server.address() as AddressInfo;
      const request = (path = "/") => get({ port, host: "127.0.0.1", path, agent: false });
      return { errors, drop, request };
    }

    test("sends the value that the coroutine returns", async () => {
      const { request, errors } = await startServer(function* (path) {
        yield* sleep(1);
        return `hello from ${path}`;
      });

      const answers = await Promise.all(["/a", "/b"].map((path) => answerOf(request(path))));

      expect(answers).toEqual([
        { status: 200, body: "hello from /a" },
        { status: 200, body: "hello from /b" },
      ]);
      expect(errors).toEqual([]);
    });

    test("cancels the coroutine when the client disconnects, and reports nothing", async () => {
      const trace: string[] = [];
      const { request, errors } = await startServer(function* (path) {
        if (path === "/next") return "next";
        trace.push("started");
        try {
          return yield* sleep(3_600_000, "late");
        } catch (error) {
          trace.push(`${error instanceof CancelledError}`);
          throw error;
        } finally {
          yield* sleep(1);
          trace.push("cleaned up");
        }
      });
      const warnings = vi.spyOn(console, "error");
      onTestFinished(() => warnings.mockRestore());

      const client = request().on("error", () => {});
      await until(() => trace.length === 1);
      client.destroy();
      await until(() => trace.length === 3);
      const next = await answerOf(request("/next"));

      expect(trace).toEqual(["started", "true", "cleaned up"]);
      expect(next).toEqual({ status: 200, body: "next" });
      expect(errors).toEqual([]);
      expect(warnings.mock.calls).toEqual([]);
    });

    test("reports a cleanup that fails after the client has disconnected", async () => {
      let isStarted = false;
      const { request, errors } = await startServer(function* () {
        isStarted = true;
        try {
          return yield* sleep(3_600_000, "late");
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: what this test is about
          throw new RangeError("no clean-up");
        }
      });

      const client = request().on("error", () => {});
      await until(() => isStarted);
      client.destroy();
      await until(() => errors.length > 0);

      expect(errors.map(String)).toEqual(["RangeError: no clean-up"]);
    });

    test("passes the single error of a group to the framework, and several errors as a group", async () => {
      const { request, errors } = await startServer((path) =>
        taskGroup(function* (group) {
          for (const name of path.slice(1)) {
            group.createTask(function* () {
              throw new RangeError(name);
            });
          }
          return yield* sleep(3_600_000, "late");
        }),
      );

      const { status } = await answerOf(request("/a"));
      await answerOf(request("/bc"));

      expect(status).toBe(500);
      expect(errors.map(String)).toEqual([
        "RangeError: a",
        "ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)",
      ]);
      expect((errors[1] as ExceptionGroup).errors.map(String)).toEqual([
        "RangeError: b",
        "RangeError: c",
      ]);
    });

    test("responds with 503 if something other than the client cancels the coroutine", async () => {
      const { request, errors } = await startServer(function* () {
        currentTask()?.cancel("shutting down");
        return yield* sleep(3_600_000, "late");
      });

      const { status } = await answerOf(request());

      expect(status).toBe(503);
      expect(errors.map((error) => (error as Error).name)).toEqual(
        name === "fetch" ? [] : ["RequestCancelledError"],
      );
      for (const error of errors) expect((error as Error).cause).toBeInstanceOf(CancelledError);
    });

    test("cancels requests in progress when the server drops their connections", async () => {
      let running = 0;
      const { request, errors, drop } = await startServer(function* () {
        running++;
        try {
          return yield* sleep(3_600_000, "late");
        } finally {
          running--;
        }
      });

      const clients = ["/a", "/b"].map((path) => request(path).on("error", () => {}));
      await until(() => running === clients.length);
      drop();
      await until(() => running === 0);

      expect(errors).toEqual([]);
    });

    test("lets a task that the coroutine has created continue after the response was sent", async () => {
      let hasEnded = false;
      const { request } = await startServer(function* () {
        createTask(function* () {
          yield* sleep(20);
          hasEnded = true;
        });
        return "sent";
      });

      expect(await answerOf(request())).toEqual({ status: 200, body: "sent" });
      await until(() => hasEnded);
    });

    test("cannot be made of anything but a function: toHandler() throws a TypeError", () => {
      expect(() => toHandler(42 as never)).toThrow(
        new TypeError("Expected `handler` to be a function, got `42` (number)"),
      );
    });
  });
}

/** Polls, because the server's side of a connection ends later than the client's. */
function until(condition: () => boolean): Promise<unknown> {
  return vi.waitUntil(condition, { timeout: 60_000, interval: 5 });
}
