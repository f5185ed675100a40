import { checkCount, checkOptions, checkString } from "../lang/arguments.ts";
import { dispose } from "../lang/dispose.ts";
import { currentScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { Event } from "../sync/event.ts";
import { currentTask } from "../tasks/currentTask.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";
import type { Task } from "../tasks/kernel/task.ts";
import { Source } from "./source.ts";

export interface ProgressOptions {
  /** The expected number of ticks, if known. */
  readonly total?: number | undefined;
  /** A name for display. */
  readonly label?: string | undefined;
}

/** The progress at one moment. */
export interface ProgressSnapshot {
  /** The number of ticks so far. */
  readonly count: number;
  readonly total: number | undefined;
  readonly label: string | undefined;
  /** The elapsed time in milliseconds. */
  readonly elapsed: number;
  /** Ticks per second. */
  readonly rate: number;
  /** The estimated time left in milliseconds, or undefined, as in `Progress`. */
  readonly remaining: number | undefined;
}

/**
 * Counts completed work, and computes its rate and the remaining time by the loop's clock.
 *
 * Also a source of snapshots, for `forEach`, `iterate` and `for await`. Yields the first snapshot
 * immediately, then one after each change. A slow reader gets only the newest. To display the
 * progress ten times per second, use `throttle(progress, 100)`. There may be several readers, and
 * each gets the last snapshot. The source ends when `count` reaches `total`, at the end of a
 * `using` block, and at the latest when the task that created it ends.
 *
 * @throws TypeError, RangeError for invalid options. @throws RuntimeError if no loop is running.
 * @example
 * const pages = progress({ total: urls.length, label: "pages" });
 * group.createTask(forEach(throttle(pages, 100), draw), { background: true });
 * yield* mapConcurrent(urls, function* (url) {
 *   yield* fetchPage(url);
 *   pages.tick();
 * });
 */
export function progress(options: ProgressOptions = {}): Progress {
  checkOptions(options);
  const { total, label } = options;
  if (total !== undefined) checkCount("total", total);
  if (label !== undefined) checkString("label", label);
  const counter = new Counter(total, label);
  return Object.assign(counter, { [dispose]: () => counter._stop() });
}

/** Returned by `progress`. */
export interface Progress extends AsyncIterable<ProgressSnapshot, undefined>, Disposable {
  readonly label: string | undefined;
  /**
   * The expected number of ticks, or undefined if unknown. The source ends when `count` reaches
   * this number. If there will be more ticks, raise the number before that.
   */
  total: number | undefined;
  /** The number of ticks so far. */
  readonly count: number;
  /** The elapsed time in milliseconds. It stops at the end of the source. */
  readonly elapsed: number;
  /** Ticks per second, averaged from the start. 0 until time has passed. */
  readonly rate: number;
  /**
   * The estimated time left at this rate, in milliseconds. 0 when complete. Undefined without a
   * total, or while there is no tick or no elapsed time.
   */
  readonly remaining: number | undefined;
  /**
   * Adds `n` to the count. After the end of the source, this still counts, but readers are no
   * longer notified.
   *
   * @throws TypeError, RangeError unless `n` is a whole number >= 0.
   */
  tick(n?: number): void;
  /** Returns the current progress. */
  snapshot(): ProgressSnapshot;
}

class Counter implements AsyncIterable<ProgressSnapshot, undefined> {
  readonly label: string | undefined;
  #total: number | undefined;
  #count = 0;
  readonly #loop: Scheduler = currentScheduler("progress()");
  readonly #start = this.#loop.time();
  readonly #owner: Task<unknown> | undefined = currentTask();
  /** Ends the source. Readers get the last snapshot, then the end. */
  readonly _stop = (): void => {
    if (this._isOver) return;
    this.#end = this.#loop.time();
    this.#owner?.removeDoneCallback(this._stop);
    this._changed.set();
  };
  #end: number | undefined;
  /** The number of changes so far. */
  _version = 0;
  readonly _changed = new Event();

  constructor(total: number | undefined, label: string | undefined) {
    this.#total = total;
    this.label = label;
    this.#owner?.addDoneCallback(this._stop);
    this.#change();
  }

  get count(): number {
    return this.#count;
  }

  get total(): number | undefined {
    return this.#total;
  }

  set total(total: number | undefined) {
    if (total !== undefined) checkCount("total", total);
    this.#total = total;
    this.#change();
  }

  get elapsed(): number {
    return (this.#end ?? this.#loop.time()) - this.#start;
  }

  get rate(): number {
    const { elapsed } = this;
    return elapsed === 0 ? 0 : (this.#count * 1_000) / elapsed;
  }

  get remaining(): number | undefined {
    const { elapsed } = this;
    if (this.#total === undefined) return undefined;
    const left = this.#total - this.#count;
    if (left <= 0) return 0;
    return this.#count === 0 || elapsed === 0 ? undefined : (left * elapsed) / this.#count;
  }

  tick(n = 1): void {
    checkCount("n", n);
    this.#count += n;
    this.#change();
  }

  snapshot(): ProgressSnapshot {
    const { count, total, label, elapsed, rate, remaining } = this;
    return { count, total, label, elapsed, rate, remaining };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ProgressSnapshot, undefined> {
    return this._open()[Symbol.asyncIterator]();
  }

  /** Returns a source for one reader. */
  _open(): Source<ProgressSnapshot> {
    return new Snapshots(this, this.#loop);
  }

  get _isOver(): boolean {
    return this.#end !== undefined;
  }

  #change(): void {
    if (this._isOver) return;
    this._version++;
    if (this.#total !== undefined && this.#count >= this.#total) this._stop();
    else this._wake();
  }

  /** Lets waiting readers look again. */
  _wake(): void {
    this._changed.set();
    if (!this._isOver) this._changed.clear();
  }
}

class Snapshots extends Source<ProgressSnapshot> {
  readonly #progress: Counter;
  readonly _loop: Scheduler;
  #seen = 0;
  #isClosed = false;

  constructor(progress: Counter, loop: Scheduler) {
    super();
    this.#progress = progress;
    this._loop = loop;
  }

  override *_pull(): Coroutine<IteratorResult<ProgressSnapshot, undefined>> {
    const progress = this.#progress;
    while (!this.#isClosed) {
      if (this.#seen !== progress._version) {
        this.#seen = progress._version;
        return { done: false, value: progress.snapshot() };
      }
      if (progress._isOver) break;
      yield* progress._changed.wait();
    }
    return { done: true, value: undefined };
  }

  override _close(): readonly Future<unknown>[] {
    this.#isClosed = true;
    this.#progress._wake();
    return [];
  }
}
