// Deadlines for blocks: a timer that cancels the task, inside a cancel scope.
//
// This file has over 300 lines, most of them the contracts of three functions that share one
// coroutine.

import { checkFunction, checkTime } from "../lang/arguments.ts";
import { RuntimeError, TimeoutError } from "../lang/errors.ts";
import { currentScheduler } from "../loop/current.ts";
import { keepInstances } from "../loop/kept.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type { Runnable } from "../loop/slots.ts";
import { currentTask } from "./currentTask.ts";
import { Call, Thrown } from "./kernel/call.ts";
import { CancelScope } from "./kernel/cancelScope.ts";
import type { Coroutine } from "./kernel/coroutine.ts";
import type { Future } from "./kernel/future.ts";
import { type AnyGenerator, newEmptyGenerator, type Result } from "./kernel/generators.ts";
import { newIdleTask, type Task } from "./kernel/task.ts";
import { asCoroutine, continueAs, type Wait, Wrapper } from "./lazyCall.ts";
import { startBlock } from "./startBlock.ts";

/**
 * The scope of a block with a deadline. `timeout`, `timeoutAt` and `moveOnAfter` pass it to their
 * body, unless they are called with `args`. Like `asyncio.Timeout`.
 */
export class Timeout extends CancelScope<Task<unknown>> implements Runnable {
  #when: number | undefined;
  /** The id of the timer's slot; 0 while there is no timer. */
  #id = 0;
  #isExpired = false;
  #isOver = false;

  /** Returns the deadline in milliseconds of `loop.time()`, or undefined if there is none. */
  when(): number | undefined {
    return this.#when;
  }

  /** Whether the deadline passed during the block, even if the body swallowed the cancellation. */
  expired(): boolean {
    return this.#isExpired;
  }

