// Values of another realm, which `instanceof` of a built-in does not recognize.
//
// One test project runs this file inside a vm context, where Node's own values are the foreign
// ones.

import { createServer } from "node:net";
import { createContext, runInContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { type Coroutine, createTask, ExceptionGroup, fromPromise, run } from "../src/index.ts";
import { openConnection, openUnixConnection } from "../src/io/node/connection.ts";
import { startServer } from "../src/io/node/startServer.ts";
import { StreamReader } from "../src/io/streamReader.ts";
import { isError } from "../src/lang/brands.ts";
import { packError, unpackError } from "../src/remote/remoteError.ts";
import { transfer } from "../src/remote/transfer.ts";

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

  test("keeps its code when a path or a name does not exist", async () => {
    const lookup = ((_: string, __: object, done: (error: Error) => void) =>
      done(foreign("Object.assign(new Error('not found'), { code: 'ENOTFOUND' })"))) as never;

    expect(await codeOf(() => openUnixConnection("/nowhere/at/all"))).toBe("ENOENT");
    expect(await codeOf(() => openConnection({ host: "a.invalid", port: 1, lookup }))).toBe(
      "ENOTFOUND",
    );
  });

  test("keeps its code when an address is in use", async () => {
    await run(function* () {
      const server = yield* startServer(nobody, { port: 0, host: "127.0.0.1" });
      const { port } = server.address() as { port: number };
      const second = createTask(startServer(nobody, { port, host: "127.0.0.1" }));
      expect(yield* codeIn(second)).toBe("EADDRINUSE");
      server.close();
    });
  });

  test("reaches another thread as an error", () => {
    const error = unpackError(
      structuredClone(packError(foreign("new TypeError('a', { cause: new RangeError('b') })"))),
    );

    expect(error).toMatchObject({ name: "TypeError", message: "a", cause: { name: "RangeError" } });
  });

  test("counts as an error even if its class sets Symbol.toStringTag", () => {
    const tagged = "class Tagged extends Error { get [Symbol.toStringTag]() { return 'Tagged' } }";
    const own = "Object.assign(new TypeError('a'), { [Symbol.toStringTag]: 'Own' })";
    const codes = [
      `${tagged}; new Tagged('a')`,
      own,
      `new (${tagged.replace("Error", "URIError")})`,
    ];

    // Older versions of Node have no `Error.isError`.
    expect(codes.map((code) => isError(foreign(`{ ${code} }`)))).toEqual([true, true, true]);
    expect(unpackError(structuredClone(packError(foreign(own))))).toMatchObject({ message: "a" });
    const others = ["({ name: 'Error', message: 'a', stack: '' })", "'Error'", "null", "() => 1"];
    expect(others.map((code) => isError(foreign(code)))).toEqual([false, false, false, false]);
    expect(isError(new DOMException("a", "AbortError"))).toBe(true);
  });

  test("is found in a group by an error class of its own realm", () => {
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
  test("works as bytes, memory, a promise or a list", async () => {
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

  test("works as bytes even if its class sets Symbol.toStringTag", async () => {
    const reader = new StreamReader();
    reader._feedData(Uint8Array.of(1, 58, 2));
    const tagged: Uint8Array = foreign(
      "new (class extends Uint8Array { get [Symbol.toStringTag]() { return 'Packet'; } })([58])",
    );

    expect(await run(() => reader.readuntil(tagged))).toEqual(Uint8Array.of(1, 58));
  });

  test("is awaited as a thenable if it claims to be a promise", async () => {
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
