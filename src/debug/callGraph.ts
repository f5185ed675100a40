// The call graph of a future: its call stack, and the tasks that await it.
//
//   leaf          + call stack
//     worker        + call stack          awaits leaf, through gathers, groups, shields
//       main          + call stack        awaits worker

import { checkCount, checkOptions, wrongType } from "../lang/arguments.ts";
import { locationOfCall } from "../lang/locations.ts";
import { runningScheduler } from "../loop/current.ts";
import { currentTask } from "../tasks/currentTask.ts";
import { type Future, isFuture, type Waiter } from "../tasks/kernel/future.ts";
import { Task } from "../tasks/kernel/task.ts";
import type { TaskFrame } from "../tasks/kernel/taskStack.ts";

/** A future, its call stack, and the tasks that await it. Like `asyncio.FutureCallGraph`. */
export interface FutureCallGraph {
  readonly future: Future<unknown>;
  /** The functions that a task is in, innermost first. Empty for a future that is not a task. */
  readonly callStack: readonly TaskFrame[];
  /**
   * The tasks that await the future, directly or through `gather`, `taskGroup`, `shield` and so on.
   */
  readonly awaitedBy: readonly FutureCallGraph[];
}

/** Options for capturing a call graph. */
export interface CallGraphOptions {
  /** How many functions of each task to include, from the innermost. By default all. */
  readonly limit?: number | undefined;
}

/** Deeper levels are omitted from the text. */
const MAX_DEPTH = 40;

/**
 * Returns the call graph of a task or future, by default of the current task: the functions that
 * the task is in, the tasks that await it, the tasks that await those, and so on. Returns undefined
 * if no future is given and no task is running.
 *
 * Works at any time. Without debug mode, the graph contains the names of decorated functions. In
 * debug mode, it contains all functions, with file, line and column. A future that is reached in
 * several ways appears as a single object. Cycles are cut: a task that awaits itself indirectly
 * appears a second time, without its functions and awaiters.
 *
 * Like `asyncio.capture_call_graph`, but without `depth`, which is not needed here.
 *
 * @throws TypeError if `future` is not a future.
 */
export function captureCallGraph(
  future?: Future<unknown>,
  options: CallGraphOptions = {},
): FutureCallGraph | undefined {
  checkOptions(options);
  const { limit = Infinity } = options;
  checkCount("limit", limit);
  if (future !== undefined && !isFuture(future)) {
    throw wrongType("future", "a future or a task", future);
  }
  const running = runningScheduler() === undefined ? undefined : currentTask();
  const start = future ?? running;
  if (start === undefined) return undefined;
  const stackOf = (of: Future<unknown>): readonly TaskFrame[] => {
    if (!(of instanceof Task)) return [];
    const waiting = of.getStack().reverse();
    const stack = of === running ? runningStack(waiting) : waiting;
    return stack.slice(0, limit);
  };
  return graphOf(start, stackOf);
}

/**
 * Returns the call graph as text, with a line for each task and each function. Empty if there is no
 * graph. Like `asyncio.format_call_graph`.
 *
 * @throws TypeError if `future` is not a future.
 * @example
 * console.log(formatCallGraph());
 * // * Task "leaf"
 * //   + Call stack:
 * //   |   at leaf (app.ts:3:10)
 * //   + Awaited by:
 * //     * Task "main"
 * //       + Call stack:
 * //       |   at main (app.ts:9:12)
 */
export function formatCallGraph(future?: Future<unknown>, options?: CallGraphOptions): string {
  const graph = captureCallGraph(future, options);
  return graph === undefined ? "" : linesOf(graph).join("\n");
}

/**
 * Prints `formatCallGraph()` with `console.error`. Like `asyncio.print_call_graph`.
 * @throws TypeError if `future` is not a future.
 */
export function printCallGraph(future?: Future<unknown>, options?: CallGraphOptions): void {
  console.error(formatCallGraph(future, options));
}

/**
 * Finds the tasks that await a future, directly or through composed futures. If several futures are
 * awaited only by one composed future, `of` returns the same array for each of them.
 * `formatTaskTree` relies on that.
 */
export class Awaiters {
  readonly #known = new Map<object, readonly Task<unknown>[]>();

