import type { Future } from "./future.ts";
import type { Task } from "./task.ts";

/**
 * Whether `future` cannot end before `task` does, as far as is known: by what tasks wait for now. What ends with the
 * first of several may end without `task`, and is not followed. In time that is linear in the graph of the waits.
 */
export function waitsFor(future: Future<unknown>, task: Future<unknown> | undefined): boolean {
  if (task === undefined) return false;
  // It grows while it is visited.
  const reached = new Set([future]);
  for (const next of reached) {
    if (next.done()) continue;
    if (next === task) return true;
    const on = (next as Partial<Task<unknown>>)._waits?.().on;
    if (on !== undefined) reached.add(on);
    const parts = [...(next._parts?.() ?? [])].filter((part) => !part.done());
    if (parts.length > 1 && next._endsWithFirst) continue;
    for (const part of parts) reached.add(part);
  }
  return false;
}
