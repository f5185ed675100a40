// A deadline over a block of a coroutine.
//
// At the deadline the task is cancelled, and at the end of the block the scope has to tell that cancel from those of
// others, which have to go on. It does so by counting, as asyncio does: it takes its own cancel back, and if more are
// left than there were when the block began, somebody else cancelled too, and the error is theirs.

import { checkFunction, checkTime } from "../loop/arguments.ts";
import { CancelledError, RuntimeError, TimeoutError } from "../loop/errors.ts";
import type { Runnable } from "../loop/slots.ts";
import { blockOf, currentTask } from "./awaitable.ts";
import { BareCall, type Wait } from "./bareCall.ts";
import { type AnyGenerator, Call, type Coroutine, type Result, Thrown } from "./coroutine.ts";
import { currentScheduler } from "./future.ts";
import type { Task } from "./task.ts";

/**
 * The scope of a block with a deadline: what `timeout`, `timeoutAt` and `moveOnAfter` call their body with.
 * Like `asyncio.Timeout`.
 */
export class Timeout implements Runnable {
  /** @internal */
  readonly _task: Task<unknown>;
  /** How many cancels of the task were under way when the block began. */
  readonly #cancelling: number;
  #when: number | undefined;
  /** The slot of its timer, 0 while there is none. */
  #id = 0;
  #isExpired = false;
  #isOver = false;

  /** @internal */
  constructor(task: Task<unknown>) {
    this._task = task;
    this.#cancelling = task.cancelling();
  }

  /** The deadline, in milliseconds of `loop.time()`; undefined if there is none. */
  when(): number | undefined {
    return this.#when;
  }

  /** Whether the deadline has passed within the block, whatever the body made of it. */
  expired(): boolean {
    return this.#isExpired;
  }

  /**
   * Moves the deadline to the instant `when`; `null` takes it away. One that has passed already cancels the body where
   * it waits next.
   *
   * @throws TypeError, RangeError if `when` is not a time.
   * @throws RuntimeError once it has expired, after the block, and if the loop is closed.
   */
  reschedule(when: number | null | undefined): void {
    checkTimeout("when", when);
    if (this.#isExpired || this.#isOver) {
      throw new RuntimeError(
        `The timeout cannot be rescheduled: ${this.#isExpired ? "it has expired" : "its block has ended"}`,
      );
    }
    this._expireAt(when, this._task._loop.time());
  }