  // Not recursive, because gathers of gathers may be deep.
  of(future: Future<unknown>): readonly Task<unknown>[] {
    const path = [levelOf(future)];
    const open = new Set<object>([future]);
    for (let level = path.at(-1); level !== undefined; level = path.at(-1)) {
      const { done, value } = level.rest.next();
      if (done) {
        path.pop();
        this.#known.set(level.node, this.#join(level.above));
      } else if (!(value instanceof Task || this.#known.has(value) || open.has(value))) {
        open.add(value);
        path.push(levelOf(value));
      }
    }
    return this.#known.get(future) as readonly Task<unknown>[];
  }

  #join(waiters: readonly object[]): readonly Task<unknown>[] {
    const lists = waiters.map((waiter) =>
      waiter instanceof Task ? [waiter] : (this.#known.get(waiter) ?? []),
    );
    return lists.length === 1 ? (lists[0] as Task<unknown>[]) : [...new Set(lists.flat())];
  }
}

function levelOf(node: object): { node: object; above: object[]; rest: Iterator<object> } {
  const above = [...((node as Waiter)._waiters?.() ?? [])];
  return { node, above, rest: above.values() };
}

/** Returns the functions on the native stack, then the suspended ones outside them. */
function runningStack(waiting: readonly TaskFrame[]): readonly TaskFrame[] {
  const native = locationOfCall(captureCallGraph)?.frames ?? [];
  const outermost = native.at(-1)?.functionName;
  // `waiting` is the stack of the last suspension. Drops its functions up to the outermost native
  // one, because the task now runs them, or has left them.
  const resumed = waiting.findIndex(({ functionName }) => functionName === outermost);
  return [...native, ...waiting.slice(resumed + 1)];
}

interface Visit {
  readonly future: Future<unknown>;
  readonly next: Iterator<Task<unknown>>;
  readonly awaitedBy: FutureCallGraph[];
}

/** Searches depth first. Not recursive, because chains of tasks may be long. */
function graphOf(
  start: Future<unknown>,
  stackOf: (future: Future<unknown>) => readonly TaskFrame[],
): FutureCallGraph {
  const awaiters = new Awaiters();
  const known = new Map<Future<unknown>, FutureCallGraph>();
  const onPath = new Set<Future<unknown>>();
  const path: Visit[] = [];
  const enter = (future: Future<unknown>): void => {
    onPath.add(future);
    path.push({ future, next: awaiters.of(future).values(), awaitedBy: [] });
  };
  enter(start);
  for (;;) {
    const { future, next, awaitedBy } = path.at(-1) as Visit;
    const { done, value } = next.next();
    if (!done) {
      const complete = known.get(value);
      if (complete !== undefined) awaitedBy.push(complete);
      else if (onPath.has(value)) awaitedBy.push({ future: value, callStack: [], awaitedBy: [] });
      else enter(value);
      continue;
    }
    const graph = { future, callStack: stackOf(future), awaitedBy };
    known.set(future, graph);
    onPath.delete(future);
    path.pop();
    const parent = path.at(-1);
    if (parent === undefined) return graph;
    parent.awaitedBy.push(graph);
  }
}

/** Returns the lines of a graph. A future that was shown before is only mentioned by name. */
export function linesOf(
  graph: FutureCallGraph,
  naming: (future: Future<unknown>) => string = (future) => future._describe(),
): string[] {
  const lines: string[] = [];
  const shown = new Set<Future<unknown>>();
  const show = ({ future, callStack, awaitedBy }: FutureCallGraph, depth: number): void => {
    const indent = "    ".repeat(depth);
    const isRepeated = shown.has(future);
    lines.push(`${indent}* ${naming(future)}${isRepeated ? ", shown above" : ""}`);
    if (isRepeated) return;
    shown.add(future);
    if (callStack.length > 0) lines.push(`${indent}  + Call stack:`);
    for (const frame of callStack) lines.push(`${indent}  |   ${describeFrame(frame)}`);
    if (awaitedBy.length > 0) lines.push(`${indent}  + Awaited by:`);
    if (awaitedBy.length > 0 && depth === MAX_DEPTH) lines.push(`${indent}    ...`);
    else for (const caller of awaitedBy) show(caller, depth + 1);
  };
  show(graph, 0);
  return lines;
}

export function describeFrame({ functionName, location }: TaskFrame): string {
  const name = functionName || "<anonymous>";
  return location === undefined ? `at ${name}` : `at ${name} (${location})`;
}
