// All that waits on a loop, in words.

import { checkLoop, runningScheduler, type Scheduler } from "../loop/scheduler.ts";
import { allTasks } from "../tasks/awaitable.ts";
import type { Task } from "../tasks/task.ts";
import { Awaiters, frameInWords } from "./callGraph.ts";
import { awaitedInWords, awaitedOf, Numbering, nameOfTask } from "./waitForGraph.ts";

/** Deeper ones are not read by people. */
const DEEPEST = 40;

/**
 * Every task of a loop that is not done, in words: what it waits for, the function in which it waits, and below it the
 * tasks that it awaits. Tasks that nobody awaits come first; who is awaited by several is told in full once.
 *
 * Decorated functions are told by name; in debug mode all are, with file, line and column, and so are the holders of locks.
 *
 * Unlike asyncio, whose `python -m asyncio pstree` shows the same of another process.
 *
 * @param loop by default the running one.
 * @throws TypeError if `loop` is no loop. @throws RuntimeError if none is given and none runs.
 * @example
 * console.log(formatTaskTree());
 * // Task "main" waits for Gather of Task "a" and Task "b" at main (app.ts:9:12)
 * // ├── Task "a" waits for Lock 1 held by Task "b" at work (app.ts:4:10)
 * // └── Task "b" waits for its turn
 */
export function formatTaskTree(loop?: Scheduler): string {
  if (loop !== undefined) checkLoop(loop);
  const all = allTasks(loop);
  const children = new Map<Task<unknown>, Task<unknown>[]>();
  const roots: Task<unknown>[] = [];
  const awaiters = new Awaiters();
  for (const task of all) {
    const above = awaiters.of(task);
    if (above.length === 0) roots.push(task);
    for (const awaiter of above) {
      const known = children.get(awaiter);
      if (known === undefined) children.set(awaiter, [task]);
      else known.push(task);
    }
  }
  const numbering = new Numbering();
  const lines: string[] = [];
  const told = new Set<Task<unknown>>();
  const tell = (task: Task<unknown>, first: string, rest: string, depth: number): void => {
    const isTold = told.has(task);
    told.add(task);
    lines.push(first + (isTold ? `${nameOfTask(task)}, as above` : inWords(task, numbering)));
    if (isTold) return;
    const below = children.get(task) ?? [];
    if (below.length > 0 && depth === DEEPEST) lines.push(`${rest}└── ...`);
    else {
      below.forEach((child, index) => {
        const isLast = index === below.length - 1;
        tell(
          child,
          rest + (isLast ? "└── " : "├── "),
          rest + (isLast ? "    " : "│   "),
          depth + 1,
        );
      });
    }
  };
  for (const root of roots) tell(root, "", "", 0);
  // Those that await each other have no root.
  for (const task of all) if (!told.has(task)) tell(task, "", "", 0);
  return lines.join("\n");
}

function inWords(task: Task<unknown>, numbering: Numbering): string {
  const awaited = awaitedOf(task);
  const isRunning = runningScheduler()?._slots.current === task;
  const what = isRunning
    ? " runs"
    : ` waits for ${awaited === undefined ? "its turn" : awaitedInWords(awaited, numbering, nameOfTask)}`;
  const frame = isRunning ? undefined : task.getStack().at(-1);
  const where = frame === undefined ? "" : ` ${frameInWords(frame)}`;
  return `${nameOfTask(task)}${what}${where}`;
}
