// The tree of all pending tasks of a loop, as text.

import { currentRunnable } from "../loop/context.ts";
import { currentScheduler } from "../loop/current.ts";
import { checkLoop, type Scheduler } from "../loop/scheduler.ts";
import { allTasks } from "../tasks/currentTask.ts";
import type { Task } from "../tasks/kernel/task.ts";
import { Awaiters, describeFrame } from "./callGraph.ts";
import { awaitedOf, describeAwaited, Numbering, nameOfRunnable } from "./waitForGraph.ts";

/** Deeper levels are omitted. */
const MAX_DEPTH = 40;
/**
 * Tasks with the same awaiters form a group. A group that was listed before is listed in full again
 * only if it has at most this many tasks.
 */
const MAX_REPEATED = 16;

/**
 * Returns a text with a line for each pending task of a loop: what the task waits for, and in which
 * function. The tasks that it awaits are indented below it.
 *
 * Tasks that no task awaits are at the top level. A task that several tasks await is shown in full
 * once. Below its other awaiters, only its name is listed; a large group of such tasks is listed as
 * one name and a number.
 *
 * Shows the innermost decorated function of each task. In debug mode, shows the innermost function
 * even if it is undecorated, with file, line and column, and shows the holders of locks.
 *
 * For the tasks of another process, as `python -m asyncio pstree` shows them, use
 * `npx mysyncio pstree PID`.
 *
 * @param loop by default the running one.
 * @throws TypeError if `loop` is not an event loop. @throws RuntimeError if no loop is given and
 * none is running.
 * @example
 * console.log(formatTaskTree());
 * // Task "main" waits for Gather of Task "a" and Task "b" at main (app.ts:9:12)
 * // ├── Task "a" waits for Lock 1 held by Task "b" at work (app.ts:4:10)
 * // └── Task "b" waits for its turn
 */
export function formatTaskTree(loop?: Scheduler): string {
  if (loop !== undefined) checkLoop(loop);
  const tree = new TaskTree(allTasks(loop ?? currentScheduler("formatTaskTree()")));
  return linesOf(tree).join("\n");
}

/** Tasks with the same awaiters. A group may be shown below many tasks. */
type Group = Task<unknown>[];

/** Which tasks are shown below which others. */
class TaskTree {
  readonly roots: Task<unknown>[] = [];
  readonly #below = new Map<Task<unknown>, Group[]>();
  /** The position of each task in the order of creation. */
  readonly #positions = new Map<Task<unknown>, number>();

  constructor(all: Iterable<Task<unknown>>) {
    const awaiters = new Awaiters();
    const groups = new Map<readonly Task<unknown>[], Group>();
    for (const task of all) {
      this.#positions.set(task, this.#positions.size);
      const above = awaiters.of(task);
      if (above.length === 0) this.roots.push(task);
      const known = groups.get(above);
      if (known !== undefined) {
        known.push(task);
        continue;
      }
      const group = [task];
      groups.set(above, group);
      for (const awaiter of above) this.#add(awaiter, group);
    }
  }

  /** Returns all tasks, in the order of their creation. */
  all(): Iterable<Task<unknown>> {
    return this.#positions.keys();
  }

  groupsBelow(task: Task<unknown>): readonly Group[] {
    return this.#below.get(task) ?? [];
  }

  inOrder(tasks: readonly Task<unknown>[]): readonly Task<unknown>[] {
    const position = (task: Task<unknown>) => this.#positions.get(task) as number;
    return [...tasks].sort((a, b) => position(a) - position(b));
  }

  #add(awaiter: Task<unknown>, group: Group): void {
    const known = this.#below.get(awaiter);
    if (known === undefined) this.#below.set(awaiter, [group]);
    else known.push(group);
  }
}

function linesOf(tree: TaskTree): string[] {
  const lines: string[] = [];
  const shown = new Set<Task<unknown>>();
  const shownGroups = new Set<Group>();
  const describeWait = waitDescriptions();
  const show = (task: Task<unknown>, branch: string, indent: string, depth: number): void => {
    const isRepeated = shown.has(task);
    shown.add(task);
    lines.push(branch + nameOfRunnable(task) + (isRepeated ? ", shown above" : describeWait(task)));
    if (isRepeated) return;
    const { children, omitted } = childrenOf(task);
    if (children.length > 0 && depth === MAX_DEPTH) {
      lines.push(`${indent}└── ...`);
      return;
    }
    for (const child of children) {
      const isLast = child === children.at(-1);
      const next = indent + (isLast ? "└── " : "├── ");
      const others = omitted.get(child);
      if (others === undefined) show(child, next, indent + (isLast ? "    " : "│   "), depth + 1);
      else lines.push(`${next}${nameOfRunnable(child)} and ${others} more, shown above`);
    }
  };
  /**
   * Returns the tasks to list below `task`. A large group that was listed before is represented by
   * its first task.
   */
  const childrenOf = (task: Task<unknown>) => {
    const omitted = new Map<Task<unknown>, number>();
    const listed = tree.groupsBelow(task).flatMap((group) => {
      const isListed = group.length <= MAX_REPEATED || !shownGroups.has(group);
      shownGroups.add(group);
      if (isListed) return group;
      const first = group.slice(0, 1);
      for (const each of first) omitted.set(each, group.length - 1);
      return first;
    });
    return { children: tree.inOrder(listed), omitted };
  };
  for (const root of tree.roots) show(root, "", "", 0);
  // Tasks that await each other in a cycle may have no root above them.
  for (const task of tree.all()) if (!shown.has(task)) show(task, "", "", 0);
  return lines;
}

/** Returns a function that describes what a task does. Caches descriptions of shared futures. */
function waitDescriptions(): (task: Task<unknown>) => string {
  const numbering = new Numbering();
  const known = new Map<unknown, string>();
  return (task) => {
    if (currentRunnable() === task) return " is running";
    const { on } = task._inspect();
    let text = known.get(on);
    if (text === undefined) {
      const awaited = awaitedOf(task);
      text =
        awaited === undefined ? "its turn" : describeAwaited(awaited, numbering, nameOfRunnable);
      known.set(on, text);
    }
    const frame = task.getStack().at(-1);
    return ` waits for ${text}${frame === undefined ? "" : ` ${describeFrame(frame)}`}`;
  };
}
