// A cancellation goes from a task to what it awaits, from a gather to its children, and so on. Users build chains of any
// length, graphs in which many ways lead to one task, and rings. So the way is a list and not a recursion, and goes
// through each future once:
//
//   - a task that is reached again counts the request, and passes nothing on that it has passed on before;
//   - a task whose wait leads back to itself would wait forever: it stops waiting, and throws the error.

import type { Future } from "./future.ts";

/** A future that passes a cancellation on to others. */
export interface Passing extends Future<unknown> {
  /** Whether it can stop waiting for those. A task can. @internal */
  readonly _canStop: boolean;
  /** Takes note of the request. Returns what `_endCancel` has to know about the time before it. @internal */
  _beginCancel(message: string | undefined): unknown;
  /** All have been told. Returns what `cancel()` returns. @internal */
  _endCancel(told: Told, message: string | undefined): boolean;
}

/** What came of passing a cancellation on. */
export interface Told {
  readonly before: unknown;
  /** Whether somebody takes the cancellation. */
  isPassedOn: boolean;
  /** Whether the wait leads back to where the cancellation came through. */
  comesBack: boolean;
}

interface Visit extends Told {
  readonly node: Passing;
  readonly targets: readonly Future<unknown>[];
  /** The innermost visit up to here whose node can stop waiting. */
  stopping: Visit | undefined;
  next: number;
}

/** The futures that a cancellation is going through, also where the `cancel()` of a user comes in between. */
const open = new Set<Future<unknown>>();

/** Cancels each of `futures`, in time that is linear in the graph of what they await. */
export function cancelAll(futures: Iterable<Future<unknown>>, message?: string): void {
  const seen = new Set<Future<unknown>>();
  for (const future of futures) {
    if (seen.has(future)) {
      // One more request, as if this one had come first.
      if (!future.done()) (future as Passing)._beginCancel(message);
      continue;
    }
    const targets = future._passesTo?.();
    if (targets === undefined) future.cancel(message);
    else passOn(future as Passing, targets, message, seen);
  }
}

/** Calls `cancel` for `source`: a wait that leads back to `source` ends, and `source` is not cancelled. */
export function cancelFrom(source: Future<unknown> | undefined, cancel: () => void): void {
  if (source === undefined || open.has(source)) return cancel();
  open.add(source);
  try {
    cancel();
  } finally {
    open.delete(source);
  }
}

/** Cancels `root` and those `targets` that it awaits. Returns what `cancel()` returns. */
export function passOn(
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
      if (further === undefined) top.isPassedOn = target.cancel(message) || top.isPassedOn;
      else if (!seen.has(target)) {
        path.push(visit(target as Passing, further, message, top.stopping, seen));
      } else {
        (target as Passing)._beginCancel(message);
        top.isPassedOn = true;
      }
    }
  } finally {
    // Not empty only if the `cancel()` of a user has thrown.
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
