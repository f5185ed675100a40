// The thread in which a trace was recorded, so that traces of several threads can be merged.
//
// Viewers show joined traces together. So no two loops may have the same thread, no two arrows the
// same id, and instants must be those of a clock that all processes of a machine share.

import { monotonicClock } from "../loop/clock.ts";
import { callId } from "./callIds.ts";
import { CALL } from "./traceCalls.ts";
import type { TraceEvent } from "./traceEvent.ts";

/** A thread, as it appears in a trace of several processes. */
export interface TraceThread {
  readonly pid: number;
  /** The id of the worker thread; 0 for the main thread. */
  readonly thread: number;
  /** The milliseconds from the thread's monotonic clock to the clock of all processes. */
  readonly clockOffset: number;
}

/** The parts that are needed of the global that only some platforms have. */
interface PlatformProcess {
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

let known: TraceThread | undefined;

/** Returns the process, the thread and the clock of this code. */
export function thisThread(): TraceThread {
  if (known !== undefined) return known;
  const platform: PlatformProcess = Reflect.get(globalThis, "process") ?? {};
  const ticks = platform.hrtime?.bigint?.();
  known = {
    // Pages don't know their process, but each page and worker has begun at another instant.
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
 * Moves events to their process and thread in a joined trace.
 *
 * @param ring which trace of its thread it is
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
