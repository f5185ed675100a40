// The functions that rows with `mysyncio/node` call in other threads.

import { defineTask, threadSignal } from "mysyncio/node";

export const sum = defineTask(import.meta.url, "sum", (from: number, to: number) => {
  let total = 0;
  for (let n = from; n <= to; n++) total += n;
  return total;
});

export const untilCancelled = defineTask(import.meta.url, "untilCancelled", async () => {
  const signal = threadSignal();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  signal.throwIfAborted();
});