  /**
   * Moves the deadline to the instant `when`; `null` removes it. If `when` has already passed, the
   * body is cancelled where it waits next.
   *
   * @throws TypeError, RangeError if `when` is not a time.
   * @throws RuntimeError if the timeout has expired, its block has ended, or the loop is closed.
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

  /** Sets the deadline, or removes it. */
  _expireAt(when: number | null | undefined, now: number): void {
    const loop = this._task._loop;
    const deadline = when ?? undefined;
    this.#when = deadline;
    this._stop();
    // A hook may have moved the deadline again, when the timer was removed.
    if (deadline === undefined || this.#id !== 0 || this.#when !== deadline) return;
    const id = deadline > now ? loop._startTimer(this, deadline) : loop._startNow(this);
    // A hook may also have moved it when the new timer was added.
    if (this.#id === 0 && this.#when === deadline) this.#id = id;
    else loop._slots.stopTimer(id);
  }

  /** Ends the block. Idempotent. */
  override _exit(): boolean {
    this.#isOver = true;
    this._stop();
    return super._exit();
  }

  /** Called at the deadline. */
  _run(): boolean {
    this._task._loop._slots.retire(this.#id);
    this.#id = 0;
    this.#isExpired = true;
    this._hasCancelled = true;
    this._task._expire("The timeout expired");
    return false;
  }

  _describe(): string {
    return `a timeout of ${this._task._describe()}`;
  }

  _stop(): void {
    const id = this.#id;
    this.#id = 0;
    if (id !== 0) this._task._loop._slots.stopTimer(id);
  }

  /** Whether `id` is that of the current timer. */
  _isAt(id: number): boolean {
    return this.#id === id;
  }
}

const NO_ARGS: readonly unknown[] = [];

/**
 * Runs `body` with a deadline `delay` milliseconds after its start. Returns the body's value.
 *
 * The body is called immediately, in the same task, with the scope as its argument. If there are
 * `args`, it is called with these instead, so that hot code needs no new function for each call.
 * With a delay of 0 or less, the body runs until it first waits. `null` and `undefined` set no
 * deadline.
 *
 * At the deadline, the task is cancelled once. If the body throws the CancelledError, and the task
 * was not also cancelled by others, the timeout throws a TimeoutError with that error as its
 * `cause`. Every other outcome passes through unchanged: a value, even after the deadline
 * (`scope.expired()` is then true), an error of the body, and the CancelledError of a cancellation
 * by others, even in the same turn. If timeouts are nested, the one whose deadline passed throws.
 *
 * Like `async with asyncio.timeout(delay)`. Unlike asyncio, time is measured from the start of the
 * block.
 *
 * @throws TypeError, RangeError if `delay` is not a time. @throws TypeError if `body` is not a
 * function that returns a coroutine or a future. @throws RuntimeError outside a task. @throws
 * TimeoutError if the deadline ended the body.
 * @example
 * const page = yield* timeout(1000, function* (scope) {
 *   const response = yield* connect();
 *   scope.reschedule(null);
 *   return yield* read(response);
 * });
 * const other = yield* timeout(1000, fetchPage, url);
 */
export function timeout<T>(
  delay: number | null | undefined,
  body: (scope: Timeout) => Coroutine<T> | Future<T>,
): Coroutine<T>;
export function timeout<T, Args extends [unknown, ...unknown[]]>(
  delay: number | null | undefined,
  body: (...args: Args) => Coroutine<T> | Future<T>,
  ...args: Args
): Coroutine<T>;
export function timeout(
  delay: number | null | undefined,
  body: TimeoutBody,
  ...args: unknown[]
): Coroutine<unknown> {
  checkTimeout("delay", delay);
  return newTimeout(delay, true, false, body, args);
}

/**
 * Runs `body` with a deadline at the instant `when`, in milliseconds of `loop.time()`. Otherwise
 * like `timeout`.
 *
 * Like `async with asyncio.timeout_at(when)`.
 *
 * @throws TypeError, RangeError if `when` is not a time. @throws TypeError if `body` is not a
 * function that returns a coroutine or a future. @throws RuntimeError outside a task. @throws
 * TimeoutError if the deadline ended the body.
 */
export function timeoutAt<T>(
  when: number | null | undefined,
  body: (scope: Timeout) => Coroutine<T> | Future<T>,
): Coroutine<T>;
export function timeoutAt<T, Args extends [unknown, ...unknown[]]>(
  when: number | null | undefined,
  body: (...args: Args) => Coroutine<T> | Future<T>,
  ...args: Args
): Coroutine<T>;
export function timeoutAt(
  when: number | null | undefined,
  body: TimeoutBody,
  ...args: unknown[]
): Coroutine<unknown> {
  checkTimeout("when", when);
  return newTimeout(when, false, false, body, args);
}

/**
 * Runs `body` with a deadline as `timeout` does, but returns `undefined` instead of throwing a
 * TimeoutError.
 *
 * Like Trio's `move_on_after`.
 *
 * @throws TypeError, RangeError if `delay` is not a time. @throws TypeError if `body` is not a
 * function that returns a coroutine or a future. @throws RuntimeError outside a task.
 * @example
 * const cached = yield* moveOnAfter(50, () => cache.get(key));
 */
export function moveOnAfter<T>(
  delay: number | null | undefined,
  body: (scope: Timeout) => Coroutine<T> | Future<T>,
): Coroutine<T | undefined>;
export function moveOnAfter<T, Args extends [unknown, ...unknown[]]>(
  delay: number | null | undefined,
  body: (...args: Args) => Coroutine<T> | Future<T>,
  ...args: Args
): Coroutine<T | undefined>;
export function moveOnAfter(
  delay: number | null | undefined,
  body: TimeoutBody,
  ...args: unknown[]
): Coroutine<unknown> {
  checkTimeout("delay", delay);
  return newTimeout(delay, true, true, body, args);
}

/** Called with the scope, or with the arguments of the user. */
type TimeoutBody = (...args: never[]) => Coroutine<unknown> | Future<unknown>;

function newTimeout(
  time: number | null | undefined,
  isDelay: boolean,
  isQuiet: boolean,
  body: TimeoutBody,
  args: readonly unknown[],
): Coroutine<unknown> {
  checkFunction("body", body);
  // Most timeouts have no arguments, and can share an empty list.
  const given = args.length === 0 ? NO_ARGS : args;
  return asCoroutine(new TimeoutCall(time, isDelay, isQuiet, body, given));
}

/** @throws TypeError, RangeError unless `value` is a time, `null` or undefined */
export function checkTimeout(name: string, value: unknown): void {
  if (value !== undefined && value !== null) checkTime(name, value);
}

/** The coroutine of a timeout. Its only generator is the body's. */
class TimeoutCall extends Wrapper<unknown> {
  static readonly _kept = /* @__PURE__ */ keepInstances(timeoutsToKeep);

  declare readonly _time: number | null | undefined;
  declare readonly _isDelay: boolean;
  declare readonly _isQuiet: boolean;
  declare readonly _body: TimeoutBody;
  declare readonly _args: readonly unknown[];

  constructor(
    time: number | null | undefined,
    isDelay: boolean,
    isQuiet: boolean,
    body: TimeoutBody,
    args: readonly unknown[],
  ) {
    super();
    this._time = time;
    this._isDelay = isDelay;
    this._isQuiet = isQuiet;
    this._body = body;
    this._args = args;
  }

  override _start(): Wait<unknown> {
    const body = this._body as (...args: unknown[]) => Coroutine<unknown>;
    const args = this._args;
    const scope = enter(this._time, this._isDelay);
    let block: AnyGenerator;
    try {
      block = startBlock(this._wrap(args.length === 0 ? body(scope) : body(...args)));
    } catch (error) {
      scope._exit();
      throw error;
    }
    return continueAs(this, new BoundedCall(block, scope, this._isQuiet));
  }
}

/**
 * The call of the body. The scope ends with it. lang/locations.ts recognizes the frames of this
 * class by its name.
 */
class BoundedCall extends Call {
  readonly #scope: Timeout;
  readonly #isQuiet: boolean;

  constructor(block: AnyGenerator, scope: Timeout, isQuiet: boolean) {
    super(block);
    this.#scope = scope;
    this.#isQuiet = isQuiet;
  }

  override next(sent?: unknown): Result {
    return this._step(super.next, sent);
  }

  override throw(error: unknown): Result {
    return this._step(super.throw, error);
  }

  override return(value: unknown): Result {
    return this._step(super.return, value);
  }

  _step(resume: (value: unknown) => Result, value: unknown): Result {
    let outcome: Result | Thrown;
    try {
      outcome = resume.call(this, value);
      if (!outcome.done) return outcome;
    } catch (error) {
      outcome = new Thrown(error);
    }
    const settled = this._settle(outcome);
    if (settled instanceof Thrown) throw settled.error;
    return settled;
  }

  /** Converts the body's outcome to that of the timeout, unless it was already converted. */
  override _settle(outcome: Result | Thrown): Result | Thrown {
    const { error } = outcome as Partial<Thrown>;
    if (!this.#scope._exitWith(error)) return outcome;
    if (this.#isQuiet) return { done: true, value: undefined };
    return new Thrown(new TimeoutError("The timeout expired", { cause: error }));
  }
}

function timeoutsToKeep(loop: Scheduler): readonly object[] {
  const scope = new Timeout(newIdleTask(loop));
  return [
    new TimeoutCall(1, true, false, newEmptyGenerator as TimeoutBody, NO_ARGS),
    scope,
    new BoundedCall(newEmptyGenerator(), scope, false),
  ];
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
