// Functions in a browser's workers.

import { beforeAll, expect, test, vi } from "vitest";
import { serveTasks } from "../../src/executors/browser/thread.ts";
import { ThreadExecutor } from "../../src/executors/browser/threadExecutor.ts";
import { loopExecutorOf, toThread } from "../../src/executors/loopExecutor.ts";
import {
  CancelledError,
  type Coroutine,
  getRunningLoop,
  RuntimeError,
  run,
} from "../../src/index.ts";
import { installPlatform } from "../../src/loop/platform.ts";
import { remoteServerOf } from "../../src/remote/remoteServer.ts";
import { testExecutor } from "./suite.ts";

const bundled = (file: string) => new URL(`../../build/workers/${file}`, import.meta.url).href;

/** The test runner rewrites dynamic imports into calls of its own, which workers don't have. */
const PROGRAM = `
  globalThis.__vitest_browser_runner__ = { wrapDynamicImport: (load) => load() };
  import(${JSON.stringify(bundled("workerParts.js"))}).then(({ startThread }) => startThread());`;
const THREAD = URL.createObjectURL(new Blob([PROGRAM], { type: "text/javascript" }));
const worker = () => new Worker(THREAD, { type: "module" });

beforeAll(() => {
  installPlatform({ remotePort: remoteServerOf });
  installPlatform({
    executorPort: (loop) => loopExecutorOf(loop, () => new ThreadExecutor({ worker })),
  });
});

const TASKS = bundled("tasks.js");

testExecutor({
  make: (options) => new ThreadExecutor({ worker, ...options }),
  tasks: TASKS,
});

test("a page keeps drawing frames while a worker computes", async () => {
  let frames = 0;
  let isOver = false;
  const count = () => {
    frames++;
    if (!isOver) requestAnimationFrame(count);
  };
  const during = await run(function* (): Coroutine<number> {
    yield* toThread({ url: TASKS, name: "add" }, 1, 2);
    requestAnimationFrame(count);
    // A page that computed by itself would never draw that many during one call. A busy machine may
    // need several calls.
    for (;;) {
      const before = frames;
      yield* toThread({ url: TASKS, name: "compute" }, 500);
      if (frames - before > 2) return frames - before;
    }
  });
  isOver = true;
  console.log(`The page had ${during} frames while a worker computed for 500 ms`);

  expect(during).toBeGreaterThan(2);
});

test("calls can be made and cancelled on a page that is cross-origin isolated but lacks shared memory", async () => {
  vi.stubGlobal("crossOriginIsolated", true);
  vi.stubGlobal("SharedArrayBuffer", undefined);
  const executor = new ThreadExecutor({ worker, maxThreads: 1 });
  const sum = await executor.submit({ url: TASKS, name: "add" }, [1, 2]);
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const call = executor.submit({ url: TASKS, name: "waitUntilCancelled" }, [0], options);
  controller.abort();

  await expect(call).rejects.toBeInstanceOf(CancelledError);
  await executor.shutdown();
  vi.unstubAllGlobals();
  expect(sum).toBe(3);
});

/** A worker whose program is `source`. */
const program = (source: string) =>
  URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
const failureOf = async (start: () => Worker) => {
  const executor = new ThreadExecutor({ worker: start });
  try {
    return await executor.submit({ url: TASKS, name: "add" }, [1, 2]).then(String, String);
  } finally {
    await executor.shutdown({ cancel: true });
  }
};

test.each<[string, () => Worker, string]>([
  ["is a missing module", () => new Worker("/nowhere.js", { type: "module" }), "/nowhere.js"],
  ["is a missing script", () => new Worker("/nowhere.js"), "/nowhere.js"],
  [
    "imports a missing module",
    () => {
      const source = `import ${JSON.stringify(new URL("/@fs/absent.js", location.href).href)};`;
      return new Worker(program(source), { type: "module" });
    },
    "absent.js",
  ],
  [
    "is not valid JavaScript",
    () => new Worker(program("let let ="), { type: "module" }),
    "let let =",
  ],
  ["fails", () => new Worker(program("throw new RangeError('at once')")), "at once"],
])("a worker whose program %s fails with an error that names it", async (_, start, name) => {
  const failure = await failureOf(start);

  expect(failure).toMatch(/^RemoteLostError: The worker of .* could not start/s);
  expect(failure).toContain(name);
});

test("messages that a worker's program posts itself are not mistaken for the package's, and not reported", async () => {
  const source = `postMessage("hello"); postMessage(null); postMessage({ deep: { _stray: 1 } });
    ${PROGRAM}`;
  const seen: unknown[] = [];
  let started: Worker | undefined;
  const executor = new ThreadExecutor({
    maxThreads: 1,
    worker: () => {
      started = new Worker(program(source), { type: "module" });
      return started;
    },
  });
  const sums = await run(function* (): Coroutine<unknown[]> {
    const loop = getRunningLoop();
    loop.setExceptionHandler((_, { exception }) => seen.push(exception));
    const first = yield* loop.runInExecutor(executor, { url: TASKS, name: "add" }, 1, 2);
    started?.postMessage("hello yourself");
    return [first, yield* loop.runInExecutor(executor, { url: TASKS, name: "add" }, 2, 2)];
  });
  await executor.shutdown();

  expect(sums).toEqual([3, 4]);
  expect(seen).toEqual([]);
});

test("serveTasks throws an error that explains the mistake if called outside a worker or without functions", () => {
  expect(() => serveTasks({ add: () => 1 })).toThrow(RuntimeError);
  expect(() => serveTasks({ add: 1 })).toThrow(TypeError);
  expect(() => serveTasks(undefined as never)).toThrow(TypeError);
});
