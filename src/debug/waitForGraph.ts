// The wait-for graph: what each task waits for, and which tasks wait for each other.
//
// Waits are not recorded in advance. The graph is computed on request from references that exist
// anyway: from a task to the future it waits for, from a composed future to its parts, and from a
// waiter to the lock or queue that it waits for. The holders of locks are recorded only while they
// may be needed (loop/holders.ts).
//
//   task ──waits for──> Gather ──parts──> task
//                                 └─────> Lock ──held by──> task

import type { TaskWait } from "../lang/errors.ts";
import type { AwaitLocation } from "../lang/locations.ts";
import { holdersOf } from "../loop/holders.ts";
import type { WaitForGraph } from "../loop/platform.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { allTasks } from "../tasks/currentTask.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { Task } from "../tasks/kernel/task.ts";
import { nodesInCycles } from "./cycles.ts";
import { pendingFrom } from "./pendingFrom.ts";

/** The maximum number of tasks in the text. The graph itself contains all. */
const MAX_LINES = 50;
/** The maximum number of names in a list in the text. */
const MAX_NAMES = 8;

/** Returns the name of a task, or of another runnable, which is a callback or a timer. */
export type Naming = (runnable: object) => string;

/** What a task waits for, directly and through composed futures. */
export interface Awaited {
  /** The future that the task waits for directly. */
  readonly future: Future<unknown>;
  /** The tasks that it awaits. */
  readonly tasks: readonly Task<unknown>[];
  /** Locks, queues and other primitives, each with its kind, such as `Lock`. */
  readonly resources: ReadonlyMap<object, string>;
}

/** Returns what `task` waits for; undefined if it does not wait for a future. */
export function awaitedOf(task: Task<unknown>): Awaited | undefined {
  const future = task._inspect().on;
  if (future === undefined || future.done()) return undefined;
  const tasks: Task<unknown>[] = [];
  const resources = new Map<object, string>();
  for (const each of pendingFrom(future, (one) => one._parts?.() ?? [])) {
    if (each instanceof Task) tasks.push(each);
    else if (each._resource !== undefined) resources.set(each._resource(), each._describe());
  }
  return { future, tasks, resources };
}

/** Numbers locks and queues, which have no names, in the order in which they are mentioned. */
export class Numbering {
  readonly #numbers = new Map<object, number>();

  /** Returns `kind` with the number of `primitive`, as in `Lock 1`. */
  nameOf(primitive: object, kind: string): string {
    const number = this.#numbers.get(primitive) ?? this.#numbers.size + 1;
    this.#numbers.set(primitive, number);
    return `${kind} ${number}`;
  }
}

/** Returns a task's name as reports show it; for other runnables, `a callback`. */
export function nameOfRunnable(runnable: object): string {
  return runnable instanceof Task ? runnable._describe() : "a callback";
}

/** Returns the wait-for graph of all tasks of `loop`. */
export function waitForGraph(loop: Scheduler, naming: Naming = nameOfRunnable): WaitForGraph {
  const all = [...allTasks(loop)];
  const numbering = new Numbering();
  const edges = new Map<object, readonly object[]>();
  for (const task of all) edges.set(task, blockersOf(awaitedOf(task)));
  const cycles = nodesInCycles(edges);
  const waits = all.map((task) => {
    const awaited = awaitedOf(task);
    const what = awaited === undefined ? "its turn" : describeAwaited(awaited, numbering, naming);
    const resources = [...(awaited?.resources.keys() ?? [])];
    const tasks = edges.get(task) as readonly object[];
    return new Wait(task, what, resources, tasks, cycles.has(task));
  });
  const lines = waits.slice(0, MAX_LINES).map((wait) => {
    const at = wait.task._inspect().at;
    const where = at === undefined ? "" : ` in ${describePlace(at)}`;
    const mark = wait.isInCycle ? " <- in a cycle" : "";
    return `    ${naming(wait.task)} waits for ${wait.what}${where}${mark}`;
  });
  if (waits.length > MAX_LINES) lines.push(`    ... and ${waits.length - MAX_LINES} more`);
  return { waits, text: lines.map((line) => `\n${line}`).join("") };
}

/**
 * A task's wait, as part of an error. Tasks are in private fields behind getters, because test
 * runners and consoles print every field of an error, and would print the whole loop.
 */
class Wait implements TaskWait {
  readonly name: string;
  readonly what: string;
  readonly location: string | undefined;
  readonly isInCycle: boolean;
  readonly #task: Task<unknown>;
  readonly #resources: readonly object[];
  readonly #tasks: readonly object[];

  constructor(
    task: Task<unknown>,
    what: string,
    resources: readonly object[],
    tasks: readonly object[],
    isInCycle: boolean,
  ) {
    this.name = task.getName();
    this.what = what;
    this.location = task._inspect().at?.origin.location;
    this.isInCycle = isInCycle;
    this.#task = task;
    this.#resources = resources;
    this.#tasks = tasks;
  }

  get task(): Task<unknown> {
    return this.#task;
  }

  get resources(): readonly object[] {
    return this.#resources;
  }

  get tasks(): readonly object[] {
    return this.#tasks;
  }

  toJSON(): object {
    const { name, what, location, isInCycle } = this;
    return { name, what, location, isInCycle };
  }
}

/** Returns the tasks that can end a wait: those it awaits, and those that hold what it needs. */
function blockersOf(awaited: Awaited | undefined): Task<unknown>[] {
  if (awaited === undefined) return [];
  const tasks = new Set(awaited.tasks);
  for (const resource of awaited.resources.keys()) {
    for (const { by } of holdersOf(resource)) if (by instanceof Task && !by.done()) tasks.add(by);
  }
  return [...tasks];
}

/** Returns, for example, `Lock 1 held by Task "a"` or `Gather of Task "a" and Task "b"`. */
export function describeAwaited(awaited: Awaited, numbering: Numbering, naming: Naming): string {
  const { future, tasks, resources } = awaited;
  const parts = tasks.map(naming);
  for (const [resource, kind] of resources) {
    parts.push(`${numbering.nameOf(resource, kind)}${describeHolders(resource, naming)}`);
  }
  // A task or a primitive that is awaited directly is the only part.
  if (future instanceof Task || future._resource !== undefined) return parts.join("");
  const whole = future._describe();
  return parts.length === 0 ? whole : `${whole} of ${enumerate(shortened(parts))}`;
}

function describeHolders(resource: object, naming: Naming): string {
  const held = holdersOf(resource);
  if (held.length === 0) return "";
  const names = held.map(({ by }) => {
    if (by === undefined) return "code outside any loop";
    const name = naming(by);
    return by instanceof Task && by.done() ? `${name}, which has ended` : name;
  });
  return ` held by ${enumerate(shortened([...new Set(names)]))}`;
}

function shortened(names: readonly string[]): readonly string[] {
  if (names.length <= MAX_NAMES) return names;
  return [...names.slice(0, MAX_NAMES), `${names.length - MAX_NAMES} more`];
}

/** Returns `a`, `a and b`, or `a, b and c`. */
export function enumerate(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/**
 * Describes where a task waits: the function and its location. If the task waits inside this
 * library, describes the library's function and the location of the call to it.
 */
export function describePlace({ functionName, location, origin }: AwaitLocation): string {
  const own = nameAt(functionName, location);
  return origin.location === location
    ? own
    : `${functionName}, called from ${nameAt(origin.functionName, origin.location)}`;
}

function nameAt(functionName: string, location: string): string {
  return `${functionName || "<anonymous>"} (${location})`;
}
