// The Promises/A+ suite on the futures of a running loop. Prints the results of its tests as JSON.
//
// It is a program of its own because the suite leaves rejected promises unhandled, which is not a
// fault here.

import { createRequire } from "node:module";
import { newEventLoop } from "mysyncio";

/** The suite's tests wait for up to 150 ms, and the machine may be busy. */
const PATIENCE = 1_000;

const runSuite = createRequire(import.meta.url)("promises-aplus-tests");

process.on("unhandledRejection", () => undefined);
const loop = newEventLoop();
loop.setExceptionHandler(() => undefined);
void loop.runForever();

// The future is the promise under test itself. A promise ignores a second outcome, but a future
// throws, so the adapter checks first. It adds nothing else.
const adapter = {
  deferred() {
    const promise = loop.createFuture();
    return {
      promise,
      /** @param {unknown} value */
      resolve(value) {
        if (!promise.done()) promise.setResult(value);
      },
      /** @param {unknown} reason */
      reject(reason) {
        if (!promise.done()) promise.setException(reason);
      },
    };
  },
};

/** @param {import("node:events").EventEmitter} runner */
function reporter(runner) {
  let passed = 0;
  /** @type {string[]} */
  const failed = [];
  let pending = 0;
  runner.on("pass", () => passed++);
  runner.on("pending", () => pending++);
  runner.on("fail", (test, error) => failed.push(`${test.fullTitle()}: ${error.message}`));
  runner.on("end", () => console.log(JSON.stringify({ passed, pending, failed })));
}

runSuite(adapter, { reporter, timeout: PATIENCE }, () => loop.stop());
