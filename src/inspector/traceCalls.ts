// The part of a trace that leads to other threads and machines: arrows between a task that waits
// for a call and what runs the call.
//
// An arrow begins (s) and ends (f) at the caller. Where the call runs, it passes through two points
// (t):
//
//   caller     [ step ]   waits for the call                     [ step ]
//                  s                                             f
//   elsewhere               [ the call runs ................. ]
//                           t                                 t
//
// Each trace is complete on its own. Traces of several processes fit together when they are joined,
// because both sides compute the same id.

import type { TraceEvent } from "./traceEvent.ts";

/** A call that runs here for a caller elsewhere. */
export interface Served {
  /** The key of the call's name in the trace's `names`. */
  readonly subject: number;
  readonly begins: number;
  readonly ends: number;
  /** The recorded ids of the call. Only the last one is used. */
  readonly ids: number[];
}

/**
 * The thread id, in the trace, of the first lane. Each of the calls that overlap has its own lane.
 */
const FIRST_LANE = 600;
const MAX_LANES = 300;

/** The fields that all events of a call's arrow share. */
export const CALL = { name: "call", cat: "call" } as const;

/**
 * Returns, for each call that runs here, an event with its duration and the two points of its
 * arrow. Leaves out calls for which no lane is free.
 */
export function servedCalls(
  calls: readonly Served[],
  pid: number,
  names: ReadonlyMap<number, string>,
): TraceEvent[] {
  const events: TraceEvent[] = [];
  const laneEnds: number[] = [];
  for (const { subject, begins, ends, ids } of [...calls].sort((a, b) => a.begins - b.begins)) {
    const free = laneEnds.findIndex((end) => end <= begins);
    const lane = free < 0 ? laneEnds.length : free;
    if (lane === MAX_LANES) continue;
    const tid = FIRST_LANE + lane;
    if (lane === laneEnds.length) {
      const args = { name: lane === 0 ? "calls" : `calls ${lane + 1}` };
      events.push({ name: "thread_name", ph: "M", ts: 0, pid, tid, args });
    }
    laneEnds[lane] = ends;
    events.push({
      ...slice,
      name: names.get(subject) ?? "",
      ph: "X",
      ts: begins,
      dur: ends - begins,
      pid,
      tid,
    });
    const id = ids.at(-1);
    if (id === undefined) continue;
    for (const ts of [begins, ends]) events.push({ ...CALL, id, ph: "t", ts, pid, tid });
  }
  return events;
}

const slice = { cat: "call" } as const;

/**
 * Cuts each arrow of joined traces in two. One arrow leads from the caller to where the call first
 * ran. If the call has returned, the other leads back to the caller, from where the call last ran.
 * Leaves out an arrow if one of its sides is in none of the traces.
 */
export function cutCallArrows(events: readonly TraceEvent[]): TraceEvent[] {
  const begins = new Map<number, TraceEvent>();
  const steps = new Map<number, TraceEvent[]>();
  const ends = new Map<number, TraceEvent>();
  const others: TraceEvent[] = [];
  for (const event of [...events].sort((a, b) => a.ts - b.ts)) {
    const { ph, id } = event;
    if (event.cat !== CALL.cat || id === undefined) others.push(event);
    else if (ph === "s") begins.set(id, begins.get(id) ?? event);
    else if (ph === "f") ends.set(id, ends.get(id) ?? event);
    else if (steps.has(id)) steps.get(id)?.push(event);
    else steps.set(id, [event]);
  }
  const arrows = [...begins].flatMap(([id, begin]): TraceEvent[] => {
    const end = ends.get(id);
    const own = steps.get(id) ?? [];
    const [first, last] = [own[0], own.at(-1)];
    if (end === undefined || first === undefined || last === undefined) return [];
    const there: TraceEvent[] = [
      begin,
      { ...first, ph: "f", bp: "e", ts: Math.max(first.ts, begin.ts) },
    ];
    // Until its call has returned, an arrow ends at the instant at which it begins.
    if (end.ts <= begin.ts) return there;
    const back = { ...CALL, id: id + HALF_OF_IDS };
    return [
      ...there,
      { ...last, ...back, ph: "s", ts: Math.min(last.ts, end.ts) },
      { ...end, ...back },
    ];
  });
  return [...others, ...arrows];
}

/** Ids of calls are smaller than this. */
const HALF_OF_IDS = 2 ** 52;
