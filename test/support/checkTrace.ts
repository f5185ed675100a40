import { expect } from "vitest";
import type { TraceEvent } from "../../src/inspector.ts";

/** Checks what trace viewers need: valid numbers, slices that nest, and arrows with both ends. */
export function checkTrace(events: readonly TraceEvent[]): void {
  let last = 0;
  const open = new Map<string, number[]>();
  const flows = new Map<number, string>();
  for (const { ph, ts, dur = 0, pid, tid, id = 0 } of events) {
    expect(Number.isFinite(ts) && Number.isFinite(dur) && dur >= 0).toBe(true);
    expect(ts).toBeGreaterThanOrEqual(last);
    last = ts;
    if (ph === "X") {
      const thread = `${pid}/${tid}`;
      const ends = open.get(thread) ?? [];
      while (ends.length > 0 && (ends.at(-1) as number) <= ts) ends.pop();
      // Rounding moves an end by less than a nanosecond.
      expect(ts + dur).toBeLessThanOrEqual((ends.at(-1) ?? Infinity) + 1e-3);
      open.set(thread, [...ends, ts + dur]);
    } else if (ph === "s" || ph === "f") flows.set(id, (flows.get(id) ?? "") + ph);
  }
  expect([...flows.values()].filter((ends) => ends !== "sf")).toEqual([]);
}
