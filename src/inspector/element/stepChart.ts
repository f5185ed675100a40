// What the timeline draws: a lane for each task, with its steps and waits, and arrows between them.
//
// The arrows of a trace connect slices of one thread, which contains the steps of all tasks. Here
// each task has a lane, so both ends of each arrow are looked up among the steps of the lanes.

import type { TraceEvent } from "../traceEvent.ts";

export interface ChartSlice {
  /** Instants in microseconds, from the start of the trace. */
  readonly begins: number;
  readonly ends: number;
  readonly kind: "step" | "wait";
  readonly label: string;
}

interface ChartLane {
  readonly name: string;
  /** The slices, in order of time. */
  readonly slices: readonly ChartSlice[];
}

/**
 * An arrow from the step that woke a task to the next step of that task. `from` and `to` are
 * instants, like those of a `ChartSlice`.
 */
interface ChartArrow {
  readonly fromLane: number;
  readonly from: number;
  readonly toLane: number;
  readonly to: number;
}

export interface StepChart {
  readonly begins: number;
  readonly ends: number;
  readonly lanes: readonly ChartLane[];
  /** The arrows, in order of their ends. */
  readonly arrows: readonly ChartArrow[];
  readonly steps: number;
}

/** The id that `traceEvents` gives the thread with the steps of all tasks. */
const STEPS = 1;

export function stepChartOf(events: readonly TraceEvent[]): StepChart {
  const names = new Map<number, string>();
  const slices = new Map<number, ChartSlice[]>();
  const starts = new Map<number, number>();
  const flows: { readonly from: number; readonly to: number }[] = [];
  const callbacks: ChartSlice[] = [];
  let begins = Infinity;
  let ends = -Infinity;
  let steps = 0;
  for (const { ph, tid, ts, dur = 0, name, cat, id, args } of events) {
    if (ph === "M") names.set(tid, String(args?.["name"] ?? name));
    else if (ph === "s") starts.set(id as number, ts);
    else if (ph === "f") {
      const from = starts.get(id as number);
      if (from !== undefined) flows.push({ from, to: ts });
    } else if (ph === "X") {
      begins = Math.min(begins, ts);
      ends = Math.max(ends, ts + dur);
      const slice: ChartSlice = {
        ...{ begins: ts, ends: ts + dur, label: name },
        // A call that runs here for a caller elsewhere is not a step, though it contains steps.
        kind: cat === "step" || cat === "callback" ? "step" : "wait",
      };
      if (tid === STEPS) {
        steps++;
        if (cat === "callback") callbacks.push(slice);
      } else if (slices.has(tid)) slices.get(tid)?.push(slice);
      else slices.set(tid, [slice]);
    }
  }
  const threads = [...slices.keys()].sort((a, b) => a - b);
  const lanes: ChartLane[] = threads.map((tid) => ({
    name: names.get(tid) ?? "",
    slices: slices.get(tid) as ChartSlice[],
  }));
  // All callbacks share a lane, because most of them run only once.
  if (callbacks.length > 0) lanes.unshift({ name: "callbacks", slices: callbacks });
  return {
    ...{ begins: Math.min(begins, ends), ends: Math.max(begins === Infinity ? 0 : begins, ends) },
    ...{ lanes, arrows: arrowsOf(flows, lanes), steps },
  };
}

function arrowsOf(
  flows: readonly { readonly from: number; readonly to: number }[],
  lanes: readonly ChartLane[],
): ChartArrow[] {
  const steps = lanes
    .flatMap(({ slices }, lane) =>
      slices
        .filter(({ kind }) => kind === "step")
        .map(({ begins, ends }) => ({ lane, begins, ends })),
    )
    .sort((a, b) => a.begins - b.begins);
  /** Returns the lane of the last step that had begun but not ended at `time`, if there is one. */
  const laneAt = (time: number): number | undefined => {
    let low = 0;
    let high = steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((steps[middle] as (typeof steps)[number]).begins <= time) low = middle + 1;
      else high = middle;
    }
    // Steps nest if one starts another task eagerly.
    for (let at = low - 1; at >= Math.max(0, low - 8); at--) {
      const step = steps[at] as (typeof steps)[number];
      if (time <= step.ends) return step.lane;
    }
    return undefined;
  };
  return flows
    .flatMap(({ from, to }) => {
      const fromLane = laneAt(from);
      const toLane = laneAt(to);
      return fromLane === undefined || toLane === undefined ? [] : [{ fromLane, from, toLane, to }];
    })
    .sort((a, b) => a.to - b.to);
}
