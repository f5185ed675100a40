// Functions in Piscina's threads.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { provideExecuting } from "../../src/executing.ts";
import { executionOf } from "../../src/executors/execution.ts";
import { ThreadExecutor, threadModule } from "../../src/executors/node/threadExecutor.ts";
import { CancelledError } from "../../src/loop/errors.ts";
import { RemoteLostError } from "../../src/remote/remoteError.ts";
import { exitOf, output } from "../support/program.ts";
import { testExecutor } from "./suite.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
mkdirSync(join(ROOT, "build"), { recursive: true });
const folder = mkdtempSync(join(ROOT, "build", "threads-"));
const built = (name: string) => pathToFileURL(join(folder, name)).href;
const tasks = built("tasks.js");

beforeAll(() => {
  // Threads cannot load sources, and what they load shares its modules with the tasks.
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
  provideExecuting((loop) => executionOf(loop, () => new ThreadExecutor({ maxThreads: 1 })));
});

afterAll(() => rmSync(folder, { recursive: true }));

testExecutor({ make: (options) => new ThreadExecutor(options), tasks });

test("options are an object", () => {
  expect(() => new ThreadExecutor(42 as never)).toThrow("Expected `options` to be an object");
});

describe("a thread of Node's", { timeout: 30_000 }, () => {
  test("that computes sees that it is cancelled", async () => {
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
    // The same thread has done it all.
    expect(await executor.submit({ url: tasks, name: "count" }, [])).toBe(2);
    await executor.shutdown();
  });

  test.each([
    ["exits", "data:text/javascript,export default () => process.exit(3)"],
    ["exits while it loads the module", "data:text/javascript,process.exit(3)"],
    ["fails outside of what is awaited", { url: tasks, name: "failLater" }],
  ])("that %s fails its call, and is replaced", async (_, task) => {
    const executor = new ThreadExecutor({ maxThreads: 1 });
    const reference = typeof task === "string" ? { url: task } : task;
    const calls = [
      executor.submit(reference, []).catch((error: unknown) => error),
      executor.submit({ url: tasks, name: "count" }, []),
    ];

    expect(await Promise.all(calls)).toEqual([expect.any(RemoteLostError), 1]);
    await executor.shutdown();
  });

  test("whose module never loads is replaced after the time of grace", async () => {
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

  test("that cannot start fails the calls that wait for one", async () => {
    threadModule.url = built("missing.js");
    const executor = new ThreadExecutor({ maxThreads: 2 });
    threadModule.url = built("nodeThread.js");
    const calls = Array.from({ length: 5 }, () =>
      executor.submit({ url: tasks, name: "count" }, []).catch((error: unknown) => error),
    );

    expect(await Promise.all(calls)).toEqual(Array(5).fill(expect.any(RemoteLostError)));
    await executor.shutdown();
  });
});

describe("the package", { timeout: 30_000 }, () => {
  const TASKS = `
    import { defineTask, sleep, threadSignal } from "mysyncio/node";
    export const double = defineTask(import.meta.url, "double", (n) => 2 * n);
    export const nap = defineTask(import.meta.url, "nap", function* (ms) { return yield* sleep(ms, ms); });`;

  test("runs functions of the program's own file in threads, and then ends", async () => {
    const program = `${TASKS}
      import { isMainThread } from "node:worker_threads";
      import { gather, run, toThread } from "mysyncio/node";
      if (isMainThread) {
        console.log(await run(() => gather([toThread(double, 21), toThread(nap, 5)])), double(2));
      }`;

    expect(await output("main.mjs", program)).toBe("[ 42, 5 ] 4");
  });

  test("ends although an executor was not shut down", async () => {
    const program = `${TASKS}
      import { isMainThread } from "node:worker_threads";
      import { ThreadExecutor } from "mysyncio/node";
      if (isMainThread) console.log(await new ThreadExecutor().submit(double, [21]));`;

    expect(await output("main.mjs", program)).toBe("42");
  });

  test("says how to install Piscina where it is missing", async () => {
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

  test("says where threads are, if only the main entry was imported", async () => {
    const program = `
      import { newEventLoop } from "mysyncio";
      try { newEventLoop().runInExecutor(null, { url: "data:text/javascript," }); }
      catch (error) { console.log(String(error)); }`;

    expect(await output("main.mjs", program)).toContain("Import it from `mysyncio/node`");
  });
});
