import { describe, wrongType } from "../lang/arguments.ts";
import { isCancellation } from "../lang/thrown.ts";
import { currentScheduler } from "../loop/current.ts";
import { markHandledSoon, noteListener } from "../loop/handled.ts";
import { keepInstances } from "../loop/kept.ts";
import { isThenable } from "./awaitable.ts";
import { type Coroutine, coroutine } from "./kernel/coroutine.ts";
import { asCoroutine, LazyCall, type Wait } from "./lazyCall.ts";
import { futureOfPromise } from "./relay.ts";

/**
 * Awaits a promise in a coroutine.
 *
 * If `source` is a function, it is called when the wait begins, with an `AbortSignal` that aborts
 * when the wait is cancelled. Use this for `fetch` and other functions that take a signal. The
 * cancellation doesn't wait for the aborted operation.
 *
 * Cancelling the wait ends it immediately. So if the promise itself rejects with a CancelledError,
 * like the promise of a cancelled task or `toAsync` call, something else was cancelled. The wait
 * then throws a RuntimeError whose `cause` is the CancelledError, and a task group treats it as a
 * failure. The same holds wherever a coroutine awaits a promise. The exception is a task that was
 * itself cancelled and awaits the promise while it cleans up: it gets the CancelledError.
 *
 * Unlike with `asyncio.wrap_future`, a cancellation of what is awaited doesn't cancel the wait.
 *
 * A promise passed here counts as handled at once, as with `Promise.all`. If the coroutine is never
 * awaited, a rejection goes unnoticed. The same holds for other functions that await promises, such
 * as `waitFor` and `race`.
 *
 * @throws TypeError if `source` is neither a promise nor a function that returns one.
 * @example
 * const response = yield* fromPromise((signal) => fetch(url, { signal }));
 */
export function fromPromise<T>(
  source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>),
): Coroutine<T> {
  if (typeof source === "function") return settledAbortably(source);
  if (isThenable(source)) return asCoroutine(new PromiseCall(source));
  throw wrongType("source", "a promise or a function that returns one", source);
}

/**
 * The coroutine of a promise. Most such coroutines are awaited right where they are created, and
 * then need no body.
 */
class PromiseCall<T> extends LazyCall<T> {
  static readonly _kept = /* @__PURE__ */ keepInstances(promiseCallToKeep);

  declare readonly _promise: PromiseLike<T>;

  constructor(promise: PromiseLike<T>) {
    super();
    this._promise = promise;
    markHandledSoon(promise);
  }

  override _start(): Wait<T> {
    const promise = this._promise;
    noteListener(promise);
    return futureOfPromise(currentScheduler("fromPromise()"), promise);
  }
}

function promiseCallToKeep(): readonly object[] {
  return [new PromiseCall(Promise.resolve())];
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
    if (isCancellation(error)) controller.abort(error);
    throw error;
  }
});
