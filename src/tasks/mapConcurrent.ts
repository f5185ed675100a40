import { checkBoolean, checkCount, checkFunction, checkOptions } from "../lang/arguments.ts";
import { CancelledError } from "../lang/errors.ts";
import { isInstance } from "../lang/thrown.ts";
import { currentScheduler } from "../loop/current.ts";
import { checkCoroutine } from "./awaitable.ts";
import { currentTask } from "./currentTask.ts";
import { ExceptionGroup } from "./exceptionGroup.ts";
import {
  type CoroutineIterator,
  checkSource,
  type IterationSource,
  isCoroutineSource,
  iterate,
} from "./iterate.ts";
import { awaitedBefore } from "./kernel/call.ts";
import { type Coroutine, coroutine, isCoroutine } from "./kernel/coroutine.ts";
import type { Future } from "./kernel/future.ts";
import { leave, type Wait } from "./lazyCall.ts";
import { runGroup, type TaskGroup } from "./taskGroup.ts";

/** After this many items the map yields, so that its tasks run even if nothing else suspends it. */
const BURST = 64;
const EAGER = { eagerStart: true };
/** How many maps may start inside each other's first steps, which nest on the native stack. */
const MAX_NESTED = 50;
let nested = 0;

/**
 * Runs `fn(item, index)` for each of `items` concurrently, each in its own task. Returns the
 * results in the order of the items.
 *
 * Takes items one by one, in order, whenever another task may start. So `items` may be endless;
 * then the map runs until an error or a cancellation ends it. `fn` starts as soon as its item is
 * taken. After an error, nothing more is taken; an item that a `Queue` or a stream hands over in
 * the turn of the error goes back.
 *
 * Throws the first error of `fn` or `items`, without an ExceptionGroup around it, after cancelling
 * the other tasks and waiting for them. A task that is cancelled from elsewhere counts as an error.
 * Further errors go to the loop's exception handler. Cancelling the map cancels all tasks and waits
 * for them. If the map is waiting for tasks at that moment, they are cancelled in the same call, so
 * that they give back what a queue or a lock has just handed to them. `items` is closed unless it
 * has ended.
 *
 * With `settle`, an error of `fn` doesn't end the map. Results are as from `Promise.allSettled`:
 * `{ status: "fulfilled", value }` or `{ status: "rejected", reason }`. Only an error of `items`,
 * or a cancellation of the map or one of its tasks, ends it early.
 *
 * asyncio has no equivalent.
 *
 * @param items an iterable, an async iterable, a stream or a `Queue`.
 * @param options.concurrency the maximum number of concurrent tasks, by default unlimited.
 * @param options.settle whether to collect errors instead of throwing the first, by default false.
 * @throws TypeError for invalid arguments. @throws RangeError if `concurrency` is less than 1 or
 * not whole. @throws RuntimeError outside a task. @throws InvalidStateError if `fn` returns the
 * same coroutine object twice in a row.
 * @example
 * const pages = yield* mapConcurrent(urls, fetchPage, { concurrency: 8 });
 */
export function mapConcurrent<T, R>(
  items: IterationSource<T>,
  fn: (item: T, index: number) => Coroutine<R> | Future<R>,
  options: MapOptions & { readonly settle: true },
): Coroutine<PromiseSettledResult<R>[]>;
export function mapConcurrent<T, R>(
  items: IterationSource<T>,
  fn: (item: T, index: number) => Coroutine<R> | Future<R>,
  options?: MapOptions & { readonly settle?: false | undefined },
): Coroutine<R[]>;
export function mapConcurrent<T, R>(
  items: IterationSource<T>,
  fn: (item: T, index: number) => Coroutine<R> | Future<R>,
  options?: MapOptions & { readonly settle?: boolean | undefined },
): Coroutine<R[] | PromiseSettledResult<R>[]>;
export function mapConcurrent<T, R>(
  items: IterationSource<T>,
  fn: (item: T, index: number) => Coroutine<R> | Future<R>,
  options: MapOptions & { readonly settle?: boolean | undefined } = {},
): Coroutine<unknown[]> {
  const concurrency = checkMap(items, "fn", fn, options);
  const { settle = false } = options;
  checkBoolean("settle", settle);
  return runMap(items, fn, concurrency, settle);
}

export interface MapOptions {
  readonly concurrency?: number | undefined;
}

/** Checks the arguments of a map. Returns the maximum number of concurrent tasks. */
export function checkMap(items: unknown, name: string, fn: unknown, options: MapOptions): number {
  checkSource("items", items);
  checkFunction(name, fn);
  checkOptions(options);
  const { concurrency = Infinity } = options;
  checkCount("concurrency", concurrency, 1);
  return concurrency;
}

