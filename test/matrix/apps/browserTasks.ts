// The functions that pages call in other threads. This file is TypeScript and imports a module,
// like user code.

import { defineTask, threadSignal } from "mysyncio/browser";

export const sum = defineTask(import.meta.url, "sum", (from: number, to: number): number => {
  let total = 0;
  for (let n = from; n <= to; n++) total += n;
  return total;
});

export const untilCancelled = defineTask(import.meta.url, "untilCancelled", async () => {
  const signal = threadSignal();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  signal.throwIfAborted();
});
