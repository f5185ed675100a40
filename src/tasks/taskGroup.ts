// Task groups: tasks that end together.
//
// The group stops when a child or the body fails, or when `cancel()` is called. From then on, it
// accepts no more children. If the body has failed, the group cancels its children immediately.
// Otherwise it cancels them in the next turn. If its parent, the task that called `taskGroup`, is
// still in the body, the group then cancels the parent, too:
//
//             a failure     next turn      body over     children over
//   ├─────────────┼─────────────┼──────────────┼──────────────┤
//   │ takes tasks │ is stopping │ has aborted  │ is joining   │ is over
//
// The group's own cancellation of its parent must not outlive the group. A foreign one, from
// elsewhere, must. To distinguish them, the body is a cancel scope, which counts cancellations:
//
//   G1  the group's own cancellation is taken back when the body ends, and the group
//       requests none while it is joining
//   G2  so once the body has ended, any cancellation that the scope still counts is foreign
//
// This file has over 300 lines, because the steps of stopping and joining share the group's private
// state.

import { checkBoolean, checkFunction, checkOptions } from "../lang/arguments.ts";
import { type CancelledError, RuntimeError } from "../lang/errors.ts";
import { isCancellation, isInstance } from "../lang/thrown.ts";
import { currentScheduler } from "../loop/current.ts";
import { keepInstances } from "../loop/kept.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { type CoroutineLike, checkCoroutine } from "./awaitable.ts";
import { createTaskOn } from "./createTask.ts";
import { currentTask } from "./currentTask.ts";
import { ExceptionGroup } from "./exceptionGroup.ts";
import { Call } from "./kernel/call.ts";
import {
  type CancelOutcome,
  cancelFrom,
  type Passing,
  passOnCancellation,
} from "./kernel/cancelling.ts";
import { CancelScope, cancelAgain, isCancelledByOthers } from "./kernel/cancelScope.ts";
import { type Coroutine, coroutine } from "./kernel/coroutine.ts";
import { Future, type Waiter } from "./kernel/future.ts";
import { newIdleTask, type Task } from "./kernel/task.ts";
import type { TaskOptions } from "./kernel/taskOptions.ts";
import { PendingFutures } from "./pendingFutures.ts";
import { startBlock } from "./startBlock.ts";
import { reachedBefore, thoseThatWaitFor } from "./waitsFor.ts";

const ENDS_EARLY = "The task group ends early";
const OTHERS_ENDED = "The other tasks of the group have ended";
/** The result of cancelling a child whose wait leads back to itself. */
const RING = { before: undefined, isPassedOn: true, comesBack: true };

/**
 * Runs `body`, and waits for all tasks that are started in the group. Returns the result of `body`.
 * Like `async with asyncio.TaskGroup()`.
 *
 * The first error of a task or `body` cancels all other tasks and `body`, once. When all have
 * ended, throws an `ExceptionGroup` of the errors in the order in which they occurred. A cancelled
 * task is not an error.
 *
 * A cancellation from outside cancels every task, and is thrown when all have ended. If there are
 * errors too, those are thrown, and the cancellation arrives at the next `yield*` that waits.
 *
 * Unlike `asyncio.TaskGroup`, it isn't a context manager, but a function that takes the block.
 *
 * @param body called with the group. If `group.cancel()` ends it early, the result is undefined.
 * @param options.unwrap if there is only one error, throws that error instead of a group.
 * @throws TypeError if `body` is not a function. @throws RuntimeError outside a task.
 * @throws ExceptionGroup of the errors of the tasks and `body`.
 * @example
 * const [user, posts] = yield* taskGroup(function* (group) {
 *   const user = group.createTask(fetchUser(id));
 *   const posts = group.createTask(fetchPosts(id));
 *   return [yield* user, yield* posts];
 * });
 */
export function taskGroup<T>(
  body: (group: TaskGroup) => Coroutine<T> | Future<T>,
  options: TaskGroupOptions = {},
): Coroutine<T> {
  checkFunction("body", body);
  checkOptions(options);
  const { unwrap = false } = options;
  checkBoolean("unwrap", unwrap);
  return unwrap ? runUnwrapped(body) : runGroup(body, false);
}

