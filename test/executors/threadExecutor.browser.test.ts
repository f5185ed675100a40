// Functions in a browser's workers.

import { beforeAll, expect, test, vi } from "vitest";
import { provideExecuting } from "../../src/executing.ts";
import { serveTasks } from "../../src/executors/browser/thread.ts";
import { ThreadExecutor } from "../../src/executors/browser/threadExecutor.ts";
import { executionOf, toThread } from "../../src/executors/execution.ts";
import { CancelledError, RuntimeError } from "../../src/loop/errors.ts";
import { provideExposing } from "../../src/loop/exposing.ts";
import { exposureOf } from "../../src/remote/exposure.ts";
import { run } from "../../src/run.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { testExecutor } from "./suite.ts";

/** The test runner rewrites late imports into calls of its own, which no worker has. */
const THREAD = URL.createObjectURL(
  new Blob(
    [
      `globalThis.__vitest_browser_runner__ = { wrapDynamicImport: (load) => load() };
      import(${JSON.stringify(new URL("../../src/executors/browser/browserThread.ts", import.meta.url).href)});`,
    ],
    { type: "text/javascript" },
  ),
);
const worker = () => new Worker(THREAD, { type: "module" });

beforeAll(() => {
  provideExposing(exposureOf);
  provideExecuting((loop) => executionOf(loop, () => new ThreadExecutor({ worker })));
});

const TASKS = new URL("./tasks.ts", import.meta.url).href;

testExecutor({
  make: (options) => new ThreadExecutor({ worker, ...options }),
  tasks: TASKS,
});

test("the page's frames go on while a worker computes", { timeout: 30_000 }, async () => {
  let frames = 0;
  let isOver = false;
  const count = () => {
    frames++;
    if (!isOver) requestAnimationFrame(count);
  };
  const frames500 = await run(function* (): Coroutine<number> {
    yield* toThread({ url: TASKS, name: "add" }, 1, 2);
    requestAnimationFrame(count);
    const before = frames;
    yield* toThread({ url: TASKS, name: "compute" }, 500);
    return frames - before;
  });
  isOver = true;
  console.log(`The page had ${frames500} frames while a worker computed for 500 ms`);

  // A page that computes itself has none.
  expect(frames500).toBeGreaterThan(2);
});

test("a page that is isolated but has no shared memory makes and cancels calls", async () => {
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

test("serveTasks says what is wrong: no worker, no functions", () => {
  expect(() => serveTasks({ add: () => 1 })).toThrow(RuntimeError);
  expect(() => serveTasks({ add: 1 })).toThrow(TypeError);
  expect(() => serveTasks(undefined as never)).toThrow(TypeError);
});
