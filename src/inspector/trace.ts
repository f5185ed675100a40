// Records what a loop does, for Chrome's trace viewer.

import { checkCount, checkFunction, outOfRange, wrongType } from "../lang/arguments.ts";
import { loopOf } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { type FlightDump, FlightRecorder } from "./flightRecorder.ts";
import { mergeableEvents } from "./mergeableEvents.ts";
import type { TraceEvent } from "./traceEvent.ts";
import { type TraceRecording, TraceRing } from "./traceRing.ts";

/** The options of `startTrace`. */
export interface TraceOptions {
  /** The loop to trace; by default the running one. */
  readonly loop?: Scheduler | undefined;
  /** How many of the latest events to keep; 100,000 by default. */
  readonly limit?: number | undefined;
  /**
   * Makes the recording a flight recorder. `dump` is called with the latest events when a warning
   * is raised, at most once a minute for each kind of warning, and when `signal` arrives. Warnings
   * are raised only after `warnings(loop)` was called. If `dump` throws, or returns a promise that
   * rejects, the exception goes to the loop's exception handler.
   */
  readonly dump?: FlightDump | undefined;
  /**
   * A signal, such as `"SIGUSR2"`. When the process receives it, `dump` is called too. If it
   * arrives during a step, `dump` is called after that step. Replaces the loop's own handler for
   * the signal. Needs `mysyncio/node`.
   */
  readonly signal?: string | undefined;
}

const LIMIT = 100_000;
/** More events would take gigabytes. */
const MOST = 100_000_000;
let latest: TraceRing | undefined;

/**
 * Starts to record what a loop does. Records until `stop()` is called, and keeps the latest events
 * in a ring of fixed size, so it may stay on permanently. Each event reads the clock once.
 *
 * A step that is under way when the recording starts is not recorded.
 *
 * With the option `dump`, the recording is a flight recorder: it passes its latest events to `dump`
 * when something goes wrong.
 *
 * @throws TypeError, RangeError if an option is invalid.
 * @throws RuntimeError if no loop is given and none is running, or if `signal` is given and the
 * platform has no signals.
 * @example
 * const recording = startTrace({ loop });
 * await loop.runUntilComplete(main);
 * recording.stop();
 * await writeFile("trace.json", JSON.stringify(traceEvents(recording)));
 * @example
 * warnings(loop);
 * const dump = (events: TraceEvent[]) => writeFileSync("flight.json", JSON.stringify(events));
 * startTrace({ loop, limit: 20_000, dump, signal: "SIGUSR2" });
 */
export function startTrace(options: TraceOptions = {}): TraceRecording {
  const loop = loopOf(options, "startTrace()");
  const { limit = LIMIT, dump, signal } = options;
  checkCount("limit", limit, 1);
  if (limit > MOST) throw outOfRange("limit", `at most ${MOST}`, limit);
  if (dump === undefined && signal !== undefined) throw new TypeError("`signal` needs `dump`");
  if (dump !== undefined) checkFunction("dump", dump);
  latest =
    dump === undefined ? new TraceRing(loop, limit) : new FlightRecorder(loop, limit, dump, signal);
  return latest;
}

/**
 * Returns a recording, by default the one that was started last, as events for the trace viewers of
 * Chrome and Perfetto. Write the events to a file as JSON. The thread "steps" has every step and
 * callback; the 500 busiest tasks have a thread each, with their steps and waits; arrows lead from
 * a step that wakes a task to the next step of that task. The events are in order of time.
 *
 * Calls in other threads and on a fleet have arrows too. Record on both sides and join the events:
 * all processes of a machine use the same clock, and the arrow of a call leads from the caller to
 * where the call runs, and back.
 *
 * @throws TypeError if `recording` was not returned by `startTrace`, or if none was ever started.
 */
export function traceEvents(recording: TraceRecording | undefined = latest): TraceEvent[] {
  if (recording instanceof TraceRing) return mergeableEvents(recording);
  throw wrongType("recording", "what `startTrace` has returned", recording);
}
