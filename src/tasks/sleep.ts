import { checkTime } from "../loop/arguments.ts";
import { type Coroutine, coroutine } from "./coroutine.ts";
import { currentScheduler, Future } from "./future.ts";

/**
 * Waits for `delay` milliseconds, and gives `result`. Others run meanwhile. Like `asyncio.sleep`.
 *
 * Never wakes early; how late depends on the host and on what else is ready. A delay of 0 or less gives way once, as a
 * bare `yield` does; Infinity sleeps until it is cancelled. A cancel takes the timer out at once.
 *
 * Unlike asyncio's, which counts seconds.
 *
 * @throws TypeError if `delay` is not a number. @throws RangeError if it is NaN.
 */
export function sleep(delay: number): Coroutine<void>;
export function sleep<T>(delay: number, result: T): Coroutine<T>;
export function sleep(delay: number, result?: unknown): Coroutine<unknown> {
  checkTime("delay", delay);
  return sleepFor(delay, result);
}

const sleepFor = /* @__PURE__ */ coroutine(function* sleeping(
  delay: number,
  result: unknown,
): Coroutine<unknown> {
  if (delay <= 0) {
    yield;
    return result;
  }
  const loop = currentScheduler("sleep()");
  const future = new Future<unknown>({ loop });
  const timer = loop.callLater(delay, wakeUp, future, result);
  try {
    return yield* future;
  } finally {
    timer.cancel();
  }
});

function wakeUp(future: Future<unknown>, result: unknown): void {
  if (!future.done()) future._succeed(result);
}
