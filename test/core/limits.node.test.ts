// Tests the last slot of a core. Only in Node, because so many slots take hundreds of megabytes.

import { expect, test } from "vitest";
import { newCore, SLOT_MASK } from "../../src/core/core.ts";

test.each(["wasm", "js"] as const)(
  "the %s core has 2^24 - 1 slots and rejects one more",
  (kind) => {
    const core = newCore(kind);
    for (let slot = 1; slot < SLOT_MASK; slot++) core.allocate();
    const last = core.allocate();
    expect(last).toBe(SLOT_MASK);

    expect(() => core.allocate()).toThrow(RangeError);
    expect(() => core.allocate()).toThrow(`at most ${SLOT_MASK}`);
    expect(core.live()).toBe(SLOT_MASK);
    core.push(last);
    core.addTimer(1, 1);
    expect(core.turn(1)).toBe(2);
    expect([core.take(), core.take()]).toEqual([last, 1]);
    core.release(last);
    expect(core.allocate() & SLOT_MASK).toBe(SLOT_MASK);
  },
  60_000,
);
