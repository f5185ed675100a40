// Functions in Piscina's threads.

import { AsyncLocalStorage } from "node:async_hooks";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loopExecutorOf } from "../../src/executors/loopExecutor.ts";
import { ThreadExecutor, threadModule } from "../../src/executors/node/threadExecutor.ts";
import { CancelledError, getRunningLoop, run, sleep } from "../../src/index.ts";
import { installPlatform } from "../../src/loop/platform.ts";
import { RemoteLostError } from "../../src/remote/remoteError.ts";
import { exitOf, output } from "../support/program.ts";
import { testExecutor } from "./suite.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
mkdirSync(join(ROOT, "build"), { recursive: true });
const folder = mkdtempSync(join(ROOT, "build", "threads-"));
const built = (name: string) => pathToFileURL(join(folder, name)).href;
const tasks = built("tasks.js");

beforeAll(() => {
  // Threads cannot load sources, and the modules that they load share state with the tasks.
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
  installPlatform({
    executorPort: (loop) => loopExecutorOf(loop, () => new ThreadExecutor({ maxThreads: 1 })),
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

testExecutor({ make: (options) => new ThreadExecutor(options), tasks });

test("a ThreadExecutor throws a TypeError for options that are not an object", () => {
  expect(() => new ThreadExecutor(42 as never)).toThrow("Expected `options` to be an object");
});

describe("a Node thread", () => {
  test.each(["failAfterwards", "endAfterwards"])(
    "keeps no store of the caller that started it, so what it reports later runs without one: %s",
    async (name) => {
      const storage = new AsyncLocalStorage<string>();
      const executor = storage.run("first", () => new ThreadExecutor({ maxThreads: 1 }));
      await storage.run("first", () => executor.submit({ url: tasks, name: "add" }, [1, 2]));
      const stores: unknown[] = [];
      await storage.run("second", () =>
        run(function* () {
          getRunningLoop().setExceptionHandler(() => stores.push(storage.getStore()));
          yield* getRunningLoop().runInExecutor(executor, { url: tasks, name });
          const channel = new BroadcastChannel("mysyncio test: go on");
          channel.postMessage(null);
          channel.close();
          for (let i = 0; i < 500 && stores.length === 0; i++) yield* sleep(10);
        }),
      );
      await executor.shutdown();

      expect(stores).toEqual([undefined]);
    },
  );

  test("sees that it is cancelled while it computes", async () => {
    const executor = new ThreadExecutor({ maxThreads: 1, grace: Infinity });
    await executor.submit({ url: tasks, name: "count" }, []);
    for (const [name, outcome] of [
      ["computeUntilCancelled", expect.any(CancelledError)],
      ["swallow", "a result all the same"],
    ]) {
      const controller = new AbortController();
      const { signal } = controller;
      const call = executor.submit({ url: tasks, name: name as string }, [], { signal });
      setTimeout(() => controller.abort(), 20);
      expect(await call.catch((error: unknown) => error)).toEqual(outcome);
    }
    // The same thread has run all of these calls.
    expect(await executor.submit({ url: tasks, name: "count" }, [])).toBe(2);
    await executor.shutdown();
  });

  test.each([
    ["exits", "data:text/javascript,export default () => process.exit(3)"],
    ["exits while it loads the module", "data:text/javascript,process.exit(3)"],
    ["fails outside the awaited code", { url: tasks, name: "failLater" }],
  ])("fails its call and is replaced when it %s", async (_, task) => {
    const executor = new ThreadExecutor({ maxThreads: 1 });
    const reference = typeof task === "string" ? { url: task } : task;
    const calls = [
      executor.submit(reference, []).catch((error: unknown) => error),
      executor.submit({ url: tasks, name: "count" }, []),
    ];

    expect(await Promise.all(calls)).toEqual([expect.any(RemoteLostError), 1]);
    await executor.shutdown();
  });

  test("is replaced after the grace period if its module never loads", async () => {
    const executor = new ThreadExecutor({ maxThreads: 1, grace: 20 });
    const controller = new AbortController();
    const { signal } = controller;
    const reference = {
      url: "data:text/javascript,await new Promise(() => setTimeout(() => {}, 1e9))",
    };
    const call = executor.submit(reference, [], { signal }).catch((error: unknown) => error);
    setTimeout(() => controller.abort(), 100);

    expect(await call).toBeInstanceOf(CancelledError);
    expect(await executor.submit({ url: tasks, name: "count" }, [])).toBe(1);
    await executor.shutdown();
  });

  test("that cannot start fails the waiting calls", async () => {
    threadModule.url = built("missing.js");
    const executor = new ThreadExecutor({ maxThreads: 2 });
    threadModule.url = built("nodeThread.js");
    const calls = Array.from({ length: 5 }, () =>
      executor.submit({ url: tasks, name: "count" }, []).catch((error: unknown) => error),
    );

    const error = new RemoteLostError("The thread for the call could not start");
    expect(await Promise.all(calls)).toEqual(Array(5).fill(error));
    await executor.shutdown();
  });
});

describe("the package", () => {
  const TASKS = `
    import { defineTask, sleep, threadSignal } from "mysyncio/node";
    export const double = defineTask(import.meta.url, "double", (n) => 2 * n);
    export const nap = defineTask(import.meta.url, "nap", function* (ms) { return yield* sleep(ms, ms); });`;

  test("runs functions of the program's own file in threads, and then lets the program end", async () => {
    const program = `${TASKS}
      import { isMainThread } from "node:worker_threads";
      import { gather, run, toThread } from "mysyncio/node";
      if (isMainThread) {
        console.log(await run(() => gather([toThread(double, 21), toThread(nap, 5)])), double(2));
      }`;

    expect(await output("main.mjs", program)).toBe("[ 42, 5 ] 4");
  });

  test("lets a program end even if it did not shut down an executor", async () => {
    const program = `${TASKS}
      import { isMainThread } from "node:worker_threads";
      import { ThreadExecutor } from "mysyncio/node";
      if (isMainThread) console.log(await new ThreadExecutor().submit(double, [21]));`;

    expect(await output("main.mjs", program)).toBe("42");
  });

  test("explains how to install Piscina if it is missing", async () => {
    const { stdout, code } = await exitOf(`
      import { createRequire } from "node:module";
      import Module from "node:module";
      const { _resolveFilename: resolve } = Module;
      Module._resolveFilename = (name, ...rest) => {
        if (name === "piscina") throw Object.assign(new Error("not found"), { code: "MODULE_NOT_FOUND" });
        return resolve(name, ...rest);
      };
      const { run, toThread } = await import("mysyncio/node");
      await run(() => toThread({ url: "data:text/javascript," })).catch((error) => {
        console.log(String(error), error.cause.code);
      });`);

    expect([stdout, code]).toEqual([
      [expect.stringMatching(/^RuntimeError: .*`npm install piscina@5` MODULE_NOT_FOUND$/)],
      0,
    ]);
  });

  test("explains where to import threads from if only the main entry was imported", async () => {
    const program = `
      import { newEventLoop } from "mysyncio";
      try { newEventLoop().runInExecutor(null, { url: "data:text/javascript," }); }
      catch (error) { console.log(String(error)); }`;

    expect(await output("main.mjs", program)).toContain("needs an import from `mysyncio/node`");
  });
});
