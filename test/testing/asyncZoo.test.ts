// Exploration finds the kinds of bugs that public packages had, and none in the fixed versions.

import { describe, expect, test } from "vitest";
import { explore, replay, ScheduleError } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";
import type { AsyncAnimal } from "./asyncZoo/asyncAnimal.ts";
import { caches } from "./asyncZoo/caches.ts";
import { locks } from "./asyncZoo/locks.ts";

const ZOO: Readonly<Record<string, AsyncAnimal>> = { ...caches, ...locks };
/** The number of runs within which each bug must be found. */
const RUNS = 100;
const REPLAYS = 20;
const RUNS_FIXED = scale(200, 1_000);

/** The number of choices that depart from native order. */
function departuresIn(schedule: string): number {
  const [, chosen = ""] = schedule.split(":");
  return chosen.replace(/\{\d+\}/g, "").replace(/[^1-9a-z]/g, "").length;
}

describe.each(Object.entries(ZOO))('the bug "%s"', (_, animal) => {
  const buggy = () => animal.program(false);

  test("appears in some order, which is simplified and replayed", async () => {
    const error = await explore(buggy, { ...animal.options, runs: RUNS }).catch((reason) => reason);
    expect(error).toBeInstanceOf(ScheduleError);
    const { schedule, cause, message } = error as ScheduleError;
    const failures = new Set<string>();
    for (let i = 0; i < REPLAYS; i++) {
      failures.add(String(await replay(buggy, schedule, animal.options).catch((reason) => reason)));
    }

    expect(message).toContain(animal.shows);
    expect([...failures]).toEqual([expect.stringContaining(animal.shows)]);
    expect(String(cause)).toContain(animal.shows);
    expect(departuresIn(schedule)).toBeLessThanOrEqual(3);
  });

  test.each(["pct", "exhaustive"] as const)("is found with the strategy %s", async (strategy) => {
    const options = { ...animal.options, strategy, runs: 5_000 };
    await expect(explore(buggy, options)).rejects.toThrow(animal.shows);
  });

  test("appears in no order once it is fixed", async () => {
    const options = { ...animal.options, runs: RUNS_FIXED };
    const { runs } = await explore(() => animal.program(true), options);

    expect(runs).toBe(RUNS_FIXED);
  });
});
