import { checkFunction } from "../lang/arguments.ts";
import { dispose } from "../lang/dispose.ts";
import { checkCoroutine } from "../tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { operation } from "../tasks/lazyCall.ts";

/** A lock, a semaphore or a condition. */
interface Releasable {
  acquire(): Coroutine<true>;
  release(): void;
}

/**
 * Acquires `primitive`. Returns an object for `using`. At the end of the block, that object
 * releases `primitive`, but only once.
 */
export function hold(primitive: Releasable): Coroutine<Disposable> {
  return operation(holding(primitive));
}

function* holding(primitive: Releasable): Coroutine<Disposable> {
  yield* primitive.acquire();
  let isHeld = true;
  return {
    [dispose]() {
      if (isHeld) primitive.release();
      isHeld = false;
    },
  };
}

/**
 * Acquires `primitive`, awaits the coroutine that `body(...args)` returns, and always releases
 * `primitive` at the end.
 */
export function holdDuring<T, Args extends unknown[]>(
  primitive: Releasable,
  body: (...args: Args) => Coroutine<T> | Future<T>,
  args: Args,
): Coroutine<T> {
  checkFunction("body", body);
  return runHolding(primitive, () => body(...args));
}

const runHolding = /* @__PURE__ */ coroutine(function* hold<T>(
  primitive: Releasable,
  body: () => Coroutine<T> | Future<T>,
): Coroutine<T> {
  yield* primitive.acquire();
  try {
    return yield* checkCoroutine("body", body);
  } finally {
    primitive.release();
  }
});
