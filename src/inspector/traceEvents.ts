// The events of a trace in the format of Chrome's trace viewer.

import { CALL, servedCalls } from "./traceCalls.ts";
import type { TraceEvent } from "./traceEvent.ts";
import {
  type Arrow,
  PROCESS,
  type Slice,
  STEP,
  STEPS,
  servedIn,
  slicesOf,
} from "./traceRecords.ts";
import type { TraceColumns } from "./traceRing.ts";

/** How many tasks get a line of their own. These are the busiest ones. */
const MAX_LINES = 500;
/** The thread id of the first task's line. */
const FIRST_LINE = 10;

/**
 * Converts what a trace ring has kept to events. Instants are relative to `origin`. Steps and waits
 * whose start was overwritten are left out. `mergeable` later assigns the events to their process
 * and thread.
 */
export function eventsOf(columns: TraceColumns, origin = columns.times[0] ?? 0): TraceEvent[] {
  const { slices, arrows, counters } = slicesOf(columns, origin);
  const events = slicesAndArrows(columns, slices, arrows);
  const calls = servedCalls(servedIn(columns, origin), PROCESS, new Map(columns.names));
  return [...events, ...calls, ...counters].sort((a, b) => a.ts - b.ts);
}

function slicesAndArrows(
  columns: TraceColumns,
  slices: readonly Slice[],
  arrows: readonly Arrow[],
): TraceEvent[] {
  const steps = slices.filter(({ label }) => label < 0);
  const lines = linesOf(steps);
  const names = new Map(columns.names);
  const events: TraceEvent[] = [nameOfThread(STEPS, "steps")];
  for (const [subject, tid] of lines) {
    events.push(nameOfThread(tid, names.get(subject) ?? ""));
  }
  for (const { subject, begins, ends, label } of slices) {
    const line = lines.get(subject);
    const slice = { ph: "X", ts: begins, dur: ends - begins, pid: PROCESS } as const;
    if (label < 0) {
      const name = names.get(subject) ?? "";
      events.push({ ...slice, name, tid: STEPS, cat: label === STEP ? "step" : "callback" });
      if (line !== undefined) events.push({ ...slice, name: "step", tid: line, cat: "step" });
    } else if (line !== undefined) {
      events.push({ ...slice, name: `waits for ${columns.labels[label]}`, tid: line, cat: "wait" });
    }
  }
  const stepsOf = groupBySubject(steps);
  /** For each subject, how many of its steps began before the current arrow. */
  const passed = new Map<number, number>();
  const calls = new Set<number>();
  let count = 0;
  for (const { from, to, at, id } of arrows) {
    const own = stepsOf.get(to) ?? [];
    let next = passed.get(to) ?? 0;
    while (next < own.length && (own[next] as Slice).begins < at) next++;
    passed.set(to, next);
    const woken = own[next];
    if (id === undefined) {
      // An arrow needs a step at both ends.
      if (woken === undefined || !from.isWhole) continue;
      const flow = { name: "wakes", cat: "wake", id: ++count, pid: PROCESS, tid: STEPS } as const;
      events.push({ ...flow, ph: "s", ts: at });
      events.push({ ...flow, ph: "f", bp: "e", ts: woken.begins });
    } else if (!calls.has(id)) {
      // Two tasks may wait for the same call, but an arrow has only one beginning.
      calls.add(id);
      const flow = { ...CALL, id, pid: PROCESS, tid: STEPS } as const;
      const ts = (from.begins + from.ends) / 2;
      events.push({ ...flow, ph: "s", ts }, { ...flow, ph: "f", bp: "e", ts: woken?.begins ?? ts });
    }
  }
  return events;
}

/** Assigns a line, which the format calls a thread, to each of the busiest tasks. */
function linesOf(steps: readonly Slice[]): Map<number, number> {
  const busy = new Map<number, number>();
  for (const { subject, begins, ends, label } of steps) {
    // Callbacks get no line of their own: most run only once, and the line "steps" shows them.
    if (label === STEP) busy.set(subject, (busy.get(subject) ?? 0) + ends - begins);
  }
  const busiest = [...busy].sort(([, a], [, b]) => b - a).slice(0, MAX_LINES);
  return new Map(
    busiest
      .map(([subject]) => subject)
      .sort((a, b) => a - b)
      .map((subject, index) => [subject, FIRST_LINE + index]),
  );
}

function groupBySubject(slices: readonly Slice[]): Map<number, Slice[]> {
  const groups = new Map<number, Slice[]>();
  for (const slice of slices) {
    const group = groups.get(slice.subject);
    if (group === undefined) groups.set(slice.subject, [slice]);
    else group.push(slice);
  }
  for (const group of groups.values()) group.sort((a, b) => a.begins - b.begins);
  return groups;
}

function nameOfThread(tid: number, name: string): TraceEvent {
  return { name: "thread_name", ph: "M", ts: 0, pid: PROCESS, tid, args: { name } };
}