export interface TaskGroupOptions {
  /**
   * If there is only one error, throws that error instead of an `ExceptionGroup`, even if nested
   * groups wrapped it. Several errors are still thrown as an `ExceptionGroup`. By default false.
   */
  readonly unwrap?: boolean | undefined;
}

/** Options of `TaskGroup.createTask`. */
export interface GroupTaskOptions extends TaskOptions {
  /**
   * Whether the task only serves the others, such as a heartbeat or a progress bar. It is cancelled
   * and waited for when the body and all other tasks have ended. Its error is an error of the
   * group. By default false.
   */
  readonly background?: boolean | undefined;
}

/** `taskGroup` with the option `unwrap`. */
const runUnwrapped = /* @__PURE__ */ coroutine(function* taskGroup<T>(
  body: (group: TaskGroup) => Coroutine<T> | Future<T>,
): Coroutine<T> {
  try {
    return yield* runGroup(body, false);
  } catch (error) {
    throw isInstance(error, ExceptionGroup) ? error.unwrap() : error;
  }
});

/** `taskGroup`. With `cancelIsError`, a cancelled task is an error like any other. */
export const runGroup = /* @__PURE__ */ coroutine(function* taskGroup<T>(
  body: (group: TaskGroup) => Coroutine<T> | Future<T>,
  cancelIsError: boolean,
): Coroutine<T> {
  const parent = currentTask(currentScheduler("A task group"));
  if (parent === undefined) {
    throw new RuntimeError("A task group needs a task to belong to. Use it in a coroutine");
  }
  // An earlier cancellation that is still undelivered arrives here. Later, it would be
  // indistinguishable from the group's own.
  if (parent.cancelling() > 0) yield;
  const group = new TaskGroup(parent, cancelIsError);
  try {
    let result: T | undefined;
    try {
      // A call yields suspensions and returns a `T`, though its type doesn't say so.
      result = yield* new Call(startBlock(body(group))) as unknown as Coroutine<T>;
    } catch (error) {
      group._fail(error);
    }
    yield* group._join();
    return result as T;
  } finally {
    group._close();
  }
});

/** The group passed to the body of `taskGroup`. Like `asyncio.TaskGroup`. */
export class TaskGroup implements Waiter {
  static readonly _kept = /* @__PURE__ */ keepInstances(groupToKeep);

  readonly #parent: Task<unknown>;
  /** The cancel scope of the body. */
  readonly #scope: CancelScope;
  readonly #cancelIsError: boolean;
  readonly #children = new PendingFutures();
  /** Background tasks, which are cancelled when the others have ended. */
  #background: Set<Future<unknown>> | undefined;
  #endsBackground = false;
  readonly #errors: unknown[] = [];
  #isStopping = false;
  /** Whether the children have been cancelled. */
  _hasAborted = false;
  #isJoining = false;
  #isClosed = false;
  /** The cancellation from outside the group. */
  #foreign: CancelledError | undefined;
  /** Completes when fewer than #limit children are left. */
  #belowLimit: Future<void> | undefined;
  #limit = 1;

  /** @internal */
  constructor(parent: Task<unknown>, cancelIsError: boolean) {
    this.#parent = parent;
    this.#scope = new CancelScope(parent);
    this.#cancelIsError = cancelIsError;
  }

  /**
   * Starts a coroutine as a task of the group. Can also be called outside the body, while the body
   * or a task of the group is running.
   *
   * @param options.background cancels the task when the body and all other tasks have ended, and
   * waits for it.
   * @throws RuntimeError if the group is over, failing or cancelled. `coro` is then closed.
   * @throws TypeError if `coro` is not a coroutine.
   */
  createTask<T>(coro: CoroutineLike<T>, options?: GroupTaskOptions): Task<T> {
    const body = checkCoroutine("coro", coro);
    const { background = false } = options ?? {};
    checkBoolean("background", background);
    const isOver = this._isOver();
    if (isOver || this.#isStopping) {
      body.return(undefined as T);
      const state = isOver ? "is over" : "is ending early, because of an error or a cancellation";
      throw new RuntimeError(`The task group ${state}, so it can't start another task`);
    }
    return this._start(body, options, background);
  }

