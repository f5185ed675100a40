// Tests which AsyncLocalStorage store and ContextVar value code sees when the loop calls it for an
// outside event.

import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { threadModule } from "../src/executors/node/threadExecutor.ts";
import {
  ContextVar,
  type Coroutine,
  connectRemote,
  type Future,
  getRunningLoop,
  iterate,
  openConnection,
  sleep,
  startServer,
  toAsync,
  toThread,
  waitEvent,
} from "../src/node.ts";
import { portOf } from "./io/node/network.ts";

const storage = new AsyncLocalStorage<string>();
storage.run("", () => undefined);
const variable = new ContextVar<string>("request", { default: "none" });

const look = () => `${storage.getStore()} ${variable.get()}`;

const ROOT = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(join(ROOT, "build"), { recursive: true });
const folder = mkdtempSync(join(ROOT, "build", "entries-"));
const built = (name: string) => pathToFileURL(join(folder, name)).href;
const add = { url: new URL(built("tasks.js")), name: "add" };

beforeAll(() => {
  // Threads cannot load sources.
  buildSync({
    entryPoints: ["src/executors/node/nodeThread.ts", "test/executors/tasks.ts"],
    absWorkingDir: ROOT,
    outdir: folder,
    entryNames: "[name]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "es2022",
  });
  threadModule.url = built("nodeThread.js");
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A future that the first call of `done` completes with the store and the value seen there. */
function seen(): { readonly done: () => void; readonly future: Future<string> } {
  const future = getRunningLoop().createFuture<string>();
  return { future, done: () => void (future.done() || future.setResult(look())) };
}

/**
 * The calls of the loop and the awaits of a task. Each returns the store and the value seen there.
 */
const ENTRIES: Readonly<Record<string, () => Coroutine<string>>> = {
  *addReader() {
    const { done, future } = seen();
    const source = new PassThrough();
    getRunningLoop().addReader(source, done);
    setTimeout(() => source.write("x"), 1);
    const result = yield* future;
    getRunningLoop().removeReader(source);
    return result;
  },
  *addWriter() {
    const { done, future } = seen();
    const source = new PassThrough();
    getRunningLoop().addWriter(source, done);
    const result = yield* future;
    getRunningLoop().removeWriter(source);
    return result;
  },
  *addSignalHandler() {
    const { done, future } = seen();
    getRunningLoop().addSignalHandler("SIGUSR2", done);
    process.kill(process.pid, "SIGUSR2");
    const result = yield* future;
    getRunningLoop().removeSignalHandler("SIGUSR2");
    return result;
  },
  *"a server's handler"() {
    const { done, future } = seen();
    const server = yield* startServer(function* (reader) {
      yield* reader.read(1);
      done();
    });
    const [, writer] = yield* openConnection({ port: portOf(server) });
    writer.write(new Uint8Array(1));
    const result = yield* future;
    writer.close();
    server.close();
    yield* server.waitClosed();
    return result;
  },
  *"a remote call's function"() {
    const { done, future } = seen();
    const loop = getRunningLoop();
    const name = `look ${look()}`;
    loop.expose({ [name]: done });
    const remote = connectRemote(loop.remote());
    yield* remote.call(name);
    remote.close();
    return yield* future;
  },
  *"after a remote call"() {
    const loop = getRunningLoop();
    loop.expose({ add: (a: number, b: number) => a + b });
    const remote = connectRemote(loop.remote());
    yield* remote.call("add", 1, 2);
    remote.close();
    return look();
  },
  *"a done callback of a remote call"() {
    const { done, future } = seen();
    const loop = getRunningLoop();
    loop.expose({ add: (a: number, b: number) => a + b });
    const remote = connectRemote(loop.remote());
    const call = remote.call("add", 1, 2);
    call.addDoneCallback(done);
    yield* call;
    remote.close();
    return yield* future;
  },
  *"after runInExecutor"() {
    yield* getRunningLoop().runInExecutor(null, add, 1, 2);
    return look();
  },
  *"a done callback of runInExecutor"() {
    const { done, future } = seen();
    getRunningLoop().runInExecutor(null, add, 1, 2).addDoneCallback(done);
    return yield* future;
  },
  *"after toThread"() {
    yield* toThread(add, 1, 2);
    return look();
  },
  *"after waitEvent"() {
    const emitter = new EventEmitter();
    setTimeout(() => storage.run("emitter", () => emitter.emit("go")), 1);
    yield* waitEvent(emitter, "go");
    return look();
  },
  *"after iterate"() {
    const items = iterate(
      (async function* () {
        yield 1;
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield 2;
      })(),
    );
    yield* items.next();
    yield* items.next();
    yield* items.return();
    return look();
  },
  *"the source of iterate"() {
    const items = iterate(
      (async function* () {
        await undefined;
        yield look();
      })(),
    );
    const { value } = yield* items.next();
    yield* items.return();
    return value as string;
  },
};

/**
 * The store and value where code is not the caller's: its store, if any, and variables that were
 * set outside the loop.
 */
const ELSEWHERE: Readonly<Record<string, (id: string) => string>> = {
  "a remote call's function": () => "undefined none",
  // An async function continues outside the loop.
  "the source of iterate": (id) => `${id} none`,
};

describe("the stores and variables of two callers of one `toAsync` function stay apart:", () => {
  test.each(Object.keys(ENTRIES))("%s", async (name) => {
    const call = toAsync(function* (id: string) {
      variable.set(id);
      yield* sleep(1);
      const result = yield* (ENTRIES[name] as () => Coroutine<string>)();
      return [result, look()];
    });
    // This call starts the loop, and outlives the others.
    const first = new AbortController();
    const keeping = storage.run("first", () => toAsync(() => sleep(60_000))(first.signal));
    const results: unknown[] = [];
    for (const id of ["a", "b"]) results.push(await storage.run(id, () => call(id)));
    first.abort();
    await keeping.catch(() => undefined);

    const expected = (id: string) => ELSEWHERE[name]?.(id) ?? `${id} ${id}`;
    expect(results).toEqual(["a", "b"].map((id) => [expected(id), `${id} ${id}`]));
  });
});
