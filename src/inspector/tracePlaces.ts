// Where a trace belongs among others: its process, its thread, and its clock.
//
// Viewers show joined traces together. So no two loops may have the same thread, no two arrows the
// same id, and instants must be those of a clock that all processes of a machine share.

import { monotonicClock } from "../loop/clock.ts";
import { callId } from "./callIds.ts";
import { CALL } from "./traceCalls.ts";
import type { TraceEvent } from "./traceEvent.ts";

/** The process and the thread in which something was recorded. */
export interface TracePlace {
  readonly pid: number;
  /** The id of the worker thread; 0 for the main thread. */
  readonly thread: number;
  /** The milliseconds from the thread's monotonic clock to the clock of all processes. */
  readonly clockOffset: number;
}

/** The parts that are needed of the global that only some platforms have. */
interface HostProcess {
  readonly pid?: number;
  getBuiltinModule?(name: "node:worker_threads"): { readonly threadId: number };
  readonly hrtime?: { bigint?(): bigint };
}

/** How many loops of a thread are kept apart, and how many threads of a trace each may have. */
const RINGS = 64;
const THREADS = 1_000;
/** How many arrows a trace may have before their ids could be those of another trace. */
const ARROWS = 2 ** 24;
const SPACES = 2 ** 28;
const NANOSECONDS = 1e6;

let here: TracePlace | undefined;

/** Returns the process, the thread and the clock of this code. */
export function placeHere(): TracePlace {
  if (here !== undefined) return here;
  const host: HostProcess = Reflect.get(globalThis, "process") ?? {};
  const ticks = host.hrtime?.bigint?.();
  here = {
    // Pages don't know their process, but each page and worker has begun at another instant.
    pid: host.pid ?? 1 + (Math.floor(performance.timeOrigin * 1_000) % 1e6),
    thread: host.getBuiltinModule?.("node:worker_threads").threadId ?? 0,
    clockOffset:
      ticks === undefined
        ? performance.timeOrigin
        : Number(ticks) / NANOSECONDS - monotonicClock.now(),
  };
  return here;
}

/**
 * Moves events to their process and thread in a joined trace.
 *
 * @param ring which trace of its thread it is
 */
export function placed(
  events: readonly TraceEvent[],
  { pid, thread, clockOffset }: TracePlace,
  ring: number,
): TraceEvent[] {
  const firstThread = (thread * RINGS + (ring % RINGS)) * THREADS;
  const firstArrow = (callId(`${pid} ${clockOffset} ${ring}`) % SPACES) * ARROWS;
  return events.map((event) => ({
    ...event,
    ...{ pid, tid: event.tid + firstThread },
    ...(event.id !== undefined && event.cat !== CALL.cat && { id: firstArrow + event.id }),
  }));
}
