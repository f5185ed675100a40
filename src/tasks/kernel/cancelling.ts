// How a cancellation spreads, and how a block distinguishes its own from others.
//
// A cancellation is passed on from a task to the future that it awaits, from a gather to its
// children, and so on. Programs build chains of any length, graphs in which many paths lead to one
// task, and cycles. So this walks with a list instead of recursion, and visits each future once:
//
//   - a task that is reached again counts the request, but doesn't pass it on again;
//   - a task whose wait leads back to itself would wait forever, so it stops waiting and throws.
//
// A block such as a timeout cancels its own task in order to end. `CancelScope` takes that
// cancellation back when the block ends, and lets others continue.

import { isCancellation } from "../../lang/thrown.ts";
import { postMicrotask } from "../../loop/hosts/microtask.ts";
import type { Future } from "./future.ts";

/** A future that passes cancellations on to other futures. */
export interface Passing extends Future<unknown> {
  /** Whether it can stop waiting for the others. A task can. */
  readonly _canStop: boolean;
  /** Records the request. Returns its earlier state for `_endCancel`. */
  _beginCancel(message: string | undefined): unknown;
  /** Called when all of the others have been cancelled. Returns the result of `cancel()`. */
  _endCancel(outcome: CancelOutcome, message: string | undefined): boolean;
}

/** The outcome of passing a cancellation on. */
export interface CancelOutcome {
  /** The result of `_beginCancel`. */
  readonly before: unknown;
  /** Whether any of the other futures accepted the cancellation. */
  isPassedOn: boolean;
  /** Whether the wait leads back to a future that the cancellation went through. */
  comesBack: boolean;
}

interface Visit extends CancelOutcome {
  readonly node: Passing;
  readonly targets: readonly Future<unknown>[];
  /** The innermost visit so far whose node can stop waiting. */
  stopping: Visit | undefined;
  next: number;
}

/**
 * The futures that a cancellation is going through. Kept across calls, because a user's `cancel()`
 * may be among them and cancel others.
 */
const open = new Set<Future<unknown>>();

/**
 * Cancels each of `futures`, in time linear in the size of the graph of what they await. Adds
 * visited futures to `seen`.
 */
export function cancelAll(
  futures: Iterable<Future<unknown>>,
  message?: string,
  seen = new Set<Future<unknown>>(),
): void {
  for (const future of futures) {
    if (future.done()) continue;
    const targets = future._passesTo?.();
    // Counts one more request, as if this one had been the first.
    if (seen.has(future)) (future as Passing)._beginCancel(message);
    else if (targets !== undefined) passOnCancellation(future as Passing, targets, message, seen);
    // Not the running task on whose behalf this is called.
    else if (!open.has(future)) cancelLast(future, message);
  }
}

/**
 * Cancels a future that passes the cancellation to no other. Reports what a user's class of futures
 * throws, because the others have to be cancelled too.
 */
function cancelLast(future: Future<unknown>, message: string | undefined): boolean {
  try {
    return future.cancel(message);
  } catch (exception) {
    report(future, exception);
    return false;
  }
}

function report(future: Future<unknown>, exception: unknown): void {
  const loop = future._loop;
  const tell = () =>
    loop.callExceptionHandler({ message: "A future could not be cancelled", exception, future });
  // A closed loop doesn't run callbacks.
  if (loop.isClosed()) postMicrotask(tell);
  else loop.callSoon(tell);
}

/**
 * Cancels each of `futures` on behalf of `canceller`. A wait that leads back to `canceller` ends,
 * and `canceller` isn't cancelled.
 */
export function cancelFrom(
  canceller: Future<unknown> | undefined,
  futures: Iterable<Future<unknown>>,
  message: string,
  seen?: Set<Future<unknown>>,
): void {
  if (canceller === undefined || open.has(canceller)) return cancelAll(futures, message, seen);
  open.add(canceller);
  try {
    cancelAll(futures, message, seen);
  } finally {
    open.delete(canceller);
  }
}

