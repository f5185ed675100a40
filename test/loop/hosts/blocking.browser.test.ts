// Where a browser lets a loop block its thread.

import { expect, test } from "vitest";
import { type Coroutine, RuntimeError, runSync, sleep } from "../../../src/index.ts";
import { caught } from "../../support/caught.ts";
import { runVirtually } from "../../support/virtualLoop.ts";

const PARTS = new URL("../../../build/workers/workerParts.js", import.meta.url).href;
const PROGRAM = `
  import { runSync, sleep } from ${JSON.stringify(PARTS)};

  if (SHARED) {
    // Provides what the headers would allow. Memory can be shared even without them.
    globalThis.SharedArrayBuffer ??= new WebAssembly.Memory({ initial: 0, maximum: 0, shared: true }).buffer.constructor;
  } else {
    delete globalThis.SharedArrayBuffer;
  }
  const start = performance.now();
  let finding;
  try {
    runSync(sleep(50));
    finding = performance.now() - start;
  } catch (error) {
    finding = String(error);
  }
  postMessage(finding);
`;

/** The facts that a worker reports about itself. */
function inWorker(isShared: boolean): Promise<unknown> {
  const program = `const SHARED = ${isShared};${PROGRAM}`;
  const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
  }).finally(() => worker.terminate());
}

test("a loop blocks a worker until its timer is due", async () => {
  expect(await inWorker(true)).toBeGreaterThanOrEqual(50);
});

test("without shared memory, blocking a worker throws an error that names the missing headers", async () => {
  const error = await inWorker(false);

  expect(error).toContain("RuntimeError: This thread cannot be blocked");
  expect(error).toContain("`Cross-Origin-Opener-Policy: same-origin`");
  expect(error).toContain("`Cross-Origin-Embedder-Policy: require-corp`");
});

test("blocking a page throws a RuntimeError, and starts nothing", () => {
  let hasBegun = false;
  const error = caught(() =>
    runSync(function* (): Coroutine<void> {
      hasBegun = true;
    }),
  );

  expect([error, hasBegun]).toEqual([expect.any(RuntimeError), false]);
  expect(String(error)).toContain("A page never can");
});

test("a page can run a loop on a clock that does not advance by itself", () => {
  expect(runVirtually(() => sleep(1e9, "done"))).toBe("done");
});
