import { checkTime } from "../lang/arguments.ts";
import { forEach } from "../tasks/forEach.ts";
import { checkSource, type IterationSource } from "../tasks/iterate.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { ALL_COMPLETED, waitUntilEnough } from "../tasks/wait.ts";
import { FedSource, Newest, type Source } from "./source.ts";

/**
 * Returns a source that yields at most one item of `source` per `delay` milliseconds. Yields the
 * first item immediately, and after each pause the newest item that arrived during the pause. So
 * the last item is never lost: if it arrives during a pause, the returned source yields it before
 * ending. If `source` throws an error, a pending item is yielded before the error is thrown.
 *
 * The pause begins when an item is read, so a slow reader has no backlog to catch up with. Starts
 * reading `source` when the first item is requested. Leaving the loop over the items closes
 * `source`.
 *
 * Like lodash's `throttle`, with both edges. Unlike RxJS' `throttleTime`, whose default drops the
 * last item.
 *
 * @param source any source that `iterate` accepts.
 * @throws TypeError if `source` is not iterable. @throws TypeError, RangeError if `delay` is not a
 * time.
 * @example
 * yield* forEach(throttle(events(window, "scroll"), 100), function* () {
 *   highlight(sectionAt(window.scrollY));
 * });
 */
export function throttle<T>(source: IterationSource<T>, delay: number): Source<T> {
  checkSource("source", source);
  checkTime("delay", delay);
  return new Throttled(source, delay);
}

class Throttled<T> extends FedSource<T, T> {
  readonly #delay: number;
  #pausedUntil = -Infinity;

  constructor(source: IterationSource<T>, delay: number) {
    super("throttle", source);
    this.#delay = delay;
    this._queue._store = new Newest();
  }

  override _feed(): Coroutine<void> {
    const queue = this._queue;
    return forEach(this._from, function* (item): Coroutine<void> {
      queue.putNowait(item);
    });
  }

  override *_pull(): Coroutine<IteratorResult<T, undefined>> {
    const feeder = this._start();
    const loop = feeder._loop;
    for (;;) {
      const pause = this.#pausedUntil - loop.time();
      const isFed = feeder.done();
      // If `source` has ended and no item is left, there is nothing to hold back.
      if (pause <= 0 || (isFed && this._queue.empty())) break;
      yield* waitUntilEnough(loop, isFed ? [] : [feeder], ALL_COMPLETED, pause);
    }
    const result = yield* super._pull();
    if (!result.done) this.#pausedUntil = loop.time() + this.#delay;
    return result;
  }
}
