import type { TraceEvent } from "./traceEvent.ts";
import { eventsOf } from "./traceEvents.ts";
import { placed, placeHere } from "./tracePlaces.ts";
import type { TraceRing } from "./traceRing.ts";

const numbers = /* @__PURE__ */ new WeakMap<TraceRing, number>();
let count = 0;

/** Returns the events of a recording in this thread, as part of a trace of several processes. */
export function placedEvents(ring: TraceRing): TraceEvent[] {
  const number = numbers.get(ring) ?? count++;
  numbers.set(ring, number);
  const place = placeHere();
  return placed(eventsOf(ring.columns(), -place.clockOffset), place, number);
}
