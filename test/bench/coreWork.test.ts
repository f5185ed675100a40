import { expect, test } from "vitest";
import { CORE_OPERATIONS, timeCore } from "../../bench/coreWork.ts";
import { shuffled } from "../../bench/shuffle.ts";
import { newCore } from "../../src/core/core.ts";

test("every operation of a core is timed, and the core is empty afterwards", () => {
  const core = newCore();
  const times = timeCore(core, 100, 3);

  for (const operation of CORE_OPERATIONS) expect(times[operation]).toBeGreaterThanOrEqual(0);
  expect([core.live(), core.timers(), core.hasReady()]).toEqual([0, 0, false]);
});

test("shuffling keeps every number, and always produces the same order", () => {
  const numbers = shuffled(1_000);

  expect(numbers).toEqual(shuffled(1_000));
  expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  expect([...numbers.slice(0, 10)]).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