  /** Sets the deadline, or takes it away. @internal */
  _expireAt(when: number | null | undefined, now: number): void {
    const loop = this._task._loop;
    this._stop();
    this.#when = when ?? undefined;
    if (this.#when === undefined) return;
    if (this.#when > now) {
      this.#id = loop._startTimer(this, this.#when);
    } else {
      this.#id = loop._startNow(this);
    }
  }

  /**
   * Ends the block; called again, it does nothing. Returns whether a CancelledError that comes out of it is the
   * deadline's and nobody else's.
   *
   * @internal
   */
  _exit(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this._stop();
    return this.#isExpired && this._task.uncancel() <= this.#cancelling;
  }

  /** The deadline has come. @internal */
  _run(): boolean {
    this._task._loop._slots.retire(this.#id);
    this.#id = 0;
    this.#isExpired = true;
    this._task._expire("The timeout expired");
    return false;
  }

  /** @internal */
  _describe(): string {
    return `a timeout of ${this._task._describe()}`;
  }

  /** @internal */
  _stop(): void {
    if (this.#id !== 0) this._task._loop._slots.stopTimer(this.#id);
    this.#id = 0;
  }
}

/**
 * Runs a body with a deadline, `delay` milliseconds after it begins. Gives what the body gives.
 *
 * `body` is called with the scope, at once, in the same task. A delay of 0 or less lets it run to where it first waits;
 * `null` and `undefined` set no deadline.
 *
 * At the deadline the task is cancelled, once. If the CancelledError comes out of the body, and nobody else cancelled
 * the task, it becomes a TimeoutError, whose `cause` it is. What else comes out passes as it is: a value, although the
 * deadline passed (`scope.expired()` tells), another error, and the CancelledError of whoever else cancelled the task,
 * also in the same turn. Of nested timeouts the one whose deadline it was throws.
 *
 * Like `async with asyncio.timeout(delay)`. Unlike there, the time begins with the block.
 *
 * @throws TypeError, RangeError if `delay` is not a time. @throws TypeError if `body` is not a function that returns a
 * coroutine. @throws RuntimeError outside of a task. @throws TimeoutError if the deadline ended the body.
 * @example
 * const page = yield* timeout(1000, function* (scope) {
 *   const response = yield* connect();
 *   scope.reschedule(null);
 *   return yield* read(response);
 * });
 */
export function timeout<T>(
  delay: number | null | undefined,
  body: (scope: Timeout) => Coroutine<T>,
): Coroutine<T> {
  checkTimeout("delay", delay);
  checkFunction("body", body);
  return new TimeoutCall(delay, true, false, body) as unknown as Coroutine<T>;
}

/**
 * Runs a body with a deadline at the instant `when`, in milliseconds of `loop.time()`. In all else like `timeout`.
 *
 * Like `async with asyncio.timeout_at(when)`.
 *
 * @throws TypeError, RangeError if `when` is not a time. @throws TypeError if `body` is not a function that returns a
 * coroutine. @throws RuntimeError outside of a task. @throws TimeoutError if the deadline ended the body.
 */
export function timeoutAt<T>(
  when: number | null | undefined,
  body: (scope: Timeout) => Coroutine<T>,
): Coroutine<T> {
  checkTimeout("when", when);
  checkFunction("body", body);
  return new TimeoutCall(when, false, false, body) as unknown as Coroutine<T>;
}

/**
 * Runs a body with a deadline as `timeout` does, but gives `undefined` where that throws a TimeoutError.
 *
 * Like Trio's `move_on_after`.
 *
 * @throws TypeError, RangeError if `delay` is not a time. @throws TypeError if `body` is not a function that returns a
 * coroutine. @throws RuntimeError outside of a task.
 * @example
 * const cached = yield* moveOnAfter(50, () => cache.get(key));
 */
export function moveOnAfter<T>(
  delay: number | null | undefined,
  body: (scope: Timeout) => Coroutine<T>,
): Coroutine<T | undefined> {
  checkTimeout("delay", delay);
  checkFunction("body", body);
  return new TimeoutCall(delay, true, true, body) as unknown as Coroutine<T | undefined>;
}

/** TypeError or RangeError unless `value` is a time, or stands for none. */
export function checkTimeout(name: string, value: unknown): void {
  if (value !== undefined && value !== null) checkTime(name, value);
}

/** The coroutine of a timeout: it has no generator but the body's. */
class TimeoutCall<T> extends BareCall<T | undefined> {
  declare readonly _time: number | null | undefined;
  declare readonly _isDelay: boolean;
  declare readonly _isQuiet: boolean;
  declare readonly _body: (scope: Timeout) => Coroutine<T>;

  constructor(
    time: number | null | undefined,
    isDelay: boolean,
    isQuiet: boolean,
    body: (scope: Timeout) => Coroutine<T>,
  ) {
    super();
    this._time = time;
    this._isDelay = isDelay;
    this._isQuiet = isQuiet;
    this._body = body;
  }

  override _start(): Wait<T | undefined> {
    const scope = enter(this._time, this._isDelay);
    let block: AnyGenerator;
    try {
      block = blockOf(this._body, scope);
    } catch (error) {
      scope._exit();
      throw error;
    }
    const call = new BoundedCall(block, scope, this._isQuiet);
    return call._iterate(this[Symbol.iterator]) as unknown as Wait<T | undefined>;
  }
}

/** The call of the body. When that is over, however it ends, so is the scope. */
class BoundedCall extends Call {
  readonly #scope: Timeout;
  readonly #isQuiet: boolean;

  constructor(block: AnyGenerator, scope: Timeout, isQuiet: boolean) {
    super(block);
    this.#scope = scope;
    this.#isQuiet = isQuiet;
  }

  override next(sent?: unknown): Result {
    try {
      return this._leaveIfDone(super.next(sent));
    } catch (error) {
      return this._leaveBy(error);
    }
  }

  override throw(error: unknown): Result {
    try {
      return this._leaveIfDone(super.throw(error));
    } catch (raised) {
      return this._leaveBy(raised);
    }
  }

  override return(value: unknown): Result {
    try {
      return this._leaveIfDone(super.return(value));
    } catch (error) {
      return this._leaveBy(error);
    }
  }

  /** @internal */
  override _settle(outcome: Result | Thrown): Result | Thrown {
    if (!(outcome instanceof Thrown)) return this._leaveIfDone(outcome);
    try {
      return this._leaveBy(outcome.error);
    } catch (error) {
      return new Thrown(error);
    }
  }

  /** @internal */
  _leaveIfDone(result: Result): Result {
    if (result.done) this.#scope._exit();
    return result;
  }

  /** Makes of what the body threw what the timeout throws. Told again what it made, it throws that. @internal */
  _leaveBy(error: unknown): Result {
    if (!this.#scope._exit() || !(error instanceof CancelledError)) throw error;
    if (this.#isQuiet) return { done: true, value: undefined };
    throw new TimeoutError("The timeout expired", { cause: error });
  }
}

function enter(time: number | null | undefined, isDelay: boolean): Timeout {
  const loop = currentScheduler("A timeout");
  const task = currentTask(loop);
  if (task === undefined) throw new RuntimeError("A timeout needs a task, which it can cancel");
  const scope = new Timeout(task);
  if (typeof time !== "number") return scope;
  const now = loop.time();
  scope._expireAt(isDelay ? now + time : time, now);
  return scope;
}
