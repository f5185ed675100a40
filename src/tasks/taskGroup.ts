// Task groups: tasks that end together.
//
// Once something fails, or `cancel()` is called, the group stops. It takes no more
// children at once, and in the next turn cancels those it has, and its parent too
// if that is still in the body:
//
//             a failure     next turn      body over     children over
//   ├─────────────┼─────────────┼──────────────┼──────────────┤
//   │ takes tasks │ is stopping │ has aborted  │ is joining   │ is over
//
// That cancel of the parent has to vanish with the group, and a cancel that came
// from elsewhere must not. Only counts can tell:
//
//   G1  #cancelledParent says whether one of parent.cancelling() is ours; it is given
//       back when the body is over, and never taken while the group is joining
//   G2  so with the body over, whatever the count has above #before is foreign

import { checkFunction } from "../loop/arguments.ts";
import { CancelledError, RuntimeError } from "../loop/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import {
  blockOf,
  type CoroutineLike,
  checkCoroutine,
  createTaskOn,
  currentTask,
} from "./awaitable.ts";
import { cancelAll, cancelFrom } from "./cancelling.ts";
import { Call, type Coroutine, coroutine } from "./coroutine.ts";
import { ExceptionGroup } from "./exceptionGroup.ts";
import { currentScheduler, Future, type Waiter } from "./future.ts";
import { PendingFutures } from "./pendingFutures.ts";
import type { Task, TaskOptions } from "./task.ts";

const ENDS_EARLY = "The task group ends early";

/**
 * Runs `body`, and waits for every task that it starts in the group. Gives what `body` returns. Like
 * `async with asyncio.TaskGroup()`.
 *
 * The first error, of a task or of `body`, cancels all the others and `body`, once. When all are over, an
 * `ExceptionGroup` has the errors in the order in which they came. That a task ends cancelled is no error.
 *
 * A cancel from outside cancels every task; it is thrown when all are over. If there are errors too, those are thrown,
 * and the cancel comes at the next `yield*` that waits.
 *
 * Unlike asyncio's it is not a context manager, but a function that takes the block.
 *
 * @param body is called with the group. Once `group.cancel()` has ended it early, its value is undefined.
 * @throws TypeError if `body` is not a function. @throws RuntimeError outside of a task.
 * @throws ExceptionGroup with the errors of the tasks and of `body`.
 * @example
 * const [user, posts] = yield* taskGroup(function* (group) {
 *   const user = group.createTask(fetchUser(id));
 *   const posts = group.createTask(fetchPosts(id));
 *   return [yield* user, yield* posts];
 * });
 */
export function taskGroup<T>(body: (group: TaskGroup) => Coroutine<T>): Coroutine<T> {
  checkFunction("body", body);
  return grouped(body, false);
}

/** `taskGroup`, in which that a task ends cancelled may be an error like any other. */
export const grouped = /* @__PURE__ */ coroutine(function* taskGroup<T>(
  body: (group: TaskGroup) => Coroutine<T>,
  cancelIsError: boolean,
): Coroutine<T> {
  const parent = currentTask(currentScheduler("A task group"));
  if (parent === undefined) {
    throw new RuntimeError("A task group needs a task to belong to. Use it in a coroutine");
  }
  // A cancel of before that is still to be delivered could not be told from ours later.
  if (parent.cancelling() > 0) yield;
  const group = new TaskGroup(parent, cancelIsError);
  let result: T | undefined;
  try {
    result = yield* new Call(blockOf(body, group)) as unknown as Coroutine<T>;
  } catch (error) {
    group._fail(error);
  }
  yield* group._join();
  return result as T;
});

/** The group that the body of `taskGroup` is called with. Like `asyncio.TaskGroup`. */
export class TaskGroup implements Waiter {
  readonly #parent: Task<unknown>;
  /** How often the parent was cancelled before. */
  readonly #before: number;
  readonly #cancelIsError: boolean;
  readonly #children = new PendingFutures();
  readonly #errors: unknown[] = [];
  #isStopping = false;
  #hasAborted = false;
  #isJoining = false;
  #cancelledParent = false;
  /** The cancel that came from elsewhere. */
  #foreign: CancelledError | undefined;
  /** Done once fewer than #enough children are left. */
  #room: Future<void> | undefined;
  #enough = 1;

  /** @internal */
  constructor(parent: Task<unknown>, cancelIsError: boolean) {
    this.#parent = parent;
    this.#before = parent.cancelling();
    this.#cancelIsError = cancelIsError;
  }

  /**
   * Starts a coroutine as a task of the group. Others than the body may do so too, as long as a task of the group is
   * left or the body runs.
   *
   * @throws RuntimeError if the group is over, failing or cancelled; the coroutine is closed then.
   * @throws TypeError if `coro` is not a coroutine.
   */
  createTask<T>(coro: CoroutineLike<T>, options?: TaskOptions): Task<T> {
    const body = checkCoroutine("coro", coro);
    const isOver = this._isOver();
    if (isOver || this.#isStopping) {
      body.return(undefined as T);
      const state = isOver ? "is over" : "is ending early, because of an error or a cancel";
      throw new RuntimeError(`The task group ${state}, and takes no more tasks`);
    }
    return this._start(body, options);
  }

