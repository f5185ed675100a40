// The debug build asserts every invariant before and after each turn that the compiled core
// computes. Random programs violate none, and a core that was damaged on purpose traps.

import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { type CoreExports, exportsOf } from "../../src/core/compile.ts";
import { WasmCore } from "../../src/core/wasmCore.ts";
import { scale } from "../support/effort.ts";
import { fuzz, setting } from "./fuzz.ts";
import { allocateMany, Script, takeTurn } from "./script.ts";

const SEED = setting("VITE_FUZZ_SEED") ?? Date.now() % 2 ** 30;
const TIMEOUT = 600_000;

const debugBuild = new WebAssembly.Module(
  readFileSync(new URL("../../build/core.debug.wasm", import.meta.url)),
);

// States, as drawn in assembly/slots.ts.
const VISIBLE = 0x40000000;
const FREE = 0xc0000000;
const TIMER = 0xc1000000;
const IDLE = 0xffffffff;

// The first five ids of a core, named after their states in the core under test.
const idle = 1;
const ready = 2;
const early = 3;
const late = 4;
const free = 5;

test(
  "random programs keep all invariants",
  () => {
    const newCore = (counter: number, arrival: number) =>
      new WasmCore(exportsOf(debugBuild), counter, arrival);

    expect(fuzz(newCore, { operations: scale(50_000, 200_000), seed: SEED }).turns).toBeGreaterThan(
      0,
    );
  },
  TIMEOUT,
);

test("memory that is not zeroed does no harm (M3)", () => {
  const exports = exportsOf(debugBuild);
  new Uint8Array(exports.memory.buffer, 2_048).fill(0xa5);
  const script = new Script(new WasmCore(exports));
  script.push("ab");
  script.schedule("x", 2);
  script.addTimers("c", 1);

  expect(script.turn(1)).toBe("abcx");
  expect(script.core.release(0xa5a5a5a5 & 0x3fffffff)).toBe(false);
});

describe("the debug build", () => {
  let exports: CoreExports;
  let core: WasmCore;
  let states: Uint32Array;
  /** Records of the timer heap: arrival and id are words 2 and 3 of four. */
  let records: Uint32Array;
  let deadlines: Float64Array;
  let entries: Uint32Array;

  beforeEach(() => {
    exports = exportsOf(debugBuild);
    core = new WasmCore(exports);
    expect(allocateMany(core, 5)).toEqual([idle, ready, early, late, free]);
    core.push(ready);
    core.addTimer(early, 1);
    core.addTimer(late, 2);
    core.release(free);
    const { buffer } = exports.memory;
    states = new Uint32Array(buffer, exports.states.value);
    records = new Uint32Array(buffer, exports.heap.value);
    deadlines = new Float64Array(buffer, exports.heap.value);
    const [, , , , address] = new Uint32Array(buffer, exports.rings.value, 5);
    entries = new Uint32Array(buffer, address);
  });

  test("never traps if the core is used correctly", () => {
    expect(takeTurn(core, 1)).toEqual([ready, early]);
  });

  const damages: Record<string, () => void> = {
    "slot 0 is taken (S1)": () => states.fill(IDLE, 0, 1),
    "the free list ends early (S2)": () => {
      core.release(idle);
      states.fill(FREE, idle, idle + 1);
    },
    "the free list is circular (S2)": () => states.fill(FREE | free, free, free + 1),
    "a live slot is marked as free (S3)": () => states.fill(FREE, idle, idle + 1),
    "a slot's entry has another slot's id (R2)": () => entries.fill(idle, 0, 1),
    "an entry is stale (R2)": () => entries.fill(ready | (1 << 24), 0, 1),
    "an idle slot is marked as ready (R3)": () => states.fill(VISIBLE, idle, idle + 1),
    "a parent is later than its child (H1)": () => deadlines.fill(0.5, 2, 3),
    "a timer's record has another slot's id (H2)": () => records.fill(late, 3, 4),
    "an idle slot is marked as a timer (H3)": () => states.fill(TIMER | 1, idle, idle + 1),
    "there is a deadline without a timer (H4)": () => {
      core.release(early);
      core.release(late);
      deadlines.fill(1, 0, 1);
    },
  };

  test.each(Object.entries(damages))("traps when %s", (_, damage) => {
    damage();
    expect(() => core.turn(1)).toThrow("broken down");
  });

  test("traps when the tail is further from the head than the ring is long (R1)", () => {
    expect(() => exports.turn(0, 0, 2_049)).toThrow(WebAssembly.RuntimeError);
  });

  test.each<[string, () => void]>([
    ["a ready slot is scheduled", () => core.schedule(ready, 0)],
    ["a timer is scheduled", () => core.schedule(early, 2)],
    ["a free slot is scheduled", () => core.schedule(free, 0)],
    ["a ready slot gets a timer", () => core.addTimer(ready, 1)],
    ["a timer is added twice", () => core.addTimer(early, 1)],
    ["a stale id gets a timer", () => core.addTimer(free, 1)],
  ])("traps when %s", (_, misuse) => {
    expect(misuse).toThrow("broken down");
  });

  test("traps at the next turn when a ready slot is pushed again", () => {
    core.push(ready);
    expect(() => core.turn(1)).toThrow("broken down");
  });
});
