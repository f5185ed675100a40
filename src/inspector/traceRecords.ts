// Pairs the records of a trace: the start of a step with its end, a wait with what ended it.

import type { Served } from "./traceCalls.ts";
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

export const PROCESS = 1;
/** The id of the thread that has all steps. */
export const STEPS = 1;

/** The `label` of a step. A wait has the number of its label instead. */
export const STEP = -1;
const CALLBACK = -2;
/** The halves of a call's id are in two columns. */
const HALF = 2 ** 32;

/** A record, with the ids of the calls that it concerns. In the columns, these ids follow it. */
type TraceRecord = readonly [
  kind: number | undefined,
  /** In microseconds. */
  time: number,
  /** The number of the task, callback or call. For TURN, the size of the batch. */
  subject: number,
  ids: number[],
  /** For WAITS, the number of the label. For WAKES, the number of the waker. */
  object: number,
];

/** An arrow from a step to a later one. */
export interface Arrow {
  readonly from: Slice;
  /**
   * The subject of the later step. The arrow ends at the first step of this subject that begins at
   * `at` or later.
   */
  readonly to: number;
  readonly at: number;
  /** The id of the call, if the arrow belongs to one. */
  readonly id?: number;
}

/** A wait that has not ended. */
interface Wait {
  readonly at: number;
  readonly label: number;
}

/** A bar of the trace: a step, a callback or a wait. Not a slice of the pump. */
export interface Slice {
  readonly subject: number;
  readonly begins: number;
  ends: number;
  /** The number of a wait's label, or `STEP` or `CALLBACK`. */
  readonly label: number;
  /** Whether its end was recorded too. */
  isWhole: boolean;
}

/** Returns the steps, callbacks and waits, the arrows between them, and the size of each batch. */
export function slicesOf(columns: TraceColumns, origin: number) {
  const slices: Slice[] = [];
  const arrows: Arrow[] = [];
  const counters: TraceEvent[] = [];
  const open: Slice[] = [];
  const waiting = new Map<number, Wait>();
  /** The calls that tasks wait for, each with the step after which a task first waited for it. */
  const begun = new Map<number, Slice>();
  for (const [kind, time, subject, ids, object] of recordsOf(columns, origin)) {
    if (kind === STEP_BEGINS || kind === CALLBACK_BEGINS) {
      const label = kind === STEP_BEGINS ? STEP : CALLBACK;
      open.push({ subject, begins: time, ends: time, isWhole: false, label });
    } else if (kind === STEP_ENDS || kind === CALLBACK_ENDS) {
      const slice = open.at(-1);
      if (slice?.subject !== subject) continue; // its start was overwritten
      open.pop();
      slice.ends = time;
      slice.isWhole = true;
      slices.push(slice);
    } else if (kind === WAITS) {
      waiting.set(subject, { at: time, label: object });
      const after = slices.at(-1);
      if (after?.subject !== subject) continue;
      for (const id of ids) begun.set(id, begun.get(id) ?? after);
    } else if (kind === WAKES) {
      const wait = waiting.get(subject);
      waiting.delete(subject);
      if (wait !== undefined) {
        const { at: begins, label } = wait;
        slices.push({ subject, begins, ends: time, label, isWhole: true });
      }
      const waker = open.findLast((slice) => slice.subject === object);
      if (waker !== undefined) arrows.push({ from: waker, to: subject, at: time });
      for (const id of ids) {
        const from = begun.get(id);
        if (from !== undefined) arrows.push({ from, to: subject, at: time, id });
        begun.delete(id);
      }
    } else if (kind === TURN) {
      counters.push({
        ...{ name: "ready", ph: "C", ts: time, pid: PROCESS, tid: STEPS },
        args: { entries: subject },
      });
    }
  }
  // Calls that have not ended get an arrow too.
  for (const [id, from] of begun) arrows.push({ from, to: from.subject, at: Infinity, id });
  return { slices, arrows, counters };
}

/** Returns the calls that ran for callers elsewhere. Unfinished calls end at the last record. */
export function servedIn(columns: TraceColumns, origin: number): Served[] {
  const serving = new Map<number, Served>();
  const served: Served[] = [];
  let last = 0;
  for (const [kind, time, subject, ids] of recordsOf(columns, origin)) {
    const call = serving.get(subject);
    if (kind === SERVING_BEGINS) {
      // A call may get another name and id while it runs.
      serving.set(subject, { subject, begins: call?.begins ?? time, ends: time, ids });
    } else if (kind === SERVING_ENDS) {
      serving.delete(subject);
      if (call !== undefined) served.push({ ...call, ends: time });
    }
    last = time;
  }
  for (const call of serving.values()) served.push({ ...call, ends: last });
  return served;
}

function* recordsOf(
  { kinds, times, subjects, objects }: TraceColumns,
  origin: number,
): Generator<TraceRecord, void> {
  for (let at = 0, next = 0; at < kinds.length; at = next) {
    const ids: number[] = [];
    for (next = at + 1; kinds[next] === CALL_ID; next++) {
      ids.push((objects[next] as number) * HALF + (subjects[next] as number));
    }
    // Convert times before computing durations, so that slices nest exactly in spite of rounding.
    const time = ((times[at] as number) - origin) * 1_000;
    yield [kinds[at], time, subjects[at] as number, ids, objects[at] as number];
  }
}
