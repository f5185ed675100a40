import { checkTime } from "../lang/arguments.ts";
import type { CancelledError } from "../lang/errors.ts";
import { currentScheduler } from "../loop/current.ts";
import { keepInstances } from "../loop/kept.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type { Runnable } from "../loop/slots.ts";
import type { Coroutine } from "./kernel/coroutine.ts";
import { Future, PENDING, SETS_FIELDS } from "./kernel/future.ts";
import { asCoroutine, LazyCall, type Wait } from "./lazyCall.ts";

/**
 * Waits for `delay` milliseconds while other tasks run, and returns `result`. Like `asyncio.sleep`.
 *
 * Never wakes early. How late it wakes depends on the host and on what else is ready. With a delay
 * of 0 or less, yields once, like a bare `yield`. With Infinity, sleeps until it is cancelled. A
 * cancellation removes the timer immediately.
 *
 * Unlike asyncio's, it takes milliseconds.
 *
 * @throws TypeError if `delay` is not a number. @throws RangeError if it is NaN.
 */
export function sleep(delay: number): Coroutine<void>;
export function sleep<T>(delay: number, result: T): Coroutine<T>;
export function sleep(delay: number, result?: unknown): Coroutine<unknown> {
  checkTime("delay", delay);
  return asCoroutine(new Sleep(delay, result));
}

class Sleep extends LazyCall<unknown> {
  static readonly _kept = /* @__PURE__ */ keepInstances(sleepsToKeep);

  declare readonly _delay: number;
  declare readonly _result: unknown;

  constructor(delay: number, result: unknown) {
    super();
    this._delay = delay;
    this._result = result;
  }

  override _start(): Wait<unknown> {
    if (this._delay <= 0) return yieldOnce(this._result);
    return new SleepFuture(currentScheduler("sleep()"), this._delay, this._result);
  }
}

function sleepsToKeep(loop: Scheduler): readonly object[] {
  // Without a number, so that V8 uses one map for whole, broken and infinite delays.
  const unused = new Sleep(undefined as never, undefined);
  return [unused, new SleepFuture(loop, Infinity, undefined)];
}

function* yieldOnce(result: unknown): Coroutine<unknown> {
  yield;
  return result;
}

/** A future that completes at a deadline. Also the runnable of its own timer. */
class SleepFuture extends Future<unknown> implements Runnable {
  /** The id of the timer's slot; 0 if there is no timer, because the delay is infinite. */
  #id: number;
  readonly #result: unknown;

  constructor(loop: Scheduler, delay: number, result: unknown) {
    super(SETS_FIELDS);
    this._loop = loop;
    this._state = PENDING;
    this._outcome = undefined;
    this._waiting = undefined;
    this.#result = result;
    this.#id = delay === Infinity ? 0 : loop._startTimer(this, loop.time() + delay);
  }

  /** Called at the deadline. */
  _run(): boolean {
    this._loop._slots.retire(this.#id);
    this._succeed(this.#result);
    return false;
  }

  override _abandon(error: CancelledError): void {
    const id = this.#id;
    this.#id = 0;
    if (id !== 0) this._loop._slots.stopTimer(id);
    // A hook of the removed timer may have cancelled the sleep again.
    if (!this.done()) super._abandon(error);
  }

  override throw(error: unknown): never {
    this._leave();
    throw error;
  }

  /** Called if the coroutine is closed while it waits. */
  return(value?: unknown): IteratorReturnResult<unknown> {
    this._leave();
    return { done: true, value };
  }

  /** Removes the timer, because the coroutine no longer waits. */
  _leave(): void {
    if (!this.done()) this.cancel();
  }

  override _describe(): string {
    return "Sleep";
  }
}
