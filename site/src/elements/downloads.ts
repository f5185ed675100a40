import { type Coroutine, run, sleep, taskGroup, timeout, withSignal } from "mysyncio";
import type { Bar } from "./bar.ts";

function* download(bar: Bar): Coroutine<void> {
  try {
    while (!bar.isFull) {
      yield* sleep(50);
      bar.grow();
    }
  } finally {
    bar.close(); // in any case
  }
}

function* downloadAll(bars: readonly Bar[]): Coroutine<void> {
  yield* taskGroup(function* (group) {
    for (const bar of bars) group.createTask(download(bar));
  });
}

/** Ends when all are done, after three seconds, or when `signal` aborts. */
export function start(bars: readonly Bar[], signal: AbortSignal): Promise<void> {
  const withTimeout = timeout(3_000, () => downloadAll(bars));
  return run(() => withSignal(signal, withTimeout));
}
