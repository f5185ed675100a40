import { checkFunction } from "../lang/arguments.ts";
import { checkCoroutine } from "../tasks/awaitable.ts";
import { checkSource, type IterationSource, iterate } from "../tasks/iterate.ts";
import { joinAll } from "../tasks/joinAll.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import type { Task } from "../tasks/kernel/task.ts";
import { taskGroup } from "../tasks/taskGroup.ts";
import { FedSource, Newest, type Source } from "./source.ts";

/**
 * Runs `body(item, index)` in a task for each item of `source`, until the next item arrives. Then
 * cancels the body, waits until it has cleaned up, and runs `body` for the new item. Returns a
 * source of the results.
 *
 * So only the newest work continues. A result that hasn't been read when the next item arrives is
 * out of date and dropped. A body that hasn't started by then never starts, and a cancelled body
 * has no result. The last body continues after the end of `source`.
 *
 * An error of `source` or `body` cancels the running body, and is thrown when that body has ended.
 * Nothing is taken from `source` before the first result is requested. If the reader stops early,
 * the body is cancelled and awaited, and `source` is closed.
 *
 * Like RxJS' `switchMap` and Kotlin's `mapLatest`.
 *
 * @param source any source that `iterate` accepts.
 * @throws TypeError for invalid arguments.
 * @example
 * const typed = debounce(events(input, "input"), 300);
 * yield* forEach(latest(typed, () => search(input.value)), function* (found) {
 *   show(found);
 * });
 */
export function latest<T, R>(
  source: IterationSource<T>,
  body: (item: T, index: number) => Coroutine<R> | Future<R>,
): Source<R> {
  checkSource("source", source);
  checkFunction("body", body);
  return new Latest(source, body);
}

class Latest<T, R> extends FedSource<T, R> {
  readonly #body: (item: T, index: number) => Coroutine<R> | Future<R>;
  readonly #newest = new Newest<R>();

  constructor(
    source: IterationSource<T>,
    body: (item: T, index: number) => Coroutine<R> | Future<R>,
  ) {
    super("latest", source);
    this.#body = body;
    this._queue._store = this.#newest;
  }

  override *_feed(): Coroutine<void> {
    const items = iterate(this._from);
    const body = this.#body;
    const deliver = (coro: Coroutine<R>) => this.#deliver(coro);
    const newest = this.#newest;
    yield* taskGroup(
      function* (group) {
        let running: Task<void> | undefined;
        try {
          for (let index = 0; ; index++) {
            const result = yield* items.next();
            if (result.done) return;
            if (running?.cancel("A newer item arrived")) yield* joinAll([running]);
            // True if a body failed in the same turn.
            if (group._isStopping) return;
            newest.clear();
            const coro = checkCoroutine("body", () => body(result.value, index));
            running = group.createTask(deliver(coro), { name: `latest ${index}` });
          }
        } finally {
          yield* items.return();
        }
      },
      { unwrap: true },
    );
  }

  *#deliver(coro: Coroutine<R>): Coroutine<void> {
    this._queue.putNowait(yield* coro);
  }
}
