// Formats the output of `mysyncio pstree`.

import type { ThreadReading } from "../inspector/node/inTarget.ts";
import type { CallSnapshot, LoopSnapshot, TaskSnapshot } from "../inspector/types.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { describeTask, headOf, type ReportOptions } from "./processReport.ts";
import { titleIn } from "./reportText.ts";

/**
 * Returns the tasks as a tree: below each task, the tasks and the calls that it awaits.
 *
 * @param elsewhere the other ends of calls, by the ids of the calls
 */
export function processTree(
  reading: ThreadReading,
  options: ReportOptions,
  elsewhere: ReadonlyMap<number, Elsewhere> = new Map(),
): string {
  if (reading.loops.length === 0) return `No loop is running in ${titleIn(reading)}.`;
  return reading.loops
    .map((loop) => {
      const tree = new Tree(loop, options, elsewhere);
      tree.addRoots(rootsOf(loop, calledIn(loop, elsewhere)), "", 1);
      return [headOf(loop, reading), ...tree.lines].join("\n");
    })
    .join("\n\n");
}

/**
 * Returns the ids of the tasks of a loop that run calls made by the same loop, which is possible
 * with `memoryEngine`.
 */
function calledIn(own: LoopSnapshot, elsewhere: ReadonlyMap<number, Elsewhere>): Set<number> {
  const ends = own.calls.flatMap(({ id }) => elsewhere.get(id)?.loops ?? []);
  return new Set(ends.flatMap(({ loop, task }) => (loop === own && task !== null ? task : [])));
}

/**
 * Returns the tasks at the top of the tree: those that no task awaits, and one task of each cycle
 * that is not below another root.
 *
 * @param called the ids of tasks that are not roots, because they are shown below the calls that
 * they run
 */
function rootsOf({ tasks }: LoopSnapshot, called: ReadonlySet<number> = new Set()): TaskSnapshot[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const below = new Set<number>();
  const addAll = (root: TaskSnapshot) => {
    const rest = [root];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (below.has(next.id)) continue;
      below.add(next.id);
      rest.push(...(next.waitsFor?.tasks ?? []).flatMap((id) => byId.get(id) ?? []));
    }
  };
  const roots = tasks.filter(({ id, awaitedBy }) => awaitedBy.length === 0 && !called.has(id));
  for (const root of roots) addAll(root);
  for (const id of called) addAll(byId.get(id) as TaskSnapshot);
  for (const task of tasks) {
    if (below.has(task.id)) continue;
    roots.push(task);
    addAll(task);
  }
  return roots;
}

class Tree {
  readonly lines: string[] = [];
  readonly #loop: LoopSnapshot;
  readonly #options: ReportOptions;
  readonly #elsewhere: ReadonlyMap<number, Elsewhere>;
  readonly #tasks: ReadonlyMap<number, TaskSnapshot>;
  readonly #calls: ReadonlyMap<number, CallSnapshot>;
  readonly #shown = new Set<number>();

  constructor(
    loop: LoopSnapshot,
    options: ReportOptions,
    elsewhere: ReadonlyMap<number, Elsewhere>,
  ) {
    this.#loop = loop;
    this.#options = options;
    this.#elsewhere = elsewhere;
    this.#tasks = new Map(loop.tasks.map((task) => [task.id, task]));
    this.#calls = new Map(loop.calls.map((call) => [call.id, call]));
  }

  addRoots(roots: readonly TaskSnapshot[], indent: string, depth: number): void {
    const listed = roots.slice(0, this.#options.limit);
    for (const root of listed) this.#add(root, indent, indent, depth);
    const hidden = roots.length - listed.length;
    if (hidden > 0) this.lines.push(`${indent}... and ${hidden} more`);
  }

  #add(task: TaskSnapshot, first: string, rest: string, depth: number): void {
    const isRepeated = this.#shown.has(task.id);
    this.#shown.add(task.id);
    const text = isRepeated ? "shown above" : describeTask(task, this.#loop);
    this.lines.push(`${first}${task.name}  ${text}`);
    if (isRepeated) return;
    const children = (task.waitsFor?.tasks ?? []).flatMap((id) => this.#tasks.get(id) ?? []);
    const calls = (task.waitsFor?.calls ?? [])
      .flatMap((id) => this.#calls.get(id) ?? [])
      // A call that the task awaits directly is already named in the task's line.
      .filter(({ id, label }) => this.#elsewhere.has(id) || label !== task.waitsFor?.label);
    const items = [
      ...calls.map((call) => (head: string, tail: string) => {
        this.#addCall(call, head, tail, depth + 1);
      }),
      ...children.map((child) => (head: string, tail: string) => {
        this.#add(child, head, tail, depth + 1);
      }),
    ];
    if (items.length > 0 && depth >= this.#options.depth) {
      this.lines.push(`${rest}└── ${items.length} more`);
      return;
    }
    const listed = items.slice(0, this.#options.limit);
    const hidden = items.length - listed.length;
    listed.forEach((add, at) => {
      const isLast = at === listed.length - 1 && hidden === 0;
      add(rest + (isLast ? "└── " : "├── "), rest + (isLast ? "    " : "│   "));
    });
    if (hidden > 0) this.lines.push(`${rest}└── ... and ${hidden} more`);
  }

  /** Adds a call, and below it the tasks that run it, usually in another thread or process. */
  #addCall({ id, label }: CallSnapshot, first: string, rest: string, depth: number): void {
    const { loops = [], note = "" } = this.#elsewhere.get(id) ?? {};
    this.lines.push(`${first}${label}${note && `: ${note}`}`);
    for (const { loop, task } of loops) {
      if (loop === this.#loop) {
        const own = this.#tasks.get(task ?? 0);
        if (own !== undefined) this.#add(own, `${rest}└── `, `${rest}    `, depth);
        continue;
      }
      const tree = new Tree(loop, this.#options, new Map());
      const roots = task === null ? rootsOf(loop) : loop.tasks.filter(({ id }) => id === task);
      tree.addRoots(roots, rest, depth);
      this.lines.push(...tree.lines);
    }
  }
}
