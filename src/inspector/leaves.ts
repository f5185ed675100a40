// Finds what a task ultimately waits for, by following futures that are composed of others.

import type { FutureShape, TaskShape } from "./shapes.ts";

const CALLS = { ThreadCall: "thread", RemoteCall: "remote", FleetCall: "fleet" };

export interface Leaves {
  readonly tasks: TaskShape[];
  /** Futures that are queued at a lock, queue or other primitive. */
  readonly resources: FutureShape[];
  /** Calls in other threads, loops and machines. */
  readonly calls: FutureShape[];
  /** Everything else: sleeps, promises, futures of the program. */
  readonly others: FutureShape[];
}

/** Follows a future through its parts. Not recursive, because gathers of gathers may be deep. */
export function leavesOf(future: FutureShape): Leaves {
  const leaves: Leaves = { tasks: [], resources: [], calls: [], others: [] };
  const seen = new Set<FutureShape>();
  const rest = [future];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (next.done() || seen.has(next)) continue;
    seen.add(next);
    if (isTask(next)) leaves.tasks.push(next);
    else if (next._resource !== undefined) leaves.resources.push(next);
    else if (next._callKey !== undefined || kindOfCall(next._describe()) !== undefined)
      leaves.calls.push(next);
    else {
      const parts = [...(next._parts?.() ?? [])];
      if (parts.length === 0) leaves.others.push(next);
      rest.push(...parts.reverse());
    }
  }
  return leaves;
}

export function kindOfCall(description: string): string | undefined {
  return Object.entries(CALLS).find(([name]) => description.startsWith(name))?.[1];
}

/** Returns the kind of what a task waits for, such as `Lock` or `Sleep`. */
export function kindOf(awaited: object): string {
  const future = awaited as FutureShape;
  const resource = future._resource?.();
  if (resource !== undefined) return resource.constructor.name;
  if (isTask(future)) return "Task";
  // A description begins with the kind, except that of an event (`an event "click"`).
  const [kind = ""] = future._describe().split(" ");
  return kind === "an" ? "WaitEvent" : kind;
}

export function isTask(value: object | undefined): value is TaskShape {
  return (value as Partial<TaskShape> | undefined)?._inspect !== undefined;
}
