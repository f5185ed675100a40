// Finds waits that would never end, because they lead back to the waiting task.

import type { Scheduler } from "../loop/scheduler.ts";
import type { Future } from "./kernel/future.ts";
import type { Task } from "./kernel/task.ts";

type Reached = Set<Future<unknown>>;

/**
 * Returns the `futures` that can't complete before `task` does, judging by what tasks wait for now.
 * A wait for the first of several may end without `task`, so it isn't followed. Takes linear time
 * if there are no such futures.
 *
 * @param reached futures known not to lead to `task`. Everything reached is added.
 */
export function thoseThatWaitFor(
  task: Future<unknown> | undefined,
  futures: Iterable<Future<unknown>>,
  reached: Reached = new Set(),
): Future<unknown>[] {
  const all = [...futures];
  if (task === undefined || !reaches(all, task, reached)) return [];
  reached.clear();
  return all.filter((future) => reaches([future], task, new Set()));
}

/** The futures reached in this turn, by loop. */
const reachedInTurn = /* @__PURE__ */ new WeakMap<Scheduler, Reached>();

/**
 * Returns the futures that were reached earlier in this turn and don't lead to `task`. If tasks
 * form a chain in which each waits for the next, all of them may call this in one turn, the last
 * one first. Because they share the set, the whole chain takes linear time.
 */
export function reachedBefore(task: Future<unknown>): Reached {
  const loop = task._loop;
  let reached = reachedInTurn.get(loop);
  if (reached === undefined) {
    reached = new Set();
    reachedInTurn.set(loop, reached);
    loop.callSoon(() => reachedInTurn.delete(loop));
  }
  if (reached.has(task)) reached.clear();
  return reached;
}

/** Whether one of `starts` leads to `task` without going through `reached`. */
function reaches(
  starts: readonly Future<unknown>[],
  task: Future<unknown>,
  reached: Reached,
): boolean {
  // A growing list instead of recursion.
  const rest = [...starts];
  for (const next of rest) {
    if (next.done() || reached.has(next)) continue;
    if (next === task) return true;
    reached.add(next);
    const on = (next as Partial<Task<unknown>>)._inspect?.().on;
    if (on !== undefined) rest.push(on);
    const parts = [...(next._parts?.() ?? [])].filter((part) => !part.done());
    if (parts.length === 1 || !next._endsWithFirst) for (const part of parts) rest.push(part);
  }
  return false;
}
