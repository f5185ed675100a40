// Exploration finds the bugs of real programs, and none in their fixed versions.

import { afterAll, describe, expect, test } from "vitest";
import { explore, replay, ScheduleError, type Strategy } from "../../src/testing.ts";
import { scale } from "../support/effort.ts";
import type { Animal } from "./zoo/animal.ts";
import { resources } from "./zoo/resources.ts";
import { SCHEDULES } from "./zoo/schedules.ts";
import { updates } from "./zoo/updates.ts";
import { waits } from "./zoo/waits.ts";

const ZOO: Readonly<Record<string, Animal>> = { ...updates, ...waits, ...resources };
const STRATEGIES: readonly Strategy[] = ["random", "pct", "exhaustive"];
const RUNS = 10_000;
/** As many seeds as a median needs. */
const SEEDS = [0, 1, 2, 3, 4].slice(0, scale(3, 5));
const REPLAYS = scale(5, 100);
/** The number of orders in which a fixed program is tried. */
const RUNS_MENDED = scale(300, 2_000);
const PATIENCE = 120_000;

/** The fixed programs that were run in every order. */
const proved: string[] = [];
/** The number of runs in which each strategy found each bug. */
const found: Record<string, number[]> = {};

afterAll(() => {
  console.log(
    `zoo: ${proved.length} of ${Object.keys(ZOO).length} mended programs hold in every order`,
  );
  expect(proved.length).toBeGreaterThan(Object.keys(ZOO).length / 2);
  for (const [strategy, runs] of Object.entries(found)) {
    const sorted = runs.sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    console.log(`zoo: ${strategy} found a bug in ${median} runs (median), ${sorted.at(-1)} (most)`);
  }
});

test("the zoo has at least twenty programs with a bug", () => {
  expect(Object.keys(ZOO).length).toBeGreaterThanOrEqual(20);
});

/** The error of an exploration that must fail. */
async function failureOf(animal: Animal, strategy: Strategy, seed: number): Promise<ScheduleError> {
  try {
    const options = { ...animal.options, strategy, seed, runs: RUNS };
    await explore(() => animal.program(false), options);
  } catch (error) {
    if (error instanceof ScheduleError) return error;
    throw error;
  }
  throw new Error(`Nothing was found in ${RUNS} runs`);
}

describe.each(Object.entries(ZOO))('the bug "%s"', { timeout: PATIENCE }, (name, animal) => {
  test.each(STRATEGIES)("is found with the strategy %s", async (strategy) => {
    for (const seed of strategy === "exhaustive" ? [0] : SEEDS) {
      const error = await failureOf(animal, strategy, seed);
      expect(`${error.message}`).toContain(animal.shows);
      found[strategy] = [...(found[strategy] ?? []), error.runs];
    }
  });

  test("has the same schedule everywhere, and the same error in each replay", async () => {
    const committed = SCHEDULES[name] as string;
    const { schedule, cause } = await failureOf(animal, "random", 0);
    const seen = new Map<string, number>();
    for (let i = 0; i < REPLAYS; i++) {
      const error = await replay(() => animal.program(false), committed, {
        ...(animal.options?.maxSteps !== undefined && { maxSteps: animal.options.maxSteps }),
      }).catch((reason) => reason);
      seen.set(String(error), (seen.get(String(error)) ?? 0) + 1);
    }

    expect(schedule).toBe(committed);
    expect([...seen]).toEqual([[String(cause), REPLAYS]]);
  });

  test.each(STRATEGIES)("is not reported with the strategy %s once fixed", async (strategy) => {
    const options = { ...animal.options, strategy, runs: RUNS_MENDED };
    const { runs, exhausted } = await explore(() => animal.program(true), options);

    expect(runs).toBeGreaterThan(0);
    if (strategy === "exhaustive" && exhausted) proved.push(name);
  });
});
