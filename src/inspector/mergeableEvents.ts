import type { TraceEvent } from "./traceEvent.ts";
import { eventsOf } from "./traceEvents.ts";
import type { TraceRing } from "./traceRing.ts";
import { mergeable, thisThread } from "./traceThread.ts";

const numbers = /* @__PURE__ */ new WeakMap<TraceRing, number>();
let count = 0;

/** Returns the events of a recording of this thread, ready to be joined with other traces. */
export function mergeableEvents(ring: TraceRing): TraceEvent[] {
  const number = numbers.get(ring) ?? count++;
  numbers.set(ring, number);
  const thread = thisThread();
  return mergeable(eventsOf(ring.columns(), -thread.clockOffset), thread, number);
}
