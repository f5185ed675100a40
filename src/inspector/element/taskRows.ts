// The rows of the task tree: its tasks in order, without those that are hidden.
//
// The parent of a task is the task that created it. If a task was created before the inspector
// opened, its creator is unknown. The task is then shown below the task that awaits it, if exactly
// one does.

import type { TaskPhase, TaskSnapshot } from "../types.ts";

/** A row of the task tree. */
export interface TaskRow {
  readonly task: TaskSnapshot;
  /** The depth in the tree, counted from 0. */
  readonly depth: number;
  /** How many tasks are below this one, at any depth. */
  readonly below: number;
  readonly isCollapsed: boolean;
  /** Whether this task doesn't match, and is shown only because a task below it does. */
  readonly isContext: boolean;
}

const NONE = -1;

/**
 * Returns the rows of the tasks that match `query` and `phase`, and of the tasks above them.
 *
 * @param collapsed the ids of the tasks below which no rows are shown, unless a filter is set
 */
export function taskRowsOf(
  tasks: readonly TaskSnapshot[],
  query: string,
  phase: TaskPhase | null,
  collapsed: ReadonlySet<number>,
): TaskRow[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const isFiltered = words.length > 0 || phase !== null;
  const parents = parentsOf(tasks);
  const { order, depths } = orderOf(parents);
  const sizes = new Int32Array(tasks.length);
  const matching = new Uint8Array(tasks.length);
  const shown = new Uint8Array(tasks.length);
  // Starts with the last task, so that each task is visited before the task above it.
  for (let i = order.length - 1; i >= 0; i--) {
    const at = order[i] as number;
    if (!isFiltered || matches(tasks[at] as TaskSnapshot, words, phase)) {
      matching[at] = shown[at] = 1;
    }
    const parent = parents[at] as number;
    if (parent === NONE) continue;
    sizes[parent] = (sizes[parent] as number) + 1 + (sizes[at] as number);
    if (shown[at] === 1) shown[parent] = 1;
  }
  const rows: TaskRow[] = [];
  /** The depth below which rows are hidden. */
  let deepest = Infinity;
  for (const at of order) {
    const depth = depths[at] as number;
    if (depth > deepest) continue;
    deepest = Infinity;
    if (shown[at] === 0) continue;
    const task = tasks[at] as TaskSnapshot;
    const isCollapsed = !isFiltered && collapsed.has(task.id);
    if (isCollapsed) deepest = depth;
    const below = sizes[at] as number;
    rows.push({ task, depth, below, isCollapsed, isContext: matching[at] === 0 });
  }
  return rows;
}

/** Returns the indices of all tasks from top to bottom, and the depth of each. */
function orderOf(parents: Int32Array): { order: Int32Array; depths: Int32Array } {
  const count = parents.length;
  const [firsts, nexts] = [new Int32Array(count).fill(NONE), new Int32Array(count).fill(NONE)];
  let top = NONE;
  for (let at = count - 1; at >= 0; at--) {
    const parent = parents[at] as number;
    nexts[at] = parent === NONE ? top : (firsts[parent] as number);
    if (parent === NONE) top = at;
    else firsts[parent] = at;
  }
  const order = new Int32Array(count);
  const depths = new Int32Array(count);
  let size = 0;
  let depth = 0;
  // Not recursive, because a chain of tasks may be long.
  for (let at = top; at !== NONE; ) {
    order[size++] = at;
    depths[at] = depth;
    if (firsts[at] !== NONE) {
      at = firsts[at] as number;
      depth++;
      continue;
    }
    while (nexts[at] === NONE && parents[at] !== NONE) {
      at = parents[at] as number;
      depth--;
    }
    at = nexts[at] as number;
  }
  return { order, depths };
}

function matches(task: TaskSnapshot, words: readonly string[], phase: TaskPhase | null): boolean {
  if (phase !== null && task.state !== phase) return false;
  if (words.length === 0) return true;
  const text = `${task.name} ${task.coroutine} ${task.waitsFor?.label ?? task.state}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/**
 * Returns, for each task, the index of the task above it or `NONE`. Cuts each cycle of tasks that
 * await each other.
 */
function parentsOf(tasks: readonly TaskSnapshot[]): Int32Array {
  const indexes = new Map<number, number>();
  for (let at = 0; at < tasks.length; at++) indexes.set((tasks[at] as TaskSnapshot).id, at);
  const parents = new Int32Array(tasks.length).fill(NONE);
  for (let at = 0; at < tasks.length; at++) {
    const { parent, awaitedBy } = tasks[at] as TaskSnapshot;
    const above = parent ?? (awaitedBy.length === 1 ? awaitedBy[0] : undefined);
    if (above !== undefined) parents[at] = indexes.get(above) ?? NONE;
  }
  /** For each task, the start of the walk that first visited it. */
  const seen = new Int32Array(tasks.length).fill(NONE);
  for (let start = 0; start < tasks.length; start++) {
    let at = start;
    while (at !== NONE && seen[at] === NONE) {
      seen[at] = start;
      at = parents[at] as number;
    }
    if (at !== NONE && seen[at] === start) parents[at] = NONE;
  }
  return parents;
}
