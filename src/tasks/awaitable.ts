// The types of what can be awaited, and the checks of arguments of these types.

import { describe, wrongType } from "../lang/arguments.ts";
import { currentScheduler, runningScheduler } from "../loop/current.ts";
import { markHandled } from "../loop/handled.ts";
import { OF_ANOTHER_COPY } from "../loop/registry.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { noteAwaited } from "../loop/unawaited.ts";
import { isFromAnotherCopy } from "./kernel/anotherCopy.ts";
import { type Coroutine, isCoroutine } from "./kernel/coroutine.ts";
import { awaited, type Future, isFuture } from "./kernel/future.ts";
import { isGenerated } from "./kernel/generators.ts";

/** Anything that a coroutine can wait for: a coroutine object, a future, a task or a promise. */
export type Awaitable<T> = Coroutine<T> | Future<T> | PromiseLike<T>;

/**
 * Anything that a task can run: a coroutine object, or a function without parameters that returns
 * one. The function may also return a future, which the task then awaits.
 */
export type CoroutineLike<T> = Coroutine<T> | (() => Coroutine<T> | Future<T>);

/**
 * Anything that this package's functions can await: an awaitable, or a function without parameters
 * that returns one.
 */
export type AwaitableLike<T> = Awaitable<T> | (() => Awaitable<T>);

/**
 * Returns `value` if it is a coroutine object. If it is a function, calls it and returns the
 * resulting coroutine object, or one that awaits the resulting future.
 *
 * @throws TypeError if `value` is neither, or the function returns no coroutine object or future
 */
export function checkCoroutine<T>(name: string, value: CoroutineLike<T>): Coroutine<T> {
  noteAwaited(value);
  if (isCoroutine(value)) return value as Coroutine<T>;
  if (typeof value === "function") {
    const body: unknown = value();
    if (isCoroutine(body)) return body as Coroutine<T>;
    if (isFuture(body)) return awaiting(body as Future<T>);
    throw new TypeError(
      `Expected \`${name}\` to return a coroutine when called, got ${describe(body)}${hint(body)}`,
    );
  }
  throw new TypeError(
    `Expected \`${name}\` to be a coroutine or a generator function, got ${describe(value)}${hint(value)}`,
  );
}

function* awaiting<T>(future: Future<T>): Coroutine<T> {
  return yield* future;
}

/** Marks `value` as handled if it is a promise. @throws TypeError unless it can be awaited */
export function checkAwaitable(name: string, value: unknown): void {
  noteAwaited(value);
  if (isAwaitable(value)) return;
  throw wrongType(name, "a coroutine, a future, a task or a promise", value);
}

/**
 * Returns a copy of `aws`, and marks its promises as handled.
 *
 * @throws TypeError if `aws` is not iterable, or contains something that can't be awaited
 */
export function checkAwaitables<T>(aws: Iterable<AwaitableLike<T>>): AwaitableLike<T>[] {
  if (typeof aws !== "object" || aws === null || !(Symbol.iterator in aws) || isFuture(aws)) {
    throw wrongType("aws", "a list of awaitables", aws);
  }
  if (Array.isArray(aws)) {
    // Copying in one step avoids growing the list.
    const all: AwaitableLike<T>[] = [...aws];
    for (const aw of all) noteAwaited(aw);
    for (let i = 0; i < all.length; i++) checkElement(i, all[i]);
    return all;
  }
  const all: AwaitableLike<T>[] = [];
  awaited.future = undefined;
  for (const aw of aws) {
    // `aws` may be a coroutine, which is iterable too. While it waits, it yields the same future
    // endlessly.
    if (awaited.future !== undefined) throw wrongType("aws", "a list of awaitables", aws);
    noteAwaited(aw);
    checkElement(all.length, aw);
    all.push(aw);
  }
  return all;
}

/** Builds the element's name only for an error, because building it is slower than the check. */
function checkElement(index: number, value: unknown): void {
  if (!isAwaitable(value)) checkAwaitable(`aws[${index}]`, value);
}

/** Like `checkAwaitables`, but also throws a RangeError if `aws` is empty. */
export function checkSomeAwaitables<T>(aws: Iterable<AwaitableLike<T>>): AwaitableLike<T>[] {
  const all = checkAwaitables(aws);
  if (all.length > 0) return all;
  throw new RangeError("Expected `aws` to have at least one awaitable, got none");
}

/**
 * Returns the loop for `aws`: the loop of the first awaitable if that is a future, otherwise the
 * running loop, otherwise the loop of any future in `aws`. Like asyncio.
 *
 * @throws RuntimeError if there is no such loop
 */
export function loopOfAwaitables(
  aws: readonly AwaitableLike<unknown>[],
  caller: string,
): Scheduler {
  const [first] = aws;
  if (isFuture(first)) return first._loop;
  return runningScheduler() ?? aws.find(isFuture)?._loop ?? currentScheduler(caller);
}

function isAwaitable(value: unknown): boolean {
  if (isGenerated(value) || isFuture(value) || typeof value === "function") return true;
  if (isCoroutine(value)) return true;
  if (!isThenable(value)) return false;
  markHandled(value);
  return true;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

function hint(value: unknown): string {
  if (isFromAnotherCopy(value)) return `. It${OF_ANOTHER_COPY}`;
  if (isFuture(value)) return ". It is a future already";
  return isThenable(value) ? ". For a promise use `ensureFuture` or `fromPromise`" : "";
}
