// Formats the output of `mysyncio ps`. `mysyncio pstree` uses parts of it.

import type { ThreadReading } from "../inspector/node/inTarget.ts";
import type {
  LoopSnapshot,
  ResourceSnapshot,
  TaskSnapshot,
  WaitSnapshot,
} from "../inspector/types.ts";
import { groupBy } from "./groups.ts";
import { ageText, aligned, counted, functionOfTask, placeOf, titleIn } from "./reportText.ts";

export interface ReportOptions {
  /** The maximum number of groups of tasks in `ps`, or of children of a task in `pstree`. */
  readonly limit: number;
  /** The maximum number of levels of the tree. */
  readonly depth: number;
}

/**
 * Returns a paragraph for each loop: a line for each group of tasks that wait at the same location
 * for the same thing, and lines for its primitives, calls and warnings.
 */
export function processList(reading: ThreadReading, { limit }: ReportOptions): string {
  const lines: string[] = [];
  if (reading.loops.length === 0) lines.push(`No loop is running in ${titleIn(reading)}.`);
  for (const loop of reading.loops) {
    lines.push(headOf(loop, reading));
    const groups = groupBy(loop.tasks, (task) => keyOf(task, loop));
    const sorted = [...groups.values()].sort((a, b) => b.length - a.length);
    const rows = sorted.slice(0, limit).map((tasks) => rowOf(tasks, loop));
    const width = Math.max(...rows.map(([count = ""]) => count.length));
    const cells = rows.map(([count = "", who = "", ...others]) => [
      `${count.padStart(width)} ${who}`,
      ...others,
    ]);
    lines.push(...aligned(cells));
    if (sorted.length > limit)
      lines.push(`  ... and ${counted(sorted.length - limit, "more group")}`);
    for (const resource of loop.resources) lines.push(`  ${primitiveText(resource, loop)}`);
    if (loop.resources.some(isHolderMissing)) lines.push(`  ${HOW_TO_RECORD}`);
    for (const line of callLines(loop)) lines.push(`  ${line}`);
    for (const { id, evidence, place, wayOut } of loop.warnings) {
      lines.push(`  warning ${id}: ${evidence} (${place}). ${wayOut}`);
    }
    lines.push("");
  }
  return lines.join("\n").trimEnd();
}

/**
 * Returns a line for each function called elsewhere: how many of its calls run in each worker, and
 * how many still wait.
 */
