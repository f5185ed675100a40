// Whatever can be awaited, and how it becomes a future of a loop.

import { checkOptions, describe, wrongType } from "../loop/arguments.ts";
import { RuntimeError } from "../loop/errors.ts";
import { checkLoop, runningScheduler, type Scheduler } from "../loop/scheduler.ts";
import { isFromAnotherCopy, OF_ANOTHER_COPY } from "./anotherCopy.ts";
import {
  type AnyGenerator,
  Call,
  type Coroutine,
  CoroutineObject,
  isCoroutine,
  isCoroutineFunction,
  isGenerated,
  native,
  passOn,
} from "./coroutine.ts";
import { awaited, currentScheduler, type Future, isFuture, loopOf } from "./future.ts";
import { futureOfPromise } from "./relay.ts";
import { Task, type TaskOptions } from "./task.ts";

/** What can be waited for: a coroutine object, a future, a task, a promise. */
export type Awaitable<T> = Coroutine<T> | Future<T> | PromiseLike<T>;

/** What a task can run: a coroutine object, or a function without parameters that returns one. */
export type CoroutineLike<T> = Coroutine<T> | (() => Coroutine<T>);

/** What a loop waits for on its user's behalf: anything awaitable, or a function without parameters that returns it. */
export type AwaitableLike<T> = Awaitable<T> | (() => Awaitable<T>);

/**
 * Starts a coroutine as a task of the running loop. Like `asyncio.create_task`.
 *
 * @throws RuntimeError if no loop runs.
 * @throws TypeError if `coro` is not a coroutine. A promise is none: `ensureFuture` takes those.
 * @throws InvalidStateError if `coro` is decorated, and was awaited or made a task before.
 */
export function createTask<T>(coro: CoroutineLike<T>, options?: TaskOptions): Task<T> {
  const body = checkCoroutine("coro", coro);
  return createTaskOn(currentScheduler("A task"), body, options);
}

/** Makes a task by the loop's own factory. */
export function createTaskOn<T>(
  loop: Scheduler,
  body: Coroutine<T>,
  options?: TaskOptions,
): Task<T> {
  if (options !== undefined) checkOptions(options);
  if (loop.isClosed()) throw new RuntimeError("The loop is closed");
  return loop._makeTask === undefined
    ? new Task(loop, body, options)
    : (loop._makeTask(body as never, options ?? {}) as Task<T>);
}

/**
 * Gives the future of anything awaitable: a future or task as it is, a task for a coroutine, a future for a promise.
 * Like `asyncio.ensure_future`.
 *
 * @param options.loop the loop to use, by default the running one.
 * @throws TypeError if `aw` is not awaitable.
 */
export function ensureFuture<T>(
  aw: AwaitableLike<T>,
  options?: { readonly loop?: Scheduler | undefined },
): Future<T> {
  checkAwaitable("aw", aw);
  if (options !== undefined) checkOptions(options);
  if (isFuture(aw)) return aw as Future<T>;
  return ensureFutureOn(loopOf(options, "A future"), aw);
}

/** The same for an awaitable that was checked. @throws RuntimeError for a future of another loop */
export function ensureFutureOn<T>(
  loop: Scheduler,
  aw: AwaitableLike<T>,
  options?: TaskOptions,
): Future<T> {
  // First what most are, and what costs least to see.
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
 * Starts a list of awaitables that was checked, in order: the future of each. A coroutine object is one thing however
 * often it is named; each call of a function is another. If one cannot be started, none of the others takes a step.
 */
export function startAll(
  loop: Scheduler,
  aws: readonly AwaitableLike<unknown>[],
): readonly Future<unknown>[] {
  // Each list of what is young costs the collector as much as the fields of its objects.
  if (aws.every((aw) => isFuture(aw) && aw._loop === loop)) return aws as Future<unknown>[];
  // Nearly always all are different, and to learn that costs less than to look each of them up.
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
    // What was there before goes on. What is named twice is cancelled once.
    const own = new Set(futures.filter((_, index) => !isFuture(aws[index])));
    for (const future of own) future.cancel();
    throw error;
  }
}

/** So long a list is searched in less time than it takes to make a set. */
const SHORT = 32;

/** Whether a list names a coroutine or a promise twice. Of a short one also whether it does anything else. */
function hasRepetition(aws: readonly AwaitableLike<unknown>[]): boolean {
  if (aws.length <= SHORT) return aws.some((aw, index) => aws.indexOf(aw) < index);
  const single = aws.filter((aw) => !isFuture(aw) && typeof aw !== "function");
  return new Set(single).size < single.length;
}

/** Calls an ordinary function in a step of a task, where it may ask for the running loop, and awaits what it returns. */
export function* callAndAwait<T>(fn: () => Awaitable<T>): Coroutine<T> {
  const made: unknown = fn();
  if (isCoroutine(made)) return yield* made as Coroutine<T>;
  checkAwaitable("what the function returned", made);
  return yield* ensureFutureOn(currentScheduler("An awaitable"), made as Awaitable<T>);
}

/**
 * Makes a future of the running loop that settles as `promise` does. Like `asyncio.wrap_future`.
 *
 * Cancelling the future leaves the promise alone, whose outcome is then ignored.
 */
export function wrapFuture<T>(
  promise: PromiseLike<T>,
  options?: { readonly loop?: Scheduler | undefined },
): Future<T> {
  if (!isThenable(promise)) {
    throw wrongType("promise", "a promise", promise);
  }
  if (options !== undefined) checkOptions(options);
  if (isFuture(promise)) return promise as Future<T>;
  return futureOfPromise(loopOf(options, "A future"), promise);
}

