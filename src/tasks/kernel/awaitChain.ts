// In debug mode, the stack of an error names the tasks that await the failed task:
//
//   TypeError: no user
//       at fetchUser (app.ts:12:11)
//       awaited in task "profile" (app.ts:20:10)
//       awaited in task "main" (app.ts:30:3)
//
// The lines are appended when a task fails. The first is for a task that awaits the failed task at
// that time, directly or through gathers and groups, the second for a task that awaits the first
// one, and so on. If the failed task is awaited only later, the lines are appended then.

import { isError } from "../../lang/brands.ts";
import { type AwaitLocation, locations, ownFolder } from "../../lang/locations.ts";

/** A future, or something that passes a future's outcome on. */
interface Node {
  _waiters?(): Iterable<object>;
}

interface WaitingTask extends Node {
  getName(): string;
  getStack(): { readonly location: string | undefined }[];
}

/** The most lines that are appended. Needed because tasks may await each other in a cycle. */
const MAX_TASKS = 20;

/**
 * For each error, the outermost task that its stack names, or the failed task if the stack names
 * none. Refers to the task weakly, because an error that nobody retrieves is reported once its task
 * has been collected.
 */
const outermost = /* @__PURE__ */ new WeakMap<object, { deref(): object | undefined }>();

/**
 * Appends the tasks that await `failed`, which fails with `error`, to the error's stack. Only in
 * debug mode.
 */
export function traceFailure(error: unknown, failed: Node): void {
  if (locations.watchers > 0) append(error, failed, failed, []);
}

/**
 * Appends `task`, in which a `yield*` of `future` throws `error`, and the tasks that await `task`,
 * to the error's stack.
 */
export function traceAwait(
  error: unknown,
  future: Node,
  task: object | undefined,
  at: AwaitLocation | undefined,
): void {
  if (isTask(task)) append(error, future, task, [lineOf(task, at)]);
}

function append(error: unknown, future: Node, start: Node, lines: string[]): void {
  if (!isError(error)) return;
  const known = outermost.get(error);
  // An error that is thrown again elsewhere keeps the lines that it has.
  if (known !== undefined && known.deref() !== future) return;
  let last = start;
  for (let task = awaiterOf(last); task !== undefined; task = awaiterOf(last)) {
    if (lines.push(lineOf(task)) === MAX_TASKS) break;
    last = task;
  }
  outermost.set(error, typeof WeakRef === "function" ? new WeakRef(last) : { deref: () => last });
  try {
    if (lines.length > 0 && typeof error.stack === "string") {
      Reflect.set(error, "stack", [error.stack, ...lines].join("\n"));
    }
  } catch {
    // The stack can't be changed, because the program defines its own.
  }
}

/**
 * Returns the line for a task: its name and, if known, its innermost location outside this package.
 */
function lineOf(task: WaitingTask, at?: AwaitLocation): string {
  const own = ownFolder() ?? " ";
  const frames = [...task.getStack(), ...(at === undefined ? [] : [at.origin])].reverse();
  const frame = frames.find(({ location }) => location !== undefined && !location.startsWith(own));
  const where = frame === undefined ? "" : ` (${frame.location})`;
  return `    awaited in task ${JSON.stringify(task.getName())}${where}`;
}

/** Returns the first task that awaits `node`, directly or through other futures. */
function awaiterOf(node: Node): WaitingTask | undefined {
  const nodes = new Set<Node>([node]);
  for (const each of nodes) {
    for (const waiter of each._waiters?.() ?? []) {
      if (isTask(waiter)) return waiter;
      nodes.add(waiter);
    }
  }
  return undefined;
}

function isTask(value: object | undefined): value is WaitingTask {
  return value !== undefined && "getStack" in value;
}
