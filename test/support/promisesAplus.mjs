// The suite of Promises/A+, on the futures of a running loop. Prints how its tests ended, as JSON.
//
// A program of its own: the suite leaves rejected promises that nobody handles, which is no fault of anybody's here.

import { createRequire } from "node:module";
import { newEventLoop } from "mysyncio";

/** The suite's tests wait for up to 150 ms, and the machine may have more to do than that. */
const PATIENCE = 1_000;

const runSuite = createRequire(import.meta.url)("promises-aplus-tests");

process.on("unhandledRejection", () => undefined);
const loop = newEventLoop();
loop.setExceptionHandler(() => undefined);
void loop.runForever();

// The future is the promise under test itself. A promise ignores a second outcome, a future throws on it: to look first
// is all that the adapter adds.
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
