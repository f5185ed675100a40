// The compiled core's memory: it moves, and it is limited.

import { describe, expect, test } from "vitest";
import { type CoreExports, coreBytes, exportsOf, instantiateCore } from "../../src/core/compile.ts";
import { WasmCore } from "../../src/core/wasmCore.ts";
import { allocateMany, takeTurn } from "./script.ts";

const PAGE = 65_536;

describe("without more memory (M2), the core", () => {
  // 2,048 slots and as many entries fit from the start.
  const ROWS = 2_047;
  const ENTRIES = 2_048;

  test("refuses another slot, and changes nothing", () => {
    const core = new WasmCore(exportsWithin(1));
    const ids = allocateMany(core, ROWS);

    expect(() => core.allocate()).toThrow(RangeError);
    expect(() => core.allocate()).toThrow("No memory is left");
    expect(core.live()).toBe(ROWS);
    core.release(ids[7] as number);
    expect(core.allocate() & 0xffffff).toBe(ids[7]);
  });

  test("refuses another ready entry, and changes nothing", () => {
    const core = new WasmCore(exportsWithin(1));
    const tombstones = Array.from({ length: ENTRIES }, () => {
      const id = core.allocate();
      core.push(id);
      core.release(id);
      return 0;
    });
    const id = core.allocate();

    expect(() => core.push(id)).toThrow(RangeError);
    expect(takeTurn(core)).toEqual(tombstones);
    core.push(id);
    expect(takeTurn(core)).toEqual([id]);
  });

  test.each([0, 2] as const)(
    "refuses another entry of priority %i, and changes nothing",
    (priority) => {
      const core = new WasmCore(exportsWithin(1));
      const ids = allocateMany(core, 1_024);
      for (const id of ids) core.schedule(id, priority);
      const id = core.allocate();

      expect(() => core.schedule(id, priority)).toThrow(RangeError);
      expect(takeTurn(core)).toEqual(ids);
      core.schedule(id, priority);
      expect(takeTurn(core)).toEqual([id]);
    },
  );

  test("runs the entries that fit and leaves the rest to later turns, in order", () => {
    const core = new WasmCore(exportsWithin(1));
    const ids = allocateMany(core, ROWS);
    const visible = ids.slice(0, 600);
    const timers = ids.slice(600, 1_000);
    const blocking = ids.slice(1_000, 1_500);
    for (const id of visible) core.push(id);
    for (let tombstone = 0; tombstone < 1_000; tombstone++) {
      core.push(timers[0] as number);
      core.release(timers[0] as number);
      timers[0] = core.allocate();
    }
    timers.forEach((id, index) => {
      core.addTimer(id, index);
    });
    for (const id of blocking) core.schedule(id, 0);

    // 1,600 entries leave room for 448: all 400 timers, and 48 of the user-blocking entries.
    expect(takeTurn(core, 1_000)).toEqual([
      ...blocking.slice(0, 48),
      ...visible,
      ...Array<number>(1_000).fill(0),
      ...timers,
    ]);
    expect(takeTurn(core, 1_000)).toEqual(blocking.slice(48));
  });

  test("runs a full ready queue before the timers that do not fit in it", () => {
    const core = new WasmCore(exportsWithin(1));
    const timer = core.allocate();
    core.addTimer(timer, 1);
    for (let entry = 0; entry < ENTRIES; entry++) {
      const id = core.allocate();
      core.push(id);
      core.release(id);
    }

    expect(takeTurn(core, 1)).toEqual(Array(ENTRIES).fill(0));
    expect(core.deadline()).toBe(1);
    expect(takeTurn(core, 1)).toEqual([timer]);
  });

  test("grows as far as the memory allows", () => {
    const core = new WasmCore(exportsWithin(3));
    // 4,096 rows of 21 bytes take two more pages.
    expect(allocateMany(core, 4_095)).toHaveLength(4_095);
    expect(() => core.allocate()).toThrow(RangeError);
  });
});

describe("views of the memory (B2, M1)", () => {
  test("are renewed by every operation that may grow the memory", () => {
    const exports = instantiateCore();
    const core = new WasmCore(exports);
    const first = core.allocate();
    core.addTimer(first, 1);
    const grow: (() => void)[] = [
      () => allocateMany(core, 20_000),
      () => {
        for (let id = 2; id < 4_000; id++) core.push(id);
      },
      () => {
        for (let id = 4_000; id < 6_000; id++) core.schedule(id, 0);
      },
      () => {
        for (let id = 6_000; id < 8_000; id++) core.schedule(id, 2);
      },
      () => core.turn(0),
    ];

    for (const step of grow) {
      const before = exports.memory.buffer.byteLength;
      step();
      expect(exports.memory.buffer.byteLength).toBeGreaterThan(before);
      expect(core.deadline()).toBe(1);
    }
    const expected = [
      ...range(4_000, 6_000),
      ...range(2, 4_000),
      ...range(6_000, 6_000 + Math.floor((6_000 - 2) / 8)),
    ];
    expect(expected.map(() => core.take())).toEqual(expected);
  });

  test("are renewed by push, take and turn if the stack was too full to renew them before", () => {
    const exports = instantiateCore();
    let isFull = false;
    const core = new WasmCore({
      ...exports,
      get memory() {
        if (isFull) throw new RangeError("Maximum call stack size exceeded");
        return exports.memory;
      },
    });
    const ids = allocateMany(core, 2_047);
    for (const id of ids.slice(0, 4)) core.push(id);
    core.turn(0);
    const failToRenew = (): void => {
      isFull = true;
      expect(() => allocateMany(core, 20_000)).toThrow(RangeError);
      isFull = false;
    };

    failToRenew();
    expect([core.take(), core.take()]).toEqual(ids.slice(0, 2));
    failToRenew();
    core.push(ids[4] as number);
    expect([core.take(), core.take()]).toEqual(ids.slice(2, 4));
    expect(takeTurn(core)).toEqual([ids[4]]);
    expect(core.release(ids[4] as number)).toBe(true);
    core.addTimer(ids[0] as number, 1);
    failToRenew();
    expect(takeTurn(core, 1)).toEqual([ids[0]]);
  });
});

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}

/** The exports of a core whose memory is limited to `pages` pages. */
function exportsWithin(pages: number): CoreExports {
  const exports = exportsOf(new WebAssembly.Module(withMaximum(coreBytes(), pages)));
  expect(exports.memory.buffer.byteLength).toBe(PAGE);
  return exports;
}

/**
 * Rewrites the memory section, `05 03 | 01 00 01`: one memory of at least one page, without a
 * maximum.
 */
function withMaximum(bytes: Uint8Array<ArrayBuffer>, pages: number): Uint8Array<ArrayBuffer> {
  const section = [0x05, 0x03, 0x01, 0x00, 0x01];
  const start = bytes.findIndex((_, index) =>
    section.every((byte, offset) => bytes[index + offset] === byte),
  );
  expect(start).toBeGreaterThan(0);
  const limited = [0x05, 0x04, 0x01, 0x01, 0x01, pages];
  return Uint8Array.of(
    ...bytes.subarray(0, start),
    ...limited,
    ...bytes.subarray(start + section.length),
  );
}
