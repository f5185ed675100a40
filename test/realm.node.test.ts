// Values of another realm: `instanceof` of a built-in says nothing about them.
//
// One project of the tests runs this file inside a vm context, where it is Node's own values that are foreign.

import { createServer } from "node:net";
import { createContext, runInContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { openConnection, openUnixConnection } from "../src/io/node/connection.ts";
import { startServer } from "../src/io/node/server.ts";
import { packError, unpackError } from "../src/remote/remoteError.ts";
import { transfer } from "../src/remote/transfer.ts";
import { run } from "../src/run.ts";
import { createTask } from "../src/tasks/awaitable.ts";
import type { Coroutine } from "../src/tasks/coroutine.ts";
import { ExceptionGroup } from "../src/tasks/exceptionGroup.ts";
import { fromPromise } from "../src/tasks/fromPromise.ts";

const context = createContext({ URL, AbortController });
const foreign = (code: string): never => runInContext(code, context) as never;

async function codeOf(main: () => Coroutine<unknown>): Promise<unknown> {
  return await run(main).then(
    () => "nothing was thrown",
    (error: unknown) => (error as NodeJS.ErrnoException).code,
  );
}

function* nobody(): Coroutine<void> {
  // is served
}

describe("an error of another realm", () => {
  test("keeps its code when a connection is refused", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.on("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));

    expect(await codeOf(() => openConnection({ host: "127.0.0.1", port }))).toBe("ECONNREFUSED");
  });

  test("keeps its code when a path or a name is not there", async () => {
    const lookup = ((_: string, __: object, done: (error: Error) => void) =>
      done(foreign("Object.assign(new Error('not found'), { code: 'ENOTFOUND' })"))) as never;

    expect(await codeOf(() => openUnixConnection("/nowhere/at/all"))).toBe("ENOENT");
    expect(await codeOf(() => openConnection({ host: "a.invalid", port: 1, lookup }))).toBe(
      "ENOTFOUND",
    );
  });

  test("keeps its code when an address is taken", async () => {
    await run(function* () {
      const server = yield* startServer(nobody, { port: 0, host: "127.0.0.1" });
      const { port } = server.address() as { port: number };
      const second = createTask(startServer(nobody, { port, host: "127.0.0.1" }));
      expect(yield* codeIn(second)).toBe("EADDRINUSE");
      server.close();
    });
  });

  test("crosses to another thread as an error", () => {
    const error = unpackError(
      structuredClone(packError(foreign("new TypeError('a', { cause: new RangeError('b') })"))),
    );

    expect(error).toMatchObject({ name: "TypeError", message: "a", cause: { name: "RangeError" } });
  });

  test("is found in a group by a class of its realm", () => {
    const error: Error = foreign("new TypeError('a')");
    const [matching, rest] = new ExceptionGroup([error, new RangeError("b")]).split(
      foreign("TypeError"),
    );

    expect([matching?.errors, rest?.errors.length]).toEqual([[error], 1]);
  });
});

function* codeIn(aw: PromiseLike<unknown> & Iterable<unknown>): Coroutine<unknown> {
  try {
    yield* fromPromise(aw);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  return "nothing was thrown";
}

describe("a value of another realm", () => {
  test("is bytes, memory, a promise or a list as one of this realm", async () => {
    await run(function* () {
      expect(yield* fromPromise(foreign("Promise.resolve(5)"))).toBe(5);
      expect(yield* createTask(fromPromise(foreign("Promise.resolve(6)")))).toBe(6);
      const server = yield* startServer(
        function* (_, writer) {
          writer.write(foreign("new Uint8Array([104, 105])"));
          writer.writelines(foreign("[new Uint8Array([33]), '?']"));
          yield* writer.drain();
        },
        { port: 0, host: "127.0.0.1" },
      );
      const { port } = server.address() as { port: number };
      const [input, output] = yield* openConnection(
        foreign(`({ host: "127.0.0.1", port: ${port} })`),
      );
      expect(String.fromCharCode(...(yield* input.read()))).toBe("hi!?");
      output.close();
      server.close();
    });
    const memory: ArrayBuffer = foreign("new ArrayBuffer(8)");
    expect(transfer(foreign("({})"), [memory])).toEqual({});
  });

  test("that calls itself a promise is awaited as a thenable", async () => {
    const thenable = foreign(
      "({ [Symbol.toStringTag]: 'Promise', then(done) { done(7); } })",
    ) as PromiseLike<number>;

    expect(
      await run(function* () {
        return yield* createTask(fromPromise(thenable));
      }),
    ).toBe(7);
  });
});
