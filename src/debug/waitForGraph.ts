// Who waits for what, and who for each other.
//
// Nothing of this is kept while a program runs. It is read off when somebody asks: a task knows the future that it waits
// for, what is made of futures knows its parts, and a place in a line knows whose line it is. Who holds a lock is noted
// only where that may be asked (loop/holders.ts).
//
//   task ──waits for──> Gather ──parts──> task
//                                 └─────> Lock ──held by──> task

import type { WaitForGraph } from "../loop/deadlock.ts";
import type { TaskWait } from "../loop/errors.ts";
import { holdersOf } from "../loop/holders.ts";
import type { WaitingPlace } from "../loop/places.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { allTasks } from "../tasks/awaitable.ts";
import type { Future } from "../tasks/future.ts";
import { Task } from "../tasks/task.ts";
import { cyclesOf } from "./cycles.ts";

/** So many tasks are told in words; the structure has all. */
const MOST_LINES = 50;
/** So many of what one task waits for. */
const MOST_NAMES = 8;

/** Gives a name to who takes turns: a task, or a callback. */
export type Naming = (who: object) => string;

/** What a task waits for, through whatever is made of futures. */
export interface Awaited {
  /** What it waits for directly. */
  readonly future: Future<unknown>;
  /** Tasks that it awaits. */
  readonly tasks: readonly Task<unknown>[];
  /** Locks, queues and the like, each with the words for what is waited for. */
  readonly resources: ReadonlyMap<object, string>;
}

/** What `task` waits for; undefined if it does not wait for a future. */
export function awaitedOf(task: Task<unknown>): Awaited | undefined {
  const future = task._waits().on;
  if (future === undefined || future.done()) return undefined;
  const tasks: Task<unknown>[] = [];
  const resources = new Map<object, string>();
  const seen = new Set<Future<unknown>>();
  // A list and no recursion: gathers of gathers may be deep.
  const rest = [future];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (next.done() || seen.has(next)) continue;
    seen.add(next);
    if (next instanceof Task) tasks.push(next);
    else if (next._resource !== undefined) resources.set(next._resource(), next._describe());
    else for (const part of [...(next._parts?.() ?? [])].reverse()) rest.push(part);
  }
  return { future, tasks, resources };
}

/** Numbers locks and queues, which have no names, in the order in which they are named. */
export class Numbering {
  readonly #numbers = new Map<object, number>();

  /** `kind`, with a number for `what`. */
  nameOf(what: object, kind: string): string {
    const number = this.#numbers.get(what) ?? this.#numbers.size + 1;
    this.#numbers.set(what, number);
    return `${kind} ${number}`;
  }
}

/** A task's own name, as reports have it. */
export function nameOfTask(who: object): string {
  return who instanceof Task ? who._describe() : "a callback";
}

/** The wait-for graph of all tasks of `loop`. */
export function waitForGraph(loop: Scheduler, naming: Naming = nameOfTask): WaitForGraph {
  const all = [...allTasks(loop)];
  const numbering = new Numbering();
  const edges = new Map<object, readonly object[]>();
  for (const task of all) edges.set(task, tasksBehind(awaitedOf(task)));
  const cycles = cyclesOf(edges);
  const waits = all.map((task) => {
    const awaited = awaitedOf(task);
    const what = awaited === undefined ? "its turn" : awaitedInWords(awaited, numbering, naming);
    const resources = [...(awaited?.resources.keys() ?? [])];
    const tasks = edges.get(task) as readonly object[];
    return new Wait(task, what, resources, tasks, cycles.has(task));
  });
  const lines = waits.slice(0, MOST_LINES).map((wait) => {
    const at = wait.task._waits().at;
    const where = at === undefined ? "" : ` in ${placeInWords(at)}`;
    const mark = wait.isInCycle ? " <- in a cycle" : "";
    return `    ${naming(wait.task)} waits for ${wait.what}${where}${mark}`;
  });
  if (waits.length > MOST_LINES) lines.push(`    ... and ${waits.length - MOST_LINES} more`);
  return { waits, words: lines.map((line) => `\n${line}`).join("") };
}

/** Shows words, and no tasks: test runners and consoles print whatever they find in an error, and would print the whole loop. */
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
    this.location = task._waits().at?.origin.location;
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

/** The tasks whose end, or whose release, would let it go on. */
function tasksBehind(awaited: Awaited | undefined): Task<unknown>[] {
  if (awaited === undefined) return [];
  const tasks = new Set(awaited.tasks);
  for (const resource of awaited.resources.keys()) {
    for (const { by } of holdersOf(resource)) if (by instanceof Task && !by.done()) tasks.add(by);
  }
  return [...tasks];
}

/** `Lock 1 held by Task "a"`, `Gather of Task "a" and Task "b"`. */
export function awaitedInWords(awaited: Awaited, numbering: Numbering, naming: Naming): string {
  const { future, tasks, resources } = awaited;
  const parts = tasks.map(naming);
  for (const [resource, kind] of resources) {
    parts.push(`${numbering.nameOf(resource, kind)}${heldInWords(resource, naming)}`);
  }
  const shown = parts.slice(0, MOST_NAMES);
  if (parts.length > MOST_NAMES) shown.push(`${parts.length - MOST_NAMES} more`);
  if (future instanceof Task || future._resource !== undefined) return shown.join("");
  const whole = future._describe();
  return parts.length === 0 ? whole : `${whole} of ${listOf(shown)}`;
}

function heldInWords(resource: object, naming: Naming): string {
  const held = holdersOf(resource);
  if (held.length === 0) return "";
  const names = held.map(({ by }) => {
    if (by === undefined) return "what runs on no loop";
    const name = naming(by);
    return by instanceof Task && by.done() ? `${name}, which is over` : name;
  });
  return ` held by ${listOf([...new Set(names)].slice(0, MOST_NAMES))}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Where a wait began: the place of a user's, and what was called there if the wait is inside of it. */
export function placeInWords({ functionName, location, origin }: WaitingPlace): string {
  const own = nameAt(functionName, location);
  return origin.location === location
    ? own
    : `${functionName}, called in ${nameAt(origin.functionName, origin.location)}`;
}

function nameAt(functionName: string, location: string): string {
  return `${functionName || "a function"} (${location})`;
}
