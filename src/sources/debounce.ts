import { checkTime } from "../lang/arguments.ts";
import { isCancellation } from "../lang/thrown.ts";
import { checkSource, type IterationSource, iterate } from "../tasks/iterate.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { moveOnAfter } from "../tasks/timeout.ts";
import { FedSource, Newest, type Source } from "./source.ts";

/**
 * How many items of `source` the feeding task takes before it lets other tasks run. It has to do so
 * because a source that always has another item never suspends it.
 */
const BURST = 64;

/**
 * Returns a source that yields an item of `source` when no other has followed for `delay`
 * milliseconds. So it yields the last item of each burst. When `source` ends or fails, yields the
 * pending item immediately, and then ends or throws the error.
 *
 * Measures time from the arrival of an item, even if the reader is busy. If several items become
 * due while the reader is busy, it gets only the newest of them. `source` is read only once the
 * first item is requested. If the reader leaves its loop early, `source` is closed.
 *
 * Like RxJS' `debounceTime`, and lodash's `debounce` with default options.
 *
 * @param source any source that `iterate` accepts.
 * @throws TypeError if `source` is not iterable. @throws TypeError, RangeError if `delay` is not a
 * time.
 * @example
 * yield* forEach(debounce(events(input, "input"), 300), function* () {
 *   yield* search(input.value);
 * });
 */
export function debounce<T>(source: IterationSource<T>, delay: number): Source<T> {
  checkSource("source", source);
  checkTime("delay", delay);
  return new Debounced(source, delay);
}

class Debounced<T> extends FedSource<T, T> {
  readonly #delay: number;

  constructor(source: IterationSource<T>, delay: number) {
    super("debounce", source);
    this.#delay = delay;
    this._queue._store = new Newest();
  }

  override *_feed(): Coroutine<void> {
    const queue = this._queue;
    const items = iterate(this._from);
    try {
      let result = yield* items.next();
      for (let count = 1; !result.done; count++) {
        // A source that always has another item must not block the thread.
        if (count % BURST === 0) yield;
        const { value } = result;
        try {
          const next = yield* moveOnAfter(this.#delay, () => items.next());
          if (next === undefined || next.done) queue.putNowait(value);
          result = next ?? (yield* items.next());
        } catch (error) {
          if (!isCancellation(error)) queue.putNowait(value);
          throw error;
        }
      }
    } finally {
      yield* items.return();
    }
  }
}
