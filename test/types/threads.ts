// The types of functions in other threads, and the mistakes they reject.

import type { Coroutine, EventLoop, Executor, Future } from "mysyncio";
import {
  ThreadExecutor as BrowserExecutor,
  defineTask as defineForBrowser,
  toThread as toWorker,
} from "mysyncio/browser";
import { defineTask, ThreadExecutor, threadSignal, toThread } from "mysyncio/node";

declare const loop: EventLoop;
declare const signal: AbortSignal;
const { url } = import.meta;

const fib = defineTask(url, "fib", (n: number, hint?: string): number => n + (hint?.length ?? 0));
const load = defineTask(
  url,
  "load",
  async (path: string): Promise<Uint8Array> => new Uint8Array(path.length),
);
const nap = defineTask(url, "nap", function* (ms: number): Coroutine<string> {
  yield;
  return `${ms}`;
});

// A task has the type of its function.
exactly<number>()(fib(1));
exactly<Promise<Uint8Array>>()(load("a"));
// A call in a thread returns the function's awaited result.
exactly<Coroutine<number>>()(toThread(fib, 1));
exactly<Coroutine<number>>()(toThread(fib, 1, "hint"));
exactly<Coroutine<Uint8Array>>()(toThread(load, "a"));
exactly<Coroutine<string>>()(toThread(nap, 1));
exactly<Coroutine<unknown>>()(toThread({ url, name: "any" }, 1, "two", [3]));
exactly<Coroutine<unknown>>()(toThread({ url: new URL(url) }));
exactly<Coroutine<number>>()(
  toWorker(
    defineForBrowser(url, "f", (n: number) => n),
    1,
  ),
);
exactly<Future<number>>()(loop.runInExecutor(null, fib, 1));
exactly<Future<string>>()(loop.runInExecutor(new ThreadExecutor(), nap, 1));
exactly<Promise<number>>()(new ThreadExecutor({ maxThreads: 1 }).submit(fib, [1], { signal }));
exactly<Promise<unknown>>()(new BrowserExecutor().submit({ url }, []));
exactly<AbortSignal>()(threadSignal());
exactly<Promise<void>>()(new ThreadExecutor().shutdown({ cancel: true }));
loop.setDefaultExecutor(new ThreadExecutor({ maxQueue: 5, grace: 10 }));
loop.setDefaultExecutor(new BrowserExecutor({ worker: () => new Worker("thread.js") }));
const executor: Executor = new ThreadExecutor();
exactly<Promise<number>>()(executor.submit(fib, [1]));

// Functions that cannot be imported.
// @ts-expect-error
toThread((n: number) => n, 1);
// @ts-expect-error
loop.runInExecutor(null, function* () {});
// @ts-expect-error
executor.submit(async () => 1, []);
// Arguments have the function's types.
// @ts-expect-error
toThread(fib, "1");
// @ts-expect-error
toThread(fib);
// @ts-expect-error
loop.runInExecutor(null, nap, 1, 2);
// @ts-expect-error
executor.submit(fib, ["1"]);
// @ts-expect-error
toThread({ name: "any" });
// @ts-expect-error
defineTask(url, "x", 42);
// @ts-expect-error
defineTask(new URL(url), "x", () => 1);
// @ts-expect-error
loop.setDefaultExecutor({ submit: fib });
// @ts-expect-error
new ThreadExecutor({ maxThreads: "2" });
