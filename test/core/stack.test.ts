// A callback that recurses until the stack is full may have called the core last. When the callback
// or the loop catches the error, the compiled core must not be half-changed.

import { describe, expect, test } from "vitest";
import { instantiateCore } from "../../src/core/compile.ts";
import type { Core } from "../../src/core/core.ts";
import { WasmCore } from "../../src/core/wasmCore.ts";
import { scale } from "../support/effort.ts";
import { allocateMany, shuffled, takeTurn } from "./script.ts";

/** The difference between the numbers of arguments of two runs. */
const STEP = scale(4, 1);

/** Instead of `toEqual`, which takes most of the test's time for so many items. */
function expectSame(ids: number[], expected: number[]): void {
  expect(ids.length).toBe(expected.length);
  expect(ids.findIndex((id, place) => id !== expected[place])).toBe(-1);
}

describe("a stack overflow in the core", () => {
  // The number of slots, which is more than the number of calls that the stack can hold.
  const COUNT = 50_000;
  const order = shuffled(COUNT);

  /**
   * Recurses until the stack is full, with `step(n)` at depth n. Returns the number of completed
   * steps.
   */
  function overflow(padding: number, step: (index: number) => void): number {
    let done = 0;
    // Arguments change the size of a run's frames, and so where its stack ends.
    const recurse = (...args: number[]): number => {
      if (done < COUNT) step(done);
      done++;
      return recurse(...args) + args.length;
    };
    expect(() => recurse(...Array<number>(padding).fill(0))).toThrow(RangeError);
    return Math.min(done, COUNT);
  }

  /** Runs a test with many ends of the stack, on a core with `slots` slots. */
  function testOverflow(title: string, run: (core: Core, ids: number[], padding: number) => void) {
    test(title, () => {
      const core = new WasmCore(instantiateCore());
      for (let padding = 0; padding < 32; padding += STEP) {
        core.reset();
        run(core, allocateMany(core, COUNT), padding);
      }
    });
  }

  testOverflow("never allocates a slot twice", (core, ids, padding) => {
    const more = new Int32Array(COUNT);
    const count = overflow(padding, (index) => {
      more[index] = core.allocate();
    });

    // The engine may find the stack too full after the last call has returned, but before its id is
    // stored.
    expect(core.live() - COUNT - count).toBeOneOf([0, 1]);
    expect(new Set([...ids, ...more.subarray(0, count), core.allocate()]).size).toBe(
      COUNT + count + 1,
    );
  });

  testOverflow("makes nothing ready if schedule() fails", (core, ids, padding) => {
    const count = overflow(padding, (index) =>
      core.schedule(ids[index] as number, index % 2 === 0 ? 0 : 1),
    );

    const even = ids.slice(0, count).filter((_, index) => index % 2 === 0);
    const odd = ids.slice(0, count).filter((_, index) => index % 2 === 1);
    expectSame(takeTurn(core), [...even, ...odd]);
  });

  testOverflow("adds no timer if addTimer() fails", (core, ids, padding) => {
    const count = overflow(padding, (index) => core.addTimer(ids[index] as number, -index));

    expect(core.timers()).toBe(count);
    expectSame(takeTurn(core), ids.slice(0, count).reverse());
  });

  test.each([
    ["removes", "removeTimer"],
    ["releases", "release"],
  ] as const)("%s no timer if %s() fails", (_, operation) => {
    const core = new WasmCore(instantiateCore());
    for (let padding = 0; padding < 32; padding += STEP) {
      core.reset();
      const ids = allocateMany(core, COUNT);
      for (const index of shuffled(COUNT)) core.addTimer(ids[index] as number, index);
      const count = overflow(padding, (index) =>
        core[operation](ids[order[index] as number] as number),
      );

      const removed = new Set(order.slice(0, count));
      expect(core.timers()).toBe(COUNT - count);
      const left = ids.filter((_, index) => !removed.has(index));
      expectSame(takeTurn(core, COUNT), left);
    }
  });
});
