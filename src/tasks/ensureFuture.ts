// Converts awaitables to futures.

import { checkOptions, wrongType } from "../lang/arguments.ts";
import { RuntimeError } from "../lang/errors.ts";
import { currentScheduler, loopOf } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { type Awaitable, type AwaitableLike, checkAwaitable, isThenable } from "./awaitable.ts";
import { createTaskOn } from "./createTask.ts";
import { type Coroutine, isCoroutine, isCoroutineFunction } from "./kernel/coroutine.ts";
import { type Future, isFuture } from "./kernel/future.ts";
import { isGenerated } from "./kernel/generators.ts";
import type { TaskOptions } from "./kernel/taskOptions.ts";
import { futureOfPromise } from "./relay.ts";

/**
 * Returns the future of an awaitable: a future or task itself, a new task for a coroutine or a
 * function, and a new future for a promise. Like `asyncio.ensure_future`.
 *
 * @param options.loop the loop to use, by default the running one.
 * @throws TypeError if `aw` is not awaitable. @throws RuntimeError if `aw` is a future of another
 * loop than `options.loop`, or no loop is running.
 */
export function ensureFuture<T>(
  aw: AwaitableLike<T>,
  options?: { readonly loop?: Scheduler | undefined },
): Future<T> {
  checkAwaitable("aw", aw);
  if (options !== undefined) checkOptions(options);
  if (isFuture(aw) && options?.loop === undefined) return aw as Future<T>;
  return ensureFutureOn(loopOf(options, "A future"), aw);
}

/**
 * Like `ensureFuture`, for an awaitable that has already been checked.
 *
 * @throws RuntimeError for a future of another loop
 */
export function ensureFutureOn<T>(
  loop: Scheduler,
  aw: AwaitableLike<T>,
  options?: TaskOptions,
): Future<T> {
  // The most common case first, which is also the cheapest to recognize.
  if (isGenerated(aw)) return createTaskOn(loop, aw as Coroutine<T>, options);
  if (isFuture(aw)) {
    if (aw._loop !== loop) throw new RuntimeError("The future belongs to another loop");
    return aw as Future<T>;
  }
  if (isCoroutine(aw)) return createTaskOn(loop, aw as Coroutine<T>, options);
  if (isThenable(aw)) return futureOfPromise(loop, aw as PromiseLike<T>);
  const body = isCoroutineFunction(aw) ? (aw() as Coroutine<T>) : callAndAwait(aw);
  return createTaskOn(loop, body, options);
}

/**
 * Starts a list of checked awaitables in order, and returns their futures. A coroutine object that
 * appears twice starts once, but each appearance of a function is another call. If one awaitable
 * can't be started, the tasks created for the others never take a step.
 */
export function startAll(
  loop: Scheduler,
  aws: readonly AwaitableLike<unknown>[],
): readonly Future<unknown>[] {
  // No copy if all are futures already, because a new list is a burden on the garbage collector.
  if (aws.every((aw) => isFuture(aw) && aw._loop === loop)) return aws as Future<unknown>[];
  // Repetitions are rare, and checking for them is cheaper than keeping a map.
  const started = hasRepetition(aws) ? new Map<unknown, Future<unknown>>() : undefined;
  const futures = new Array<Future<unknown>>(aws.length);
  let count = 0;
  try {
    for (const aw of aws) {
      const future = started?.get(aw) ?? ensureFutureOn(loop, aw);
      if (typeof aw !== "function") started?.set(aw, future);
      futures[count++] = future;
    }
    return futures;
  } catch (error) {
    // Futures in `aws` continue; those created here are cancelled. A set, so that a repeated future
    // is cancelled only once.
    const own = new Set(futures.filter((_, index) => !isFuture(aws[index])));
    for (const future of own) future.cancel();
    throw error;
  }
}

/** Lists up to this length are faster to search than to copy into a set. */
const SHORT = 32;

/** Whether a list contains anything twice. */
function hasRepetition(aws: readonly AwaitableLike<unknown>[]): boolean {
  if (aws.length <= SHORT) return aws.some((aw, index) => aws.indexOf(aw) < index);
  return new Set(aws).size < aws.length;
}

/**
 * Calls an ordinary function and awaits what it returns. The call happens in a step of a task, so
 * the function may use the running loop.
 */
export function* callAndAwait<T>(fn: () => Awaitable<T>): Coroutine<T> {
  return yield* awaiting(fn);
}

/** Returns a coroutine that awaits `aw`. If `aw` is a function, calls it immediately. */
export function awaiting<T>(aw: AwaitableLike<T>): Coroutine<T> {
  if (isCoroutine(aw)) return aw as Coroutine<T>;
  if (typeof aw !== "function" || isThenable(aw)) return awaitFuture(aw as Awaitable<T>);
  const returned: unknown = aw();
  if (isCoroutine(returned)) return returned as Coroutine<T>;
  checkAwaitable("the returned value", returned);
  return awaitFuture(returned as Awaitable<T>);
}

function* awaitFuture<T>(aw: Awaitable<T>): Coroutine<T> {
  return yield* ensureFutureOn(currentScheduler("An awaitable"), aw);
}

/**
 * Returns a future of the running loop that settles as `promise` does. If `promise` is itself a
 * future, returns it. Like `asyncio.wrap_future`.
 *
 * Cancelling the future doesn't affect the promise, whose outcome is then ignored. Unlike
 * asyncio's, the future isn't cancelled if the promise rejects with a CancelledError, because
 * something else was cancelled. Instead, it fails with a RuntimeError whose `cause` is that error.
 *
 * @param options.loop the loop to use, by default the running one.
 * @throws TypeError if `promise` is not a promise. @throws RuntimeError if `promise` is a future of
 * another loop than `options.loop`, or no loop is running.
 */
export function wrapFuture<T>(
  promise: PromiseLike<T>,
  options?: { readonly loop?: Scheduler | undefined },
): Future<T> {
  if (!isThenable(promise)) throw wrongType("promise", "a promise", promise);
  if (isFuture(promise)) return ensureFuture(promise as Future<T>, options);
  return futureOfPromise(loopOf(options, "A future"), promise);
}
