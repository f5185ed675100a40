// Finds the tasks of a snapshot that can't continue, because each of them waits for others that
// can't continue either. Follows the rule of the warning "deadlock".

import type { LoopSnapshot, WaitSnapshot } from "../types.ts";

/** The kinds of waits that may end as soon as one of several awaited things is done. */
const ANY = ["Wait", "AsCompleted", "Race"];

/** Returns the tasks that nothing can wake, as far as the snapshot shows. */
export function stuckTasksOf({ tasks, resources, timers }: LoopSnapshot): ReadonlySet<number> {
  // Only a lock has exactly one holder. Any task may release a semaphore or fill a queue.
  const holders = new Map<number, number>();
  for (const { id, kind, holders: known } of resources) {
    if (kind === "Lock" && known[0] !== undefined) holders.set(id, known[0]);
  }
  const timed = new Set(timers.flatMap(({ kind, task }) => (kind === "timeout" ? task : [])));
  const stuck = new Set<number>();
  const dependents = new Map<number, number[]>();
  for (const { id, waitsFor } of tasks) {
    const blockers = timed.has(id) ? undefined : blockersOf(waitsFor, holders);
    if (blockers === undefined) continue;
    stuck.add(id);
    for (const blocker of blockers) {
      const known = dependents.get(blocker);
      if (known === undefined) dependents.set(blocker, [id]);
      else known.push(id);
    }
  }
  // If a task may continue, so may every task that waits for it.
  const moving = [...dependents.keys()].filter((task) => !stuck.has(task));
  for (let next = moving.pop(); next !== undefined; next = moving.pop()) {
    for (const task of dependents.get(next) ?? []) if (stuck.delete(task)) moving.push(task);
  }
  return stuck;
}

/** Returns the tasks that can end the wait; undefined if anything else may end it too. */
function blockersOf(
  waitsFor: WaitSnapshot | null,
  holders: ReadonlyMap<number, number>,
): readonly number[] | undefined {
  if (waitsFor === null || waitsFor.until !== null || ANY.includes(waitsFor.kind)) return undefined;
  const { tasks, resources, calls } = waitsFor;
  if (calls.length > 0 || tasks.length + resources.length === 0) return undefined;
  const blockers = [...tasks];
  for (const resource of resources) {
    const holder = holders.get(resource);
    if (holder === undefined) return undefined;
    blockers.push(holder);
  }
  return blockers;
}