const runMap = /* @__PURE__ */ coroutine(function* mapConcurrent<T, R>(
  items: IterationSource<T>,
  fn: (item: T, index: number) => Coroutine<R> | Future<R>,
  concurrency: number,
  settles: boolean,
): Coroutine<unknown[]> {
  const results: unknown[] = [];
  let last: unknown;
  yield* firstErrorOf("mapConcurrent()", (group) =>
    startEach(group, items, {
      waitForRoom: () => group._waitBelow(concurrency),
      start(item, index) {
        results.push(undefined);
        let made: unknown;
        try {
          made = fn(item, index);
        } catch (reason) {
          if (!settles || isCancelling()) throw reason;
          return keep(results, index, returning({ status: "rejected", reason }));
        }
        if (made === last && isCoroutine(made)) throw awaitedBefore();
        last = made;
        const body = checkCoroutine<unknown>("fn", () => made as Coroutine<R>);
        return keep(results, index, settles ? settled(body) : body);
      },
    }),
  );
  return results;
});

/**
 * Runs a group in which a cancelled task is an error. Throws the group's first error, and reports
 * the others.
 */
export function* firstErrorOf(
  caller: string,
  body: (group: TaskGroup) => Coroutine<void>,
): Coroutine<void> {
  try {
    yield* runGroup(body, true);
  } catch (error) {
    // Errors thrown in the group arrive inside an ExceptionGroup.
    if (!isInstance(error, ExceptionGroup)) throw error;
    const [first, ...others] = error.errors as unknown[];
    for (const exception of others) {
      currentScheduler(caller).callExceptionHandler({
        message: `${caller} failed for another item after its first error`,
        exception,
      });
    }
    throw first;
  }
}

/** The part that differs between kinds of maps. */
interface Mapping<T> {
  /** Waits until another item may be taken. */
  waitForRoom(): Coroutine<unknown>;
  /** Returns the body of the task for an item. */
  start(item: T, index: number): Coroutine<void>;
}

/** Starts a task of `group` for each of `items`, as fast as `mapping` allows. */
export function* startEach<T>(
  group: TaskGroup,
  items: IterationSource<T>,
  mapping: Mapping<T>,
): Coroutine<void> {
  const source = iterate(items);
  try {
    for (let index = 0; ; index++) {
      // Without this, an endless source could keep the tasks from ever running.
      if (index % BURST === BURST - 1) yield;
      yield* mapping.waitForRoom();
      if (group._isStopping) break;
      const result = yield* isCoroutineSource(items) ? pull(source, group) : source.next();
      if (result === undefined) break;
      if (result.done) return;
      const body = mapping.start(result.value, index);
      // The task starts eagerly, so that its item isn't lost if the group stops in this turn.
      nested++;
      try {
        group._start(body, nested <= MAX_NESTED || group._isStopping ? EAGER : undefined);
      } finally {
        nested--;
      }
      if (group._isStopping) break;
    }
  } catch (error) {
    group._fail(error);
  }
  // Closing the source may take a while. It must not be cancelled, and the tasks must not continue
  // in the meantime, so the group aborts first.
  group._abort();
  yield* source.return();
}

/**
 * Returns the next item. If the group stops in the turn in which the item arrives, leaves it in the
 * source and returns undefined.
 */
function* pull<T>(
  source: CoroutineIterator<T>,
  group: TaskGroup,
): Coroutine<IteratorResult<T, undefined> | undefined> {
  const steps: Wait<IteratorResult<T, undefined>> = source.next()[Symbol.iterator]();
  let step = steps.next();
  while (!step.done) {
    try {
      yield step.value;
    } catch (error) {
      return yield* leave(steps, error);
    }
    // The yielded value is the future that the operation waits for, even if users see the type
    // `Suspension`. If the task was cancelled, that future has failed, and the next step throws the
    // cancellation.
    const hasFailed = (step.value as unknown as Future<unknown>)._hasFailed();
    if (group._isStopping && !hasFailed) return yield* pullBack(steps);
    step = steps.next();
  }
  return step.value;
}

function* pullBack<T>(steps: Wait<T>): Coroutine<T | undefined> {
  const stop = new CancelledError(
    "mapConcurrent() is stopping, and leaves this item in its source",
  );
  try {
    return yield* leave(steps, stop);
  } catch (error) {
    if (error !== stop) throw error;
    return undefined;
  }
}

/** Stores the result of `body` at `index`. */
function* keep(results: unknown[], index: number, body: Coroutine<unknown>): Coroutine<void> {
  results[index] = yield* body;
}

function* returning<T>(value: T): Coroutine<T> {
  return value;
}

/**
 * Returns the outcome of `body` in the form of `Promise.allSettled`. Throws a cancellation of the
 * running task.
 */
function* settled<R>(body: Coroutine<R>): Coroutine<PromiseSettledResult<R>> {
  try {
    return { status: "fulfilled", value: yield* body };
  } catch (reason) {
    if (isCancelling()) throw reason;
    return { status: "rejected", reason };
  }
}

function isCancelling(): boolean {
  return (currentTask()?.cancelling() ?? 0) > 0;
}
