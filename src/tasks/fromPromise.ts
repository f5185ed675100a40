import { describe, wrongType } from "../loop/arguments.ts";
import { hasTag } from "../loop/brands.ts";
import { CancelledError } from "../loop/errors.ts";
import { isThenable } from "./awaitable.ts";
import { BareCall, type Wait } from "./bareCall.ts";
import { type Call, type Coroutine, coroutine } from "./coroutine.ts";
import { currentScheduler } from "./future.ts";
import { futureOfPromise } from "./relay.ts";

/**
 * Awaits a promise in a coroutine.
 *
 * Given a function, it is called when the wait begins, with an `AbortSignal` that aborts when the wait is cancelled:
 * the way to take `fetch` and its like along. A cancel does not wait for what was aborted.
 *
 * @throws TypeError if `source` is neither, or the function does not return a promise.
 * @example
 * const response = yield* fromPromise((signal) => fetch(url, { signal }));
 */
export function fromPromise<T>(
  source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>),
): Coroutine<T> {
  if (typeof source === "function") return settledAbortably(source);
  if (isThenable(source)) return new PromiseCall(source) as unknown as Coroutine<T>;
  throw wrongType("source", "a promise or a function that returns one", source);
}

/** The coroutine of a promise. Most are awaited where they are made, and need no body for that. */
class PromiseCall<T> extends BareCall<T> {
  declare readonly _promise: PromiseLike<T>;

  constructor(promise: PromiseLike<T>) {
    super();
    this._promise = promise;
  }

  override _start(): Wait<T> {
    return futureOfPromise(currentScheduler("fromPromise()"), this._promise);
  }

  override _begin(): Call {
    // As a task it is awaited later, and must not be taken for a promise that nobody awaits. Nobody takes other thenables
    // for that, and some do their work each time that `then` is called, as the queries of some databases.
    const promise = this._promise;
    if (promise instanceof Promise || hasTag(promise, "Promise")) {
      try {
        Promise.prototype.then.call(promise, undefined, () => undefined);
      } catch {
        // A thenable that only calls itself one.
      }
    }
    return super._begin();
  }
}

const settledAbortably = /* @__PURE__ */ coroutine(function* fromPromise<T>(
  start: (signal: AbortSignal) => PromiseLike<T>,
): Coroutine<T> {
  const loop = currentScheduler("fromPromise()");
  const controller = new AbortController();
  const promise = start(controller.signal);
  if (!isThenable(promise)) {
    throw new TypeError(`Expected \`source\` to return a promise, got ${describe(promise)}`);
  }
  try {
    return yield* futureOfPromise(loop, promise);
  } catch (error) {
    if (error instanceof CancelledError) controller.abort(error);
    throw error;
  }
});
