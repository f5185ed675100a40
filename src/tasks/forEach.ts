import { checkFunction } from "../lang/arguments.ts";
import { checkCoroutine } from "./awaitable.ts";
import { checkSource, type IterationSource, iterate } from "./iterate.ts";
import { type Coroutine, coroutine } from "./kernel/coroutine.ts";
import type { Future } from "./kernel/future.ts";

/**
 * After this many items the task yields, so that other tasks run even if nothing else suspends it.
 */
const BURST = 64;

/**
 * Awaits `body(item, index)` for each item of `source`, one after the other. Like Python's
 * `async for`.
 *
 * Takes an item only after the body for the previous one has ended. Closes the source in any case:
 * at the end, after an error, or after a cancellation.
 *
 * @param source any source that `iterate` accepts.
 * @throws TypeError for invalid arguments. @throws whatever the source or `body` throws.
 * @example
 * yield* forEach(queue, function* (job) {
 *   yield* handle(job);
 * });
 */
export function forEach<T>(
  source: IterationSource<T>,
  body: (item: T, index: number) => Coroutine<unknown> | Future<unknown>,
): Coroutine<void> {
  checkSource("source", source);
  checkFunction("body", body);
  return runForEach(source, body);
}

const runForEach = /* @__PURE__ */ coroutine(function* forEach<T>(
  source: IterationSource<T>,
  body: (item: T, index: number) => Coroutine<unknown> | Future<unknown>,
): Coroutine<void> {
  const items = iterate(source);
  try {
    for (let index = 0; ; index++) {
      if (index % BURST === BURST - 1) yield;
      const result = yield* items.next();
      if (result.done) return;
      yield* checkCoroutine("body", () => body(result.value, index));
    }
  } finally {
    yield* items.return();
  }
});
