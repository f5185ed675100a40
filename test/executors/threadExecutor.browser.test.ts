// Functions in a browser's workers.

import { beforeAll } from "vitest";
import { provideExecuting } from "../../src/executing.ts";
import { ThreadExecutor } from "../../src/executors/browser/threadExecutor.ts";
import { executionOf } from "../../src/executors/execution.ts";
import { provideExposing } from "../../src/loop/exposing.ts";
import { exposureOf } from "../../src/remote/exposure.ts";
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

testExecutor({
  make: (options) => new ThreadExecutor({ worker, ...options }),
  tasks: new URL("./tasks.ts", import.meta.url).href,
});
