import { Event } from "../sync/event.ts";
import { checkCoroutine } from "../tasks/awaitable.ts";
import type { IterationSource } from "../tasks/iterate.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { checkMap, firstErrorOf, type MapOptions, startEach } from "../tasks/mapConcurrent.ts";
import { FedSource, type Source } from "./source.ts";

/**
 * Runs `body(item, index)` for each of `items` concurrently, each in its own task. Returns a source
 * of the results in order of completion, for `forEach`, `iterate` and `for await`.
 *
 * Starts when the first result is requested. Takes an item only while fewer than `concurrency` are
 * in progress. An unread result counts as in progress, so a slow reader slows the map down.
 *
 * The first error of `body` or `items` cancels the running tasks and waits for them. The error is
 * thrown after all earlier results. A task that is cancelled from elsewhere counts as an error.
 * Further errors go to the loop's exception handler.
 *
 * Leaving the loop early, by an error, a cancellation or `return()`, cancels the tasks, waits for
 * them, and closes `items`.
 *
 * Like `mapConcurrent`, but unordered. Like `buffer_unordered` of Rust's futures.
 *
 * @param items an iterable, an async iterable, a stream, a `Queue` or another source.
 * @param options.concurrency the maximum number of items in progress, by default unlimited.
 * @throws TypeError for invalid arguments. @throws RangeError if `concurrency` is less than 1 or
 * not whole.
 * @example
 * yield* forEach(mapUnordered(urls, fetchPage, { concurrency: 8 }), function* (page) {
 *   console.log(page.title);
 * });
 */
export function mapUnordered<T, R>(
  items: IterationSource<T>,
  body: (item: T, index: number) => Coroutine<R> | Future<R>,
  options: MapOptions = {},
): Source<R> {
  return new Unordered(items, body, checkMap(items, "body", body, options));
}

class Unordered<T, R> extends FedSource<T, R> {
  readonly #body: (item: T, index: number) => Coroutine<R> | Future<R>;
  readonly #concurrency: number;
  /** How many items are in progress: taken, but their results not yet read. */
  #inProgress = 0;
  /** Set whenever a result is read. */
  readonly #taken = new Event();

  constructor(
    items: IterationSource<T>,
    body: (item: T, index: number) => Coroutine<R> | Future<R>,
    concurrency: number,
  ) {
    super("mapUnordered", items);
    this.#body = body;
    this.#concurrency = concurrency;
  }

  override _feed(): Coroutine<void> {
    return firstErrorOf("mapUnordered()", (group) =>
      startEach(group, this._from, {
        waitForRoom: () => this.#waitForRoom(),
        start: (item, index) => {
          const body = checkCoroutine("body", () => this.#body(item, index));
          this.#inProgress++;
          return this.#deliver(body);
        },
      }),
    );
  }

  *#waitForRoom(): Coroutine<void> {
    while (this.#inProgress >= this.#concurrency) {
      this.#taken.clear();
      yield* this.#taken.wait();
    }
  }

  *#deliver(body: Coroutine<R>): Coroutine<void> {
    this._queue.putNowait(yield* body);
  }

  override *_pull(): Coroutine<IteratorResult<R, undefined>> {
    const result = yield* super._pull();
    if (result.done) return result;
    this.#inProgress--;
    this.#taken.set();
    return result;
  }
}
