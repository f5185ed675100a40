// Who awaits whom, seen from one future: what it is in, and who waits for it.
//
//   leaf          + call stack
//     worker        + call stack          of who awaits leaf, through gathers, groups, shields
//       main          + call stack        of who awaits worker

import { checkCount, checkOptions, wrongType } from "../loop/arguments.ts";
import { placeOfCall } from "../loop/places.ts";
import { runningScheduler } from "../loop/scheduler.ts";
import { currentTask } from "../tasks/awaitable.ts";
import { type Future, isFuture, type Waiter } from "../tasks/future.ts";
import { Task, type TaskFrame } from "../tasks/task.ts";

/** A future, what runs in it and who awaits it. Like `asyncio.FutureCallGraph`. */
export interface FutureCallGraph {
  readonly future: Future<unknown>;
  /** The functions that a task is in, the innermost first; nothing for a future that is no task. */
  readonly callStack: readonly TaskFrame[];
  /** The tasks that await it, directly or through `gather`, `taskGroup`, `shield` and the like. */
  readonly awaitedBy: readonly FutureCallGraph[];
}

/** How a call graph is captured. */
export interface CallGraphOptions {
  /** How many functions of each task, from the innermost; by default all. */
  readonly limit?: number | undefined;
}

/** Callers are indented, up to so many levels: who is awaited by more is not read by people. */
const DEEPEST = 40;

/**
 * The call graph of a task or future, by default of the task that runs: its functions, who awaits it, who awaits that one,
 * and so on. Undefined if none is given and no task runs.
 *
 * Nothing has to be switched on for it. Decorated functions are told by name; in debug mode all are, with file, line and
 * column. Of tasks that await each other each is told once. A future that many await, on different ways, is one object.
 *
 * Like `asyncio.capture_call_graph`. Its `depth` is not needed here.
 *
 * @throws TypeError if `future` is no future.
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
 * The call graph in words, a line for each function and each task; empty where there is none. Like
 * `asyncio.format_call_graph`.
 *
 * @throws TypeError if `future` is no future.
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

/** Writes `formatCallGraph()` to the console. Like `asyncio.print_call_graph`. @throws TypeError if `future` is no future */
export function printCallGraph(future?: Future<unknown>, options?: CallGraphOptions): void {
  console.error(formatCallGraph(future, options));
}

/** The tasks that await a future, through whatever is made of futures. Remembers them for one description. */
export class Awaiters {
  readonly #known = new Map<object, readonly Task<unknown>[]>();

  /** A list and no recursion: gathers of gathers may be deep. */
  of(future: Future<unknown>): readonly Task<unknown>[] {
    const path = [levelOf(future)];
    const open = new Set<object>([future]);
    for (let level = path.at(-1); level !== undefined; level = path.at(-1)) {
      const { done, value } = level.next.next();
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

function levelOf(node: object): { node: object; above: object[]; next: Iterator<object> } {
  const above = [...((node as Waiter)._waiters?.() ?? [])];
  return { node, above, next: above.values() };
}

/** The functions on the native stack, and then those that were suspended outside of them. */
function runningStack(waiting: readonly TaskFrame[]): readonly TaskFrame[] {
  const native = placeOfCall(captureCallGraph)?.frames ?? [];
  const outermost = native.at(-1)?.functionName;
  // What it was in when it last waited, it may have left since.
  const left = waiting.findIndex(({ functionName }) => functionName === outermost);
  return [...native, ...waiting.slice(left + 1)];
}

interface Visit {
  readonly future: Future<unknown>;
  readonly next: Iterator<Task<unknown>>;
  readonly awaitedBy: FutureCallGraph[];
}

/** Depth first and without recursion: chains of tasks may be long. */
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

/** A graph in words. Who was told before is told by name only. */
export function linesOf(
  graph: FutureCallGraph,
  naming: (of: Future<unknown>) => string = (of) => of._describe(),
): string[] {
  const lines: string[] = [];
  const told = new Set<Future<unknown>>();
  const tell = ({ future, callStack, awaitedBy }: FutureCallGraph, depth: number): void => {
    const indent = "    ".repeat(depth);
    const isTold = told.has(future);
    lines.push(`${indent}* ${naming(future)}${isTold ? ", as above" : ""}`);
    if (isTold) return;
    told.add(future);
    if (callStack.length > 0) lines.push(`${indent}  + Call stack:`);
    for (const frame of callStack) lines.push(`${indent}  |   ${frameInWords(frame)}`);
    if (awaitedBy.length > 0) lines.push(`${indent}  + Awaited by:`);
    if (awaitedBy.length > 0 && depth === DEEPEST) lines.push(`${indent}    ...`);
    else for (const caller of awaitedBy) tell(caller, depth + 1);
  };
  tell(graph, 0);
  return lines;
}

export function frameInWords({ functionName, location }: TaskFrame): string {
  const name = functionName || "a function";
  return location === undefined ? `at ${name}` : `at ${name} (${location})`;
}
