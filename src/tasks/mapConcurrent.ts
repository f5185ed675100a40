import { checkCount, checkFunction, checkOptions } from "../loop/arguments.ts";
import { CancelledError } from "../loop/errors.ts";
import { checkCoroutine } from "./awaitable.ts";
import { leave, type Wait } from "./bareCall.ts";
import { type Coroutine, coroutine } from "./coroutine.ts";
import { ExceptionGroup } from "./exceptionGroup.ts";
import { currentScheduler, type Future } from "./future.ts";
import {
  type CoroutineIterator,
  checkSource,
  type IterationSource,
  isCoroutineSource,
  iterate,
} from "./iterate.ts";
import { grouped, type TaskGroup } from "./taskGroup.ts";

/** After how many items the tasks that they made have a turn, if nothing else made them wait. */
const BURST = 64;

/**
 * Runs `fn(item, index)` for each of `items`, several at once, each in a task of its own. Gives the results in the
 * order of the items.
 *
 * Items are taken one by one, in order, as there is room for them; so `items` may be endless, if an error ends it. For
 * each that is taken `fn` begins: after an error nothing more is taken, and an item that a `Queue` or a stream hands over
 * in the turn of the error goes back.
 *
 * The first error, of `fn` or of `items`, is thrown as it is: the other tasks are cancelled and waited for before. One
 * that is cancelled by somebody else is an error too. What the others throw meanwhile goes to the loop's exception
 * handler. Cancelling the map cancels all of them and waits. `items` is closed unless it is at its end.
 *
 * Unlike asyncio, which has nothing like it.
 *
 * @param items an iterable, an async iterable, a stream or a `Queue`.
 * @param options.concurrency how many run at once, at most; by default all.
 * @throws TypeError if an argument is not what it must be. @throws RangeError if `concurrency` is less than 1 or not
 * whole. @throws RuntimeError outside of a task.
 * @example
 * const pages = yield* mapConcurrent(urls, fetchPage, { concurrency: 8 });
 */
export function mapConcurrent<T, R>(
  items: IterationSource<T>,
  fn: (item: T, index: number) => Coroutine<R>,
  options: { readonly concurrency?: number | undefined } = {},
): Coroutine<R[]> {
  checkSource("items", items);
  checkFunction("fn", fn);
  checkOptions(options);
  const { concurrency = Infinity } = options;
  checkCount("concurrency", concurrency, 1);
  return mapping(items, fn, concurrency);
}

const mapping = /* @__PURE__ */ coroutine(function* mapConcurrent<T, R>(
  items: IterationSource<T>,
  fn: (item: T, index: number) => Coroutine<R>,
  concurrency: number,
): Coroutine<R[]> {
  const results: R[] = [];
  try {
    yield* grouped((group) => startAll(group, items, fn, concurrency, results), true);
  } catch (error) {
    // Whatever was thrown in the group is in an ExceptionGroup of its own.
    if (!(error instanceof ExceptionGroup)) throw error;
    const [first, ...others] = error.errors as unknown[];
    for (const exception of others) {
      currentScheduler("mapConcurrent()").callExceptionHandler({
        message: "mapConcurrent() had failed already, and then failed for another item",
        exception,
      });
    }
    throw first;
  }
  return results;
});

function* startAll<T, R>(
  group: TaskGroup,
  items: IterationSource<T>,
  fn: (item: T, index: number) => Coroutine<R>,
  concurrency: number,
  results: R[],
): Coroutine<void> {
  const source = iterate(items);
  try {
    for (let index = 0; ; index++) {
      // Else nothing might ever run that could fail.
      if (index % BURST === BURST - 1) yield;
      yield* group._untilFewerThan(concurrency);
      if (group._isStopping) break;
      const result = yield* isCoroutineSource(items) ? pull(source, group) : source.next();
      if (result === undefined) break;
      if (result.done) return;
      const body = checkCoroutine("fn", () => fn(result.value, index));
      results.push(undefined as R);
      // What was taken while the group stops is not lost: `fn` begins, and is cancelled like the others.
      group._start(keep(results, index, body), { eagerStart: group._isStopping });
      if (group._isStopping) break;
    }
  } catch (error) {
    group._fail(error);
  }
  // The source may take its time to close, and must not be cancelled in it, nor may the tasks go on meanwhile.
  group._abort();
  yield* source.return();
}

/** The next item. Undefined if the group stops in the turn in which it comes: then it stays where it was. */
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
    // A cancellation of the task ends the future that it waits for: then that is what the next step throws.
    const hasFailed = (step.value as unknown as Future<unknown>)._hasFailed();
    if (group._isStopping && !hasFailed) return yield* pullBack(steps);
    step = steps.next();
  }
  return step.value;
}

function* pullBack<T>(steps: Wait<T>): Coroutine<T | undefined> {
  const stop = new CancelledError("mapConcurrent() takes no more items");
  try {
    return yield* leave(steps, stop);
  } catch (error) {
    if (error !== stop) throw error;
    return undefined;
  }
}

/** Leaves the result of `body` at its place. */
function* keep<R>(results: R[], index: number, body: Coroutine<R>): Coroutine<void> {
  results[index] = yield* body;
}