  /**
   * Ends the group early, and without an error: all of its tasks are cancelled, and the body where it waits next. The
   * value of the group is the body's if that had ended, else undefined.
   *
   * The cancels come in the next turn. A second call does nothing, nor does one that comes too late. What a task or the
   * body then throws is an error still. Like asyncio's, from Python 3.15 on.
   */
  cancel(): void {
    if (!this._isOver()) this._stop();
  }

  /** Whether it takes no more tasks because it ends early. @internal */
  get _isStopping(): boolean {
    return this.#isStopping;
  }

  /** Starts a child, even if the group is stopping. @internal */
  _start<T>(body: Coroutine<T>, options: TaskOptions | undefined): Task<T> {
    const child = createTaskOn(this.#parent._loop, body, options);
    this.#children.add(child);
    if (child.done()) this._notify(child);
    else child._addWaiter(this);
    if (this.#hasAborted) child.cancel(ENDS_EARLY);
    return child;
  }

  /** A child is done. @internal */
  _notify(child: Future<unknown>): void {
    this.#children.settle();
    if (child._hasFailed() && !(child.cancelled() && this._mayEndCancelled())) {
      this.#errors.push(child._reason());
      this._stop();
    }
    const room = this.#room;
    if (room !== undefined && this.#children.size < this.#enough && !room.done()) room._succeed();
  }

  /** Whoever debugs is told that the parent awaits the children, as in asyncio also while it is in the body. @internal */
  _waiters(): readonly object[] {
    return [this.#parent];
  }

  /** Takes the error of the body. @internal */
  _fail(error: unknown): void {
    if (error instanceof CancelledError) this.#foreign ??= error;
    else this.#errors.push(error);
    this._abort();
  }

  /** Cancels the children, now. @internal */
  _abort(): void {
    if (this.#hasAborted) return;
    this.#isStopping = true;
    this.#hasAborted = true;
    cancelFrom(this.#parent, () => cancelAll(this.#children, ENDS_EARLY));
  }

  /** Waits until fewer than `count` children are left. Only the parent does. @internal */
  *_untilFewerThan(count: number): Coroutine<void> {
    while (this.#children.size >= count) {
      this.#enough = count;
      this.#room = new Room(this.#parent._loop, this.#children);
      yield* this.#room;
    }
  }

  /** Waits for the children, and throws what there is to throw. The body is over. @internal */
  *_join(): Coroutine<void> {
    const parent = this.#parent;
    this.#isJoining = true;
    if (this.#cancelledParent && parent.uncancel() <= this.#before) {
      this.#foreign = undefined;
      if (this.#before > 0) yield* this._takeOwnCancel();
    }
    while (this.#children.size > 0) {
      try {
        yield* this._untilFewerThan(1);
      } catch (error) {
        this.#foreign ??= error as CancelledError;
        this._abort();
      }
    }
    const foreign = this.#foreign;
    const { length } = this.#errors;
    if (length > 0) {
      if (foreign !== undefined && parent.cancelling() > this.#before) {
        parent.uncancel();
        parent.cancel(foreign.message);
      }
      const count = `${length} sub-exception${length === 1 ? "" : "s"}`;
      throw new ExceptionGroup(this.#errors, `unhandled errors in a TaskGroup (${count})`);
    }
    if (foreign !== undefined) throw foreign;
  }

  /**
   * A group in the body whose errors win over our cancel leaves that to be delivered. `uncancel()` withdraws it at 0,
   * but not if the parent was cancelled before.
   *
   * @internal
   */
  *_takeOwnCancel(): Coroutine<void> {
    try {
      yield;
    } catch (error) {
      if (this.#parent.cancelling() > this.#before) this.#foreign = error as CancelledError;
    }
  }

  /** No user code may run in `_notify`, and cancelling runs some: so it is left to a callback. @internal */
  _stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#parent._loop.callSoon(() => {
      if (this.#hasAborted) return;
      this._abort();
      if (!this.#isJoining) this.#cancelledParent = this.#parent.cancel(ENDS_EARLY);
    });
  }

  /** @internal */
  _mayEndCancelled(): boolean {
    return !this.#cancelIsError || this.#isStopping;
  }

  /** @internal */
  _isOver(): boolean {
    return this.#isJoining && this.#children.size === 0;
  }
}

/** Done once few enough children are left. */
class Room extends Future<void> {
  readonly #children: Iterable<Future<unknown>>;

  constructor(loop: Scheduler, children: Iterable<Future<unknown>>) {
    super(undefined, loop);
    this.#children = children;
  }

  override _describe(): string {
    return "TaskGroup";
  }

  override _parts(): Iterable<Future<unknown>> {
    return this.#children;
  }
}