function callLines({ calls }: LoopSnapshot): string[] {
  const functions = groupBy(calls, ({ label }) => withoutWorker(label));
  return [...functions].map(([name, own]) => {
    const workers = groupBy(own, ({ label }) => /\((.*?)\)/.exec(label)?.[1] ?? "under way");
    const counts = [...workers].map(([worker, some]) => `${some.length} ${worker}`);
    const more = counts.length - MOST_WORKERS;
    return `${name}: ${counts.slice(0, MOST_WORKERS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  });
}

/** Removes the worker from the label of a call. */
function withoutWorker(label: string): string {
  return label.replace(/ \([^)]*\)/, "");
}

const MOST_WORKERS = 8;

/** The kinds of primitives that always have a holder while tasks wait for them. */
const HELD = ["Lock", "Semaphore", "BoundedSemaphore"];
export const HOW_TO_RECORD =
  "To know who holds what, start the program with `node --import mysyncio/inspector/register`, or let it call `warnings(loop)`";

/** Whether a primitive is held, but its holder was not recorded. */
export function isHolderMissing({ kind, holders, line }: ResourceSnapshot): boolean {
  return HELD.includes(kind) && holders.length === 0 && line.length > 0;
}

/** Describes a primitive: where it is awaited, who holds it, and how many tasks wait for it. */
function primitiveText(resource: ResourceSnapshot, loop: LoopSnapshot): string {
  const { label, line, size, limit } = resource;
  const tasks = new Map(loop.tasks.map((task) => [task.id, task]));
  const first = tasks.get(line[0] ?? 0);
  const place = first === undefined ? "" : placeOf(first.stack);
  const facts = [
    size === null
      ? ""
      : limit === null
        ? counted(size, "item")
        : `${size.toLocaleString("en")} of ${counted(limit, "item")}`,
    isHolderMissing(resource) ? "holder not recorded" : heldBy(resource, loop, true),
    `${line.length.toLocaleString("en")} waiting, first ${first?.name ?? "unknown"}${place && ` at ${place}`}`,
  ].filter((fact) => fact !== "");
  return `${label}: ${facts.join(", ")}`;
}

/** Returns `held by ...`; empty if no holder is known. */
function heldBy(
  { holders }: ResourceSnapshot,
  { tasks }: LoopSnapshot,
  withPlace: boolean,
): string {
  const names = tasks
    .filter(({ id }) => holders.includes(id))
    .map(({ name, stack }) => (withPlace ? `${name} ${placeOf(stack)}`.trimEnd() : name));
  return names.length === 0 ? "" : `held by ${names.join(", ")}`;
}

export function headOf({ loop, tasks }: LoopSnapshot, reading: ThreadReading): string {
  const { ready, timers, externals, utilization, lag } = loop;
  const idle = tasks.length === 0 ? ["no tasks"] : [];
  const facts = [...idle, `${ready.toLocaleString("en")} ready`, counted(timers, "timer")];
  if (externals > 0) facts.push(`${counted(externals, "wait")} for something outside`);
  if (utilization !== null) facts.push(`${Math.round(utilization * 100)}% busy`);
  if (lag !== null) facts.push(`${lag.toFixed(1)} ms late`);
  return `loop ${loop.id} of ${titleIn(reading)}: ${facts.join(", ")}`;
}

function keyOf(task: TaskSnapshot, loop: LoopSnapshot): string {
  return [functionOfTask(task), placeOf(task.stack), stateOf(task, loop, true)].join("\n");
}

function rowOf(tasks: readonly TaskSnapshot[], loop: LoopSnapshot): string[] {
  const [task] = tasks as [TaskSnapshot];
  const ages = tasks.flatMap(({ since }) => (since === null ? [] : loop.loop.time - since));
  const oldest = ages.length === 0 ? "" : `for ${ageText(Math.max(...ages))}`;
  const name = functionOfTask(task);
  const who = tasks.length === 1 && task.name !== name ? `${name} "${task.name}"` : name;
  return [
    `${tasks.length.toLocaleString("en")} ×`,
    who,
    placeOf(task.stack),
    `${stateOf(task, loop, tasks.length > 1)} ${oldest}`,
  ];
}

/** Describes a task: its function, location and state. */
export function describeTask(task: TaskSnapshot, loop: LoopSnapshot): string {
  const place = `${functionOfTask(task)} ${placeOf(task.stack)}`.trimEnd();
  return `${place}  ${stateOf(task, loop, false)}`;
}

function stateOf(task: TaskSnapshot, loop: LoopSnapshot, inGroup: boolean): string {
  const { state, waitsFor, cancelling } = task;
  const [only, ...others] = waitsFor?.resources ?? [];
  const resource = others.length > 0 ? undefined : loop.resources.find(({ id }) => id === only);
  const holders = resource === undefined ? "" : heldBy(resource, loop, false);
  const text =
    waitsFor === null
      ? state
      : `waits for ${inGroup ? sharedLabel(waitsFor) : waitsFor.label}${holders && `, ${holders}`}`;
  return cancelling > 0 ? `${text}, cancelled ${times(cancelling)}` : text;
}

function times(count: number): string {
  return ["never", "once", "twice"][count] ?? `${count} times`;
}

/** Returns the label of a wait without what differs between the tasks of a group. */
function sharedLabel({ kind, label }: WaitSnapshot): string {
  if (kind === "Task") return "a task";
  return kind.endsWith("Call") ? withoutWorker(label) : label;
}
