// The page. It stores its results in `globalThis.findings`.

import {
  type Coroutine,
  getRunningLoop,
  run,
  ThreadExecutor,
  timeout,
  toThread,
} from "mysyncio/browser";
import { nap, search, wait } from "./tasks.ts";

const executor = new ThreadExecutor({
  maxThreads: 1,
  worker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
});

const findings = run(function* (): Coroutine<unknown[]> {
  getRunningLoop().setDefaultExecutor(executor);
  const results: unknown[] = [
    yield* toThread(search, 2, 1_000),
    yield* toThread(search, 7, 1_000),
    yield* toThread({ url: import.meta.url, name: "search" }, 29, 1_000),
    yield* toThread(nap, 1),
  ];
  try {
    yield* timeout(50, () => toThread(wait));
  } catch (error) {
    results.push((error as Error).name);
  }
  try {
    yield* toThread({ url: import.meta.url, name: "nothing" });
  } catch (error) {
    results.push((error as Error).message);
  }
  return results;
});

Object.assign(globalThis, { findings: findings.catch(String) });