  /**
   * Ends the group early, without an error. Cancels all tasks, and the body at its next `yield*`
   * that waits. The group returns undefined if the cancellation ended the body, otherwise the
   * body's result.
   *
   * The cancellations arrive in the next turn. Does nothing if the group is already cancelled or
   * over. An error that a task or the body throws afterwards is still an error of the group. Like
   * `asyncio.TaskGroup.cancel`, added in Python 3.15.
   */
  cancel(): void {
    if (!this._isOver()) this._stop();
  }

  /** Whether the group is ending early and rejects new tasks. */
  get _isStopping(): boolean {
    return this.#isStopping;
  }

  /** Starts a child, even if the group is stopping. */
  _start<T>(body: Coroutine<T>, options: TaskOptions | undefined, isBackground = false): Task<T> {
    const child = createTaskOn(this.#parent._loop, body, options);
    if (isBackground) {
      this.#background ??= new Set();
      this.#background.add(child);
    } else this.#children.add(child);
    if (child.done()) this._notify(child);
    else child._addWaiter(this);
    if (this._hasAborted) child.cancel(ENDS_EARLY);
    else if (isBackground && this.#endsBackground) child.cancel(OTHERS_ENDED);
    return child;
  }

  /** Called when a child is done. */
  _notify(child: Future<unknown>): void {
    if (!this.#background?.delete(child)) this.#children.settle();
    if (this.#isClosed) return; // the loop reports errors that nobody retrieves
    if (child._hasFailed() && !(child.cancelled() && this._mayEndCancelled())) {
      this.#errors.push(child._reason());
      this._stop();
    }
    if (this._isBelow(this.#limit)) this.#belowLimit?._trySucceed();
  }

  /**
   * Returns the parent, for debugging. The parent counts as awaiting the children even while it is
   * in the body, as in asyncio.
   */
  _waiters(): readonly object[] {
    return [this.#parent];
  }

  /** Records the error of the body, and cancels the children. */
  _fail(error: unknown): void {
    if (isCancellation(error)) this.#foreign ??= error;
    else this.#errors.push(error);
    this._abort();
  }

  /** Cancels the children immediately. */
  _abort(): void {
    if (this._hasAborted) return;
    this._beginAbort();
    cancelFrom(this.#parent, this._all(), ENDS_EARLY);
  }

  /** Records that the children are being cancelled. */
  _beginAbort(): void {
    this.#isStopping = true;
    this._hasAborted = true;
    this.#endsBackground = true;
  }

  /**
   * Whether fewer than `count` children are left. Once the background tasks have been cancelled,
   * they must all have ended, too.
   */
  _isBelow(count: number): boolean {
    return this.#children.size < count && !(this.#endsBackground && this.#background?.size);
  }

  _all(): Iterable<Future<unknown>> {
    return this.#background === undefined
      ? this.#children
      : [...this.#children, ...this.#background];
  }

  /** Cancels the background tasks, once. */
  _endBackground(): void {
    if (this.#endsBackground) return;
    this.#endsBackground = true;
    if (this.#background) cancelFrom(this.#parent, this.#background, OTHERS_ENDED);
  }

  /** Ends the waits of children that wait for the parent, and so for themselves. */
  _endRings(): void {
    const parent = this.#parent;
    for (const child of thoseThatWaitFor(parent, this._all(), reachedBefore(parent))) {
      (child as Task<unknown>)._endCancel(RING, ENDS_EARLY);
    }
  }

  /** Waits until fewer than `count` children are left. Called by the parent only. */
  *_waitBelow(count: number): Coroutine<void> {
    while (!this._isBelow(count)) {
      this.#limit = count;
      const Wait = this.#cancelIsError ? PassingWait : BelowLimit;
      this.#belowLimit = new Wait(this.#parent._loop, this);
      yield* this.#belowLimit;
    }
  }

  /** Waits for the children after the body has ended. Throws the errors or the cancellation. */
  *_join(): Coroutine<void> {
    const scope = this.#scope;
    this.#isJoining = true;
    if (scope._exit()) {
      this.#foreign = undefined;
      if (scope._task.cancelling() > 0) yield* this._takeOwnCancel();
    }
    while (!this._isOver()) {
      if (this.#children.size === 0) this._endBackground();
      try {
        yield* this._waitBelow(1);
      } catch (error) {
        this.#foreign ??= error as CancelledError;
        // If the children had already been cancelled, those that wait for the parent have passed
        // their cancellation on to it, perhaps through other groups.
        if (this._hasAborted) this._endRings();
        else this._abort();
      }
    }
    const foreign = this.#foreign;
    const { length } = this.#errors;
    if (length > 0) {
      if (foreign !== undefined && isCancelledByOthers(scope)) cancelAgain(this.#parent, foreign);
      const count = `${length} sub-exception${length === 1 ? "" : "s"}`;
      throw new ExceptionGroup(this.#errors, `unhandled errors in a TaskGroup (${count})`);
    }
    if (foreign !== undefined) throw foreign;
  }

  /**
   * Called at the end of the block. If a program drives the coroutine by hand and has closed it
   * with `return()`, nobody waits for the children any more, so they are cancelled.
   */
  _close(): void {
    if (this._isOver()) return;
    this.#isClosed = true;
    this._abort();
  }

  /**
   * Receives the group's own cancellation of its parent if it is still undelivered, because a group
   * nested in the body threw its errors instead. Needed only if the parent had been cancelled by
   * others before the block. Otherwise the count of requests is 0, and `uncancel()` has withdrawn
   * the cancellation.
   */
  *_takeOwnCancel(): Coroutine<void> {
    try {
      yield;
    } catch (error) {
      if (isCancelledByOthers(this.#scope)) this.#foreign = error as CancelledError;
    }
  }

  /**
   * Stops the group. Cancels in a callback, because cancelling may run user code, which must not
   * run in `_notify`.
   */
  _stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#parent._loop.callSoon(() => {
      if (this._hasAborted) return;
      this._abort();
      if (!this.#isJoining) this.#scope._cancel(ENDS_EARLY);
    });
  }

  _mayEndCancelled(): boolean {
    return !this.#cancelIsError || this.#isStopping;
  }

  _isOver(): boolean {
    return this.#isJoining && this.#children.size === 0 && !this.#background?.size;
  }
}

function groupToKeep(loop: Scheduler): readonly object[] {
  const group = new TaskGroup(newIdleTask(loop), false);
  return [group, new BelowLimit(loop, group), new PassingWait(loop, group)];
}

/** Completes when fewer children than the group's limit are left. */
class BelowLimit extends Future<void> {
  readonly _group: TaskGroup;

  constructor(loop: Scheduler, group: TaskGroup) {
    super(undefined, loop);
    this._group = group;
  }

  override _describe(): string {
    return "TaskGroup";
  }

  override _parts(): Iterable<Future<unknown>> {
    return this._group._all();
  }
}

/**
 * The wait of a group that runs `mapConcurrent`. Passes a cancellation on to the children in the
 * same call, so that a child gives back what it has just been handed.
 */
class PassingWait extends BelowLimit implements Passing {
  get _canStop(): boolean {
    return false;
  }

  override _passesTo(): readonly Future<unknown>[] {
    return this._group._hasAborted ? [] : [...this._parts()];
  }

  override cancel(message?: string): boolean {
    return !this.done() && passOnCancellation(this, this._passesTo(), message);
  }

  _beginCancel(): void {
    this._group._beginAbort();
  }

  _endCancel(_: CancelOutcome, message?: string): boolean {
    return super.cancel(message);
  }
}
