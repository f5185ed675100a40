// The events of a trace in the format of Chrome's trace viewer.

import { CALL, type Served, servedCalls } from "./traceCalls.ts";
import type { TraceEvent } from "./traceEvent.ts";
import {
  CALL_ID,
  CALLBACK_BEGINS,
  CALLBACK_ENDS,
  SERVING_BEGINS,
  SERVING_ENDS,
  STEP_BEGINS,
  STEP_ENDS,
  type TraceColumns,
  TURN,
  WAITS,
  WAKES,
} from "./traceRing.ts";

/** How many tasks get a line of their own: the busiest ones. */
const MAX_LINES = 500;
const PROCESS = 1;
/** The thread of all steps. Lines of tasks follow, and then those of calls that run here. */
const STEPS = 1;
const FIRST_LINE = 10;

/** What a slice has in place of the number of a wait's label. */
const STEP = -1;
const CALLBACK = -2;
/** The halves of a call's id are in two columns. */
const HALF = 2 ** 32;

/**
 * Converts what a ring has kept; instants count from `origin`. Steps and waits whose begin was
 * overwritten are left out. `placed` moves them to the process and the thread where they belong.
 */
export function eventsOf(columns: TraceColumns, origin = columns.times[0] ?? 0): TraceEvent[] {
  const { kinds, times, subjects, objects } = columns;
  const slices: Slice[] = [];
  const flows: Flow[] = [];
  const counters: TraceEvent[] = [];
  const open: Slice[] = [];
  const waiting = new Map<number, Wait>();
  const serving = new Map<number, Served>();
  const served: Served[] = [];
  /** Calls that a task waits for, with the step before its first wait. */
  const begun = new Map<number, Slice>();
  /** Called with the id of a call if the record before expects one. */
  let takeId: ((id: number) => void) | undefined;
  // Rounded once, before durations are computed, so that slices nest exactly.
  const microseconds = (time: number) => (time - origin) * 1_000;
  for (let at = 0; at < kinds.length; at++) {
    const time = microseconds(times[at] as number);
    const subject = subjects[at] as number;
    const object = objects[at] as number;
    if (kinds[at] === CALL_ID) {
      takeId?.(object * HALF + subject);
      continue;
    }
    takeId = undefined;
    switch (kinds[at]) {
      case STEP_BEGINS:
      case CALLBACK_BEGINS:
        open.push({
          ...{ subject, begins: time, ends: time, isWhole: false },
          label: kinds[at] === STEP_BEGINS ? STEP : CALLBACK,
        });
        break;
      case STEP_ENDS:
      case CALLBACK_ENDS: {
        const slice = open.at(-1);
        if (slice?.subject !== subject) break; // its begin was overwritten
        open.pop();
        slice.ends = time;
        slice.isWhole = true;
        slices.push(slice);
        break;
      }
      case WAITS: {
        waiting.set(subject, { at: time, label: object });
        const after = slices.at(-1);
        if (after?.subject === subject) takeId = (id) => begun.set(id, begun.get(id) ?? after);
        break;
      }
      case SERVING_BEGINS: {
        // It may get another name and id while it runs.
        const begins = serving.get(subject)?.begins ?? time;
        const ids: number[] = [];
        serving.set(subject, { subject, begins, ends: time, ids });
        takeId = (id) => ids.push(id);
        break;
      }
      case SERVING_ENDS: {
        const call = serving.get(subject);
        serving.delete(subject);
        if (call !== undefined) served.push({ ...call, ends: time });
        break;
      }
      case WAKES: {
        const wait = waiting.get(subject);
        waiting.delete(subject);
        if (wait !== undefined) {
          const { at: begins, label } = wait;
          slices.push({ subject, begins, ends: time, label, isWhole: true });
        }
        takeId = (id) => {
          const from = begun.get(id);
          if (from !== undefined) flows.push({ from, to: subject, at: time, id });
          begun.delete(id);
        };
        const waker = open.findLast((slice) => slice.subject === object);
        if (waker !== undefined) flows.push({ from: waker, to: subject, at: time });
        break;
      }
      case TURN:
        counters.push({
          ...{ name: "ready", ph: "C", ts: time, pid: PROCESS, tid: STEPS },
          args: { entries: subject },
        });
        break;
    }
  }
  // Calls that have not ended are interesting too.
  const last = microseconds(times[kinds.length - 1] ?? origin);
  for (const [id, from] of begun) flows.push({ from, to: from.subject, at: Infinity, id });
  served.push(...Array.from(serving.values(), (call) => ({ ...call, ends: last })));
  const events = slicesAndFlows(columns, slices, flows);
  const calls = servedCalls(served, PROCESS, new Map(columns.names));
  return [...events, ...calls, ...counters].sort((a, b) => a.ts - b.ts);
}

function slicesAndFlows(
  columns: TraceColumns,
  slices: readonly Slice[],
  flows: readonly Flow[],
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
  /** For each subject, how many of its steps began before the arrow at hand. */
  const passed = new Map<number, number>();
  const calls = new Set<number>();
  let count = 0;
  for (const { from, to, at, id } of flows) {
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

/** An arrow. */
interface Flow {
  readonly from: Slice;
  /** It ends at the first step of this subject that begins at `at` or later. */
  readonly to: number;
  readonly at: number;
  /** The id of a call. */
  readonly id?: number;
}

/** A wait that has not ended. */
interface Wait {
  readonly at: number;
  readonly label: number;
}

/** A step, or a wait with the number of its label. */
interface Slice {
  readonly subject: number;
  readonly begins: number;
  ends: number;
  /** The number of a wait's label, or `STEP` or `CALLBACK`. */
  readonly label: number;
  /** Whether its end was recorded too. */
  isWhole: boolean;
}

/** Assigns a thread to each of the busiest tasks. */
function linesOf(steps: readonly Slice[]): Map<number, number> {
  const busy = new Map<number, number>();
  for (const { subject, begins, ends, label } of steps) {
    // Most callbacks run only once, and are in the line of all steps.
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
