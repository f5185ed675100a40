// Prepares the trace of one thread to be joined with those of other threads.
//
// Viewers show joined traces as one. So no two recordings may use the same thread ids, no two
// arrows the same id, and instants must be those of a clock that all processes of a machine share.

import { monotonicClock } from "../loop/clock.ts";
import { callId } from "./callIds.ts";
import { CALL } from "./traceCalls.ts";
import type { TraceEvent } from "./traceEvent.ts";

/** A thread, as it appears in a trace of several processes. */
export interface TraceThread {
  readonly pid: number;
  /** The id of the worker thread; 0 for the main thread. */
  readonly thread: number;
  /**
   * What to add to an instant of the thread's monotonic clock, in milliseconds, to convert it to
   * the clock that all processes of the machine share.
   */
  readonly clockOffset: number;
}

/** What is needed of the global `process`, which only some platforms have. */
interface PlatformProcess {
  readonly pid?: number;
  getBuiltinModule?(name: "node:worker_threads"): { readonly threadId: number };
  readonly hrtime?: { bigint?(): bigint };
}

/** How many recordings of a thread get thread ids of their own, and how many ids each may use. */
const RINGS = 64;
const THREADS = 1_000;
/** How many arrows a trace may have before their ids could collide with those of another trace. */
const ARROWS = 2 ** 24;
const SPACES = 2 ** 28;
const NANOSECONDS = 1e6;

let known: TraceThread | undefined;

/** Returns the process and the thread in which this code runs, and the offset of its clock. */
export function thisThread(): TraceThread {
  if (known !== undefined) return known;
  const platform: PlatformProcess = Reflect.get(globalThis, "process") ?? {};
  const ticks = platform.hrtime?.bigint?.();
  known = {
    // A page can't read its process id, so a number made from its time origin is used instead.
    pid: platform.pid ?? 1 + (Math.floor(performance.timeOrigin * 1_000) % 1e6),
    thread: platform.getBuiltinModule?.("node:worker_threads").threadId ?? 0,
    clockOffset:
      ticks === undefined
        ? performance.timeOrigin
        : Number(ticks) / NANOSECONDS - monotonicClock.now(),
  };
  return known;
}

/**
 * Returns the events with the process, thread and arrow ids that they have in a joined trace. The
 * arrows of calls keep their ids, because both ends of such an arrow compute the same id.
 *
 * @param ring the number of the recording within its thread
 */
export function mergeable(
  events: readonly TraceEvent[],
  { pid, thread, clockOffset }: TraceThread,
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
