// The text of `mysyncio warnings`.

import type { TaskSnapshot } from "../inspector/types.ts";
import type { LoopWarning } from "../program/loopHooks.ts";
import { groupBy } from "./groups.ts";
import { HOW_TO_RECORD } from "./processReport.ts";
import { ageText, counted, placeOf, titleIn } from "./reportText.ts";

/** What was found in a target. */
export interface FoundWarnings {
  readonly pid: number | null;
  readonly thread: number | null;
  readonly program: string;
  /** How long the search took. */
  readonly seconds: number;
  readonly loops: readonly {
    readonly id: number;
    readonly time: number;
    /** How many tasks are not done. */
    readonly tasks: number;
    /** Resources that tasks wait for, and whose holders were not recorded. */
    readonly unrecorded: readonly string[];
    readonly warnings: readonly LoopWarning[];
  }[];
}

/** Kinds that stop a program come first, then those that slow it down. */
const ORDER = [
  ...["deadlock", "not-yielding", "swallowed-cancel", "never-awaited", "never-retrieved"],
  ...["forgotten-task", "queue-growing", "timer-leak", "slow-step", "lock-convoy", "herd"],
  ...["self-yielding", "promise-loop"],
];
const MAX_PLACES = 4;

/** Replaces the place of a warning with the lines where its tasks wait, if any are known. */
export function inTargetsPlaces(warning: LoopWarning, tasks: readonly TaskSnapshot[]): LoopWarning {
  const concerned = tasks.filter(({ id }) => warning.tasks.some((task) => task.id === id));
  const places = concerned.flatMap(({ coroutine, stack }) => {
    const place = placeOf(stack);
    return place === "" ? [] : `${coroutine || "anonymous"} ${place}`;
  });
  const different = [...new Set(places)];
  if (different.length === 0) return warning;
  const shown = different.slice(0, MAX_PLACES).join(", ");
  const more = different.length - MAX_PLACES;
  const resource = /^\w+ \d+(?=, awaited in )/.exec(warning.place)?.[0];
  const place = `${shown}${more > 0 ? ` and ${more} more` : ""}`;
  return { ...warning, place: resource === undefined ? place : `${resource}, awaited in ${place}` };
}

/** Returns the warnings of each loop, grouped by kind, the worst first. */
export function warningsText(found: FoundWarnings, limit: number): string {
  const lines: string[] = [];
  const duration = `${found.seconds.toFixed(1)} s`;
  if (found.loops.length === 0) lines.push(`No loop is running in ${titleIn(found)}.`);
  for (const { id, time, tasks, unrecorded, warnings } of found.loops) {
    const title = `loop ${id} of ${titleIn(found)}`;
    if (warnings.length === 0) {
      lines.push(`${title}: no warnings in ${duration}, with ${counted(tasks, "task")}`);
      lines.push(...blindSpot(unrecorded), "");
      continue;
    }
    lines.push(`${title}: ${counted(warnings.length, "warning")} in ${duration}`, "");
    const groups = groupBy(warnings, (warning) => warning.id);
    const kinds = [...groups].sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b));
    for (const [kind, all] of kinds) {
      lines.push(kind);
      for (const warning of all.slice(0, limit)) lines.push(...linesOf(warning, time));
      if (all.length > limit) lines.push(`  ... and ${all.length - limit} more`);
      lines.push(`  fix: ${all[0]?.wayOut}`, "");
    }
    const unseen = blindSpot(unrecorded);
    if (unseen.length > 0) lines.push(...unseen, "");
  }
  return lines.join("\n").trimEnd();
}

/** Returns lines that say which deadlocks would not be found. */
function blindSpot(unrecorded: readonly string[]): string[] {
  // Most deadlocks over locks involve two of them. It is ordinary that many tasks wait for one.
  if (unrecorded.length < 2) return [];
  const more = unrecorded.length - MAX_PLACES;
  const names = unrecorded.slice(0, MAX_PLACES).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return [
    `  Tasks wait for ${names}, but nobody recorded who holds them, so a deadlock would not be found`,
    `  ${HOW_TO_RECORD}`,
  ];
}

function linesOf({ message, evidence, place, tasks, since }: LoopWarning, time: number): string[] {
  const names = tasks.map(({ name }) => name).join(", ");
  return [
    `  ${message}`,
    `    for ${ageText(time - since)}: ${evidence}`,
    ...(place === "" ? [] : [`    at ${place}`]),
    ...(names === "" ? [] : [`    tasks: ${names}`]),
  ];
}