/** The task whose step runs now; undefined in a callback. Like `asyncio.current_task`. @throws RuntimeError if no loop is given and none runs */
export function currentTask(loop?: Scheduler): Task<unknown> | undefined {
  if (loop !== undefined) checkLoop(loop);
  const { current } = (loop ?? currentScheduler("currentTask()"))._slots;
  return current instanceof Task ? current : undefined;
}

/** The tasks of a loop that are not done. Like `asyncio.all_tasks`. @throws RuntimeError if no loop is given and none runs */
export function allTasks(loop?: Scheduler): Set<Task<unknown>> {
  if (loop !== undefined) checkLoop(loop);
  const tasks = new Set<Task<unknown>>();
  for (const runnable of (loop ?? currentScheduler("allTasks()"))._slots) {
    if (runnable instanceof Task && !runnable.done()) tasks.add(runnable);
  }
  return tasks;
}

/** Ends a coroutine that is not to begin: who awaits it later gets an error, not silence. */
export function dismiss(coro: Coroutine<unknown>): void {
  if ((coro as unknown) instanceof CoroutineObject) (coro as unknown as CoroutineObject)._begin();
  coro.return(undefined);
}

/** What gives `aw` when it is called: `aw` itself, if it is a function and not a promise that can be called. */
export function giverOf<T>(aw: AwaitableLike<T>): () => Awaitable<T> {
  return typeof aw === "function" && !isThenable(aw) ? aw : () => aw as Awaitable<T>;
}

/** The coroutine object of `value`. @throws TypeError if there is none */
export function checkCoroutine<T>(name: string, value: CoroutineLike<T>): Coroutine<T> {
  if (isCoroutine(value)) return value as Coroutine<T>;
  if (typeof value === "function") {
    const body: unknown = value();
    if (isCoroutine(body)) return body as Coroutine<T>;
    throw new TypeError(
      `Expected \`${name}\` to return a coroutine when called, got ${describe(body)}${hint(body)}`,
    );
  }
  throw new TypeError(
    `Expected \`${name}\` to be a coroutine or a generator function, got ${describe(value)}${hint(value)}`,
  );
}

/**
 * The generator of the block that `body` makes for `scope`: for a call to drive. Most blocks are functions that were made
 * just now, and for each of those the engine would look up anew what `yield*` wants of a generator: that costs many
 * times what the call does.
 *
 * @throws TypeError if `body` does not return a coroutine. @throws InvalidStateError if that was awaited before.
 */
export function blockOf<Scope>(
  body: (scope: Scope) => Coroutine<unknown>,
  scope: Scope,
): AnyGenerator {
  const made: unknown = body(scope);
  const coro = isCoroutine(made) ? made : checkCoroutine("body", () => made as never);
  const ours: object = coro;
  if (ours instanceof Call) return ours._begin()._generator;
  return ours instanceof CoroutineObject ? passOn(coro) : native(coro);
}

/** @throws TypeError unless `value` can be awaited */
export function checkAwaitable(name: string, value: unknown): void {
  if (isAwaitable(value)) return;
  throw wrongType(name, "a coroutine, a future, a task or a promise", value);
}

/** The list of `aws`. @throws TypeError if it is none, or something in it cannot be awaited */
export function checkAwaitables<T>(aws: Iterable<AwaitableLike<T>>): AwaitableLike<T>[] {
  if (typeof aws !== "object" || aws === null || !(Symbol.iterator in aws) || isFuture(aws)) {
    throw wrongType("aws", "a list of awaitables", aws);
  }
  if (Array.isArray(aws)) {
    // A copy that is made at once has not to grow.
    const all: AwaitableLike<T>[] = [...aws];
    for (let i = 0; i < all.length; i++) checkPlace(i, all[i]);
    return all;
  }
  const all: AwaitableLike<T>[] = [];
  awaited.future = undefined;
  for (const aw of aws) {
    // A coroutine is iterable too. One that waits would give its future for ever.
    if (awaited.future !== undefined) throw wrongType("aws", "a list of awaitables", aws);
    checkPlace(all.length, aw);
    all.push(aw);
  }
  return all;
}

/** The name is put together only for the error: that would cost more than all else. */
function checkPlace(index: number, value: unknown): void {
  if (!isAwaitable(value)) checkAwaitable(`aws[${index}]`, value);
}

/** The loop that serves `aws`: that of the first, else the running one, else that of any. Like asyncio's. @throws RuntimeError */
export function loopFor(aws: readonly AwaitableLike<unknown>[], what: string): Scheduler {
  const [first] = aws;
  if (isFuture(first)) return first._loop;
  return runningScheduler() ?? aws.find(isFuture)?._loop ?? currentScheduler(what);
}

/** The same for a list that must have something in it. @throws RangeError if it is empty */
export function checkSomeAwaitables<T>(aws: Iterable<AwaitableLike<T>>): AwaitableLike<T>[] {
  const all = checkAwaitables(aws);
  if (all.length > 0) return all;
  throw new RangeError("Expected `aws` to have at least one awaitable, got none");
}

function isAwaitable(value: unknown): boolean {
  if (isGenerated(value) || isFuture(value) || typeof value === "function") return true;
  return isCoroutine(value) || isThenable(value);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

function hint(value: unknown): string {
  if (isFromAnotherCopy(value)) return OF_ANOTHER_COPY;
  if (isFuture(value)) return ". It is a future already";
  return isThenable(value) ? ". For a promise use `ensureFuture` or `fromPromise`" : "";
}
