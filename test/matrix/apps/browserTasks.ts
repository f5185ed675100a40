// The functions that pages call in other threads. It is TypeScript and imports something, as what users write.

import { threadSignal } from "mysyncio/browser";

export function sum(from: number, to: number): number {
  let total = 0;
  for (let n = from; n <= to; n++) total += n;
  return total;
}

export async function untilCancelled(): Promise<void> {
  const signal = threadSignal();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  signal.throwIfAborted();
}