/** Cancels `root` and the `targets` that it awaits. Returns the result of `cancel()`. */
export function passOnCancellation(
  root: Passing,
  targets: readonly Future<unknown>[],
  message: string | undefined,
  seen = new Set<Future<unknown>>(),
): boolean {
  if (open.has(root)) {
    root._beginCancel(message);
    return true;
  }
  const path = [visit(root, targets, message, undefined, seen)];
  try {
    for (;;) {
      const top = path.at(-1) as Visit;
      if (top.next === top.targets.length) {
        path.pop();
        open.delete(top.node);
        const answer = top.node._endCancel(top, message);
        const parent = path.at(-1);
        if (parent === undefined) return answer;
        parent.isPassedOn ||= answer;
        continue;
      }
      const target = top.targets[top.next++] as Future<unknown>;
      if (target.done()) continue;
      if (open.has(target)) {
        (top.stopping ?? top).comesBack = true;
        top.isPassedOn = true;
        continue;
      }
      const further = target._passesTo?.();
      if (further === undefined) top.isPassedOn = cancelLast(target, message) || top.isPassedOn;
      else if (!seen.has(target)) {
        path.push(visit(target as Passing, further, message, top.stopping, seen));
      } else {
        (target as Passing)._beginCancel(message);
        top.isPassedOn = true;
      }
    }
  } finally {
    // Empty unless the engine ran out of stack or memory.
    for (const { node } of path) open.delete(node);
  }
}

function visit(
  node: Passing,
  targets: readonly Future<unknown>[],
  message: string | undefined,
  outer: Visit | undefined,
  seen: Set<Future<unknown>>,
): Visit {
  open.add(node);
  seen.add(node);
  const before = node._beginCancel(message);
  const entered: Visit = {
    node,
    targets,
    before,
    stopping: outer,
    next: 0,
    isPassedOn: false,
    comesBack: false,
  };
  if (node._canStop) entered.stopping = entered;
  return entered;
}

/** The part of a task that a scope uses. */
interface Cancellable {
  cancel(message?: string): boolean;
  cancelling(): number;
  uncancel(): number;
  _deliveredCancels(): number;
}

/**
 * A block in a task that a cancellation can end.
 *
 * As in asyncio, only counts can distinguish the scope's own cancellation from others. If more
 * requests are left than had been delivered when the block began, the task was also cancelled by
 * others. Unlike asyncio's, a scope doesn't count a request that is still undelivered when the
 * block begins: it will arrive inside the block, and must leave it.
 */
export class CancelScope<T extends Cancellable = Cancellable> {
  readonly _task: T;
  /** How many of the task's cancellation requests had been delivered when the block began. */
  readonly _before: number;
  /** Whether one of the task's requests is this scope's own. */
  _hasCancelled = false;

  /** @internal */
  constructor(task: T) {
    this._task = task;
    this._before = task._deliveredCancels();
  }

  /** Cancels the task. Call it once per scope. */
  _cancel(message: string): void {
    this._hasCancelled = true;
    this._task.cancel(message);
  }

  /**
   * Takes back the scope's own cancellation. Returns whether there was one, and no others have
   * cancelled the task since the block began. Idempotent.
   */
  _exit(): boolean {
    const hasCancelled = this._hasCancelled;
    this._hasCancelled = false;
    return hasCancelled && this._task.uncancel() <= this._before;
  }

  /** Exits with the block's error. Returns whether that is the scope's own cancellation. */
  _exitWith(error: unknown): boolean {
    return this._exit() && isCancellation(error);
  }
}

/**
 * Whether others have cancelled the task of a scope. Valid once the scope has taken back its own
 * cancellation.
 */
export function isCancelledByOthers(scope: CancelScope): boolean {
  return scope._task.cancelling() > scope._before;
}

/** Delivers a caught cancellation again, where the task waits next. */
export function cancelAgain(task: Cancellable, error: Error): void {
  task.uncancel();
  task.cancel(error.message);
}
