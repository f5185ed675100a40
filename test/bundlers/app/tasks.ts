// The functions that the threads call. This file is TypeScript, and imports a module of its own and
// the package.

import { type Coroutine, defineTask, sleep, threadSignal } from "mysyncio/browser";
import { isPerfect } from "./perfect.ts";

export const search = defineTask(import.meta.url, "search", (from: number, to: number) => {
  for (let n = from; n < to; n++) if (isPerfect(n)) return n;
  return undefined;
});

export const nap = defineTask(import.meta.url, "nap", function* (delay: number): Coroutine<string> {
  return yield* sleep(delay, "slept");
});

export const wait = defineTask(import.meta.url, "wait", async () => {
  const signal = threadSignal();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  throw signal.reason;
});
