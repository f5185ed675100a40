// Are the bugs found that programs really have, and none where there is none?

import { afterAll, describe, expect, test } from "vitest";
import { explore, replay, ScheduleError, type Strategy } from "../../src/testing.ts";
import type { Animal } from "./zoo/animal.ts";
import { resources } from "./zoo/resources.ts";
import { SCHEDULES } from "./zoo/schedules.ts";
import { updates } from "./zoo/updates.ts";
import { waits } from "./zoo/waits.ts";

const ZOO: Readonly<Record<string, Animal>> = { ...updates, ...waits, ...resources };
const STRATEGIES: readonly Strategy[] = ["random", "pct", "exhaustive"];
const RUNS = 10_000;
/** Enough for a median. */
const SEEDS = [0, 1, 2, 3, 4];
const REPLAYS = 100;
const PATIENCE = 120_000;

/** The mended programs that were run in every order. */
const proved: string[] = [];
/** For each strategy in how many runs each bug was found. */
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

test("the zoo has at least twenty animals", () => {
  expect(Object.keys(ZOO).length).toBeGreaterThanOrEqual(20);
});

/** The error of an exploration that has to fail. */
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

describe.each(Object.entries(ZOO))("%s", { timeout: PATIENCE }, (name, animal) => {
  test.each(STRATEGIES)("is found by %s", async (strategy) => {
    for (const seed of strategy === "exhaustive" ? [0] : SEEDS) {
      const error = await failureOf(animal, strategy, seed);
      expect(`${error.message}`).toContain(animal.shows);
      found[strategy] = [...(found[strategy] ?? []), error.runs];
    }
  });

  test("fails everywhere in the same order, and in the same way in each replay", async () => {
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

  test.each(STRATEGIES)("is not found by %s where it is mended", async (strategy) => {
    const options = { ...animal.options, strategy, runs: 2_000 };
    const { runs, exhausted } = await explore(() => animal.program(true), options);

    expect(runs).toBeGreaterThan(0);
    if (strategy === "exhaustive" && exhausted) proved.push(name);
  });
});
