// Promises that a coroutine will await later, such as those passed to `fromPromise`.
//
// A host reports a rejected promise if nothing listens to it by the time all microtasks have run.
// But the coroutine that awaits a passed promise may start only in a later turn, or never.
// Listening at once, as `Promise.all` does, would prevent the report. But it would create another
// promise, usually for nothing, because most promises are awaited right where they are passed. So
// we start to listen only when the next promise is passed, or when the slice ends.

import { hasTag } from "../lang/brands.ts";
import { runningScheduler } from "./current.ts";

/** The promise that was passed last, if nothing listens to it yet. */
let latest: PromiseLike<unknown> | undefined;

/** Keeps the host from reporting `promise`, which may be awaited only later, or never. */
export function markHandled(promise: PromiseLike<unknown>): void {
  // Hosts don't report other thenables. Some of those, such as database queries, do their work each
  // time `then` is called.
  if (!(promise instanceof Promise || hasTag(promise, "Promise"))) return;
  try {
    Promise.prototype.then.call(promise, undefined, () => undefined);
  } catch {
    // An object that only claims to be a promise.
  }
}

/**
 * Like `markHandled`. Inside a running loop, marks the promise a little later, and only if it has
 * not been awaited by then.
 */
export function markHandledSoon(promise: PromiseLike<unknown>): void {
  markLatest();
  latest = promise;
  if (runningScheduler() === undefined) markLatest();
}

/** Records that something listens to `promise`. */
export function noteListener(promise: PromiseLike<unknown>): void {
  if (latest === promise) latest = undefined;
}

/** Marks the promise passed last, because the slice ends or another promise is passed. */
export function markLatest(): void {
  if (latest !== undefined) markHandled(latest);
  latest = undefined;
}
