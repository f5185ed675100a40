// The functions that pages call in other threads. It is TypeScript and imports something, as what users write.

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
