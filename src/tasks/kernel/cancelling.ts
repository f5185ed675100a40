// How a cancellation spreads.
//
// A cancellation is passed on from a task to the future that it awaits, from a gather to its
// children, and so on. Programs build chains of futures of any length, graphs in which many paths
// lead to one task, and cycles. So the code here walks with a list instead of recursion, and visits
// each future once:
//
//   - a task that is reached again counts the request, but doesn't pass it on again;
//   - a task whose wait leads back to itself would wait forever, so it stops waiting and throws.
//
// A plain future ends as soon as it is cancelled, and so does a gather of that future. The gather
// then no longer leads to its other children. So where paths branch, everything that has to be
// cancelled is found before anything is cancelled.

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
  /** Whether what the future awaits leads back to one that the cancellation is going through. */
  comesBack: boolean;
}

/**
 * The futures that a cancellation is going through. Kept across calls, because the `cancel()` of a
 * user's class of futures may cancel other futures.
 */
const open = new Set<Future<unknown>>();

/** A future that a cancellation goes through, on its way from `parent` to the `targets`. */
class Visit implements CancelOutcome {
  readonly node: Passing;
  readonly targets: readonly Future<unknown>[];
  readonly parent: Visit | undefined;
  /** The innermost visit so far whose node can stop waiting. */
  readonly stopping: Visit | undefined;
  readonly before: unknown;
  /** The index of the target to go to next. */
  next = 0;
  /** Whether some of the targets have not been visited yet. */
  isOnPath = true;
  isPassedOn = false;
  comesBack = false;

  constructor(
    node: Passing,
    targets: readonly Future<unknown>[],
    parent: Visit | undefined,
    message: string | undefined,
  ) {
    this.node = node;
    this.targets = targets;
    this.parent = parent;
    this.stopping = node._canStop ? this : parent?.stopping;
    this.before = node._beginCancel(message);
  }

  /** Called when a target is a future that the cancellation is going through. */
  comeBack(): void {
    (this.stopping ?? this).comesBack = true;
    this.isPassedOn = true;
  }

  /** Called when all targets have been cancelled. Returns the result of the node's `cancel()`. */
  end(message: string | undefined): boolean {
    open.delete(this.node);
    const isAccepted = this.node._endCancel(this, message);
    if (isAccepted && this.parent !== undefined) this.parent.isPassedOn = true;
    return isAccepted;
  }
}

/** Cancels `root` and the `targets` that it awaits. Returns the result of `cancel()`. */
export function passOnCancellation(
  root: Passing,
  targets: readonly Future<unknown>[],
  message: string | undefined,
): boolean {
  if (open.has(root)) {
    root._beginCancel(message);
    return true;
  }
  let top = new Visit(root, targets, undefined, message);
  try {
    open.add(root);
    // A chain of futures, which is the most common case, is cancelled as it is found.
    while (top.targets.length === 1) {
      const target = top.targets[0] as Future<unknown>;
      if (target.done()) break;
      if (open.has(target)) {
        top.comeBack();
        break;
      }
      const further = target._passesTo?.();
      if (further === undefined) {
        top.isPassedOn = cancelLast(target, message);
        break;
      }
      top = new Visit(target as Passing, further, top, message);
      open.add(target);
    }
    if (top.targets.length > 1) cancelAll(top.targets, message, top);
    while (top.parent !== undefined) {
      top.end(message);
      top = top.parent;
    }
    return top.end(message);
  } finally {
    closeUpTo(undefined, top);
  }
}

/**
 * Cancels each of `futures`, in time linear in the size of the graph of what they await.
 *
 * @param parent the visit whose targets they are.
 */
export function cancelAll(
  futures: Iterable<Future<unknown>>,
  message?: string,
  parent?: Visit,
): void {
  const steps = stepsTo(futures, message, parent);
  let top = parent;
  try {
    for (const step of steps) {
      if (!(step instanceof Visit)) {
        const isAccepted = !step.done() && cancelLast(step, message);
        if (isAccepted && top !== undefined) top.isPassedOn = true;
      } else if (step === top) {
        step.end(message);
        top = step.parent;
      } else {
        open.add(step.node);
        top = step;
      }
    }
  } finally {
    closeUpTo(parent, top);
  }
}

/**
 * Begins to cancel everything that `futures` lead to. Returns the steps that complete this, in
 * order. A visit is listed twice, where it begins and where it ends, with the steps for its targets
 * in between. A future that passes the cancellation to no other is a step by itself.
 */
function stepsTo(
  futures: Iterable<Future<unknown>>,
  message: string | undefined,
  parent: Visit | undefined,
): (Visit | Future<unknown>)[] {
  const steps: (Visit | Future<unknown>)[] = [];
  const visits = new Map<Future<unknown>, Visit>();
  /** Goes to `future`, a target of the visit `from`. Returns the visit to continue with. */
  function goTo(future: Future<unknown>, from: Visit | undefined): Visit | undefined {
    if (future.done()) return from;
    const targets = future._passesTo?.();
    const visit = targets && visits.get(future);
    if (from !== undefined && (open.has(future) || visit?.isOnPath)) {
      from.comeBack();
      return from;
    }
    if (targets === undefined) {
      // Leaves out the running task on whose behalf `cancelFrom` cancels.
      if (!open.has(future)) steps.push(future);
      return from;
    }
    const node = future as Passing;
    if (visit !== undefined || open.has(future)) {
      // Counts one more request, which isn't passed on again.
      node._beginCancel(message);
      if (from !== undefined) from.isPassedOn = true;
      return from;
    }
    const entered = new Visit(node, targets, from, message);
    visits.set(future, entered);
    steps.push(entered);
    return entered;
  }
  for (const future of futures) {
    let top = goTo(future, parent);
    while (top !== undefined && top !== parent) {
      const target: Future<unknown> | undefined = top.targets[top.next++];
      if (target !== undefined) top = goTo(target, top);
      else {
        top.isOnPath = false;
        steps.push(top);
        top = top.parent;
      }
    }
  }
  return steps;
}

/**
 * Removes from `open` the visits from `top` up to, but without, `parent`. Changes nothing unless
 * the engine ran out of stack or memory, because visits that have ended are no longer in `open`.
 */
function closeUpTo(parent: Visit | undefined, top: Visit | undefined): void {
  for (let visit = top; visit !== undefined && visit !== parent; visit = visit.parent) {
    open.delete(visit.node);
  }
}

/**
 * Cancels each of `futures` on behalf of `canceller`. A wait that leads back to `canceller` ends,
 * and `canceller` isn't cancelled.
 */
export function cancelFrom(
  canceller: Future<unknown> | undefined,
  futures: Iterable<Future<unknown>>,
  message: string,
): void {
  if (canceller === undefined || open.has(canceller)) return cancelAll(futures, message);
  open.add(canceller);
  try {
    cancelAll(futures, message);
  } finally {
    open.delete(canceller);
  }
}

/**
 * Cancels a future that passes the cancellation to no other. If a user's class of futures throws,
 * reports the error instead of throwing it, because further futures may have to be cancelled.
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
