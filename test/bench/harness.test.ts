import { describe, expect, test } from "vitest";
import {
  type Comparison,
  compare,
  comparePhases,
  isWorthless,
  type Rival,
  ratioOf,
  verdict,
} from "../../bench/harness/compare.ts";
import { meets, targetOf, targetText } from "../../bench/harness/targets.ts";

const PATIENCE = { rounds: 3, budget: Infinity };

function rival(median: number, spread: number, target: Rival["target"]): Rival {
  return { name: "rival", median: 1, spread: 0, rounds: 3, ratio: { median, spread }, target };
}

describe("compare", () => {
  /** A row whose runs are traced, and take as long as they say. */
  function row(trace: string[], milliseconds: Record<string, number>): Comparison {
    const contestant = (name: string) => ({
      name,
      run: () => {
        trace.push(name);
        return { milliseconds: milliseconds[name] as number };
      },
    });
    return {
      what: "work",
      operations: 1_000,
      ours: contestant("a"),
      others: [{ ...contestant("b"), atLeast: 2 }, contestant("c")],
    };
  }

  test("runs the contestants in turn, and doesn't count the first three rounds", async () => {
    const trace: string[] = [];
    const { rounds } = await compare(row(trace, { a: 1, b: 2, c: 3 }), PATIENCE);

    expect(trace.join("")).toBe("abc".repeat(6));
    expect(rounds).toBe(3);
  });

  test("returns nanoseconds per operation, and the ratio of the speeds", async () => {
    const { ours, others } = await compare(row([], { a: 1, b: 3, c: 0.5 }), PATIENCE);

    expect(ours).toEqual({ name: "a", median: 1_000, spread: 0 });
    expect(others.map(({ median, ratio }) => [median, ratio.median])).toEqual([
      [3_000, 3],
      [500, 0.5],
    ]);
  });

  test("returns the limit of a target: the ratio that bare generators reach", async () => {
    const { what, operations, ours, others } = row([], { a: 2, b: 3, c: 0.5 });
    const [b, c] = others as [Comparison["others"][number], Comparison["others"][number]];
    const limited = { what, operations, ours, others: [b, { ...c, isLimit: true as const }] };
    const outcome = await compare(limited, PATIENCE);

    expect(outcome.others.map(({ limit }) => limit?.median)).toEqual([6, undefined]);
  });

  test("waits for a contestant's promise, and includes that wait in the time", async () => {
    let runs = 0;
    const run = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      runs++;
    };
    const { ours } = await compare(
      { what: "work", operations: 1, ours: { name: "ours", run }, others: [] },
      { rounds: 2, budget: Infinity },
    );

    expect(runs).toBe(5);
    expect(ours.median).toBeGreaterThan(0);
  });

  test("ends when its budget is used up, but not before three rounds", async () => {
    const { rounds } = await compare(row([], { a: 1, b: 1, c: 1 }), { rounds: 50, budget: 0 });

    expect(rounds).toBe(3);
  });

  test("counts the first run of a contestant that uses up half of the budget, and skips its later runs", async () => {
    let runs = 0;
    const slow = async () => {
      runs++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const base = row([], { a: 1, b: 1, c: 1 });
    const { rounds, others } = await compare(
      { ...base, others: [{ name: "slow", run: slow }] },
      { rounds: 3, budget: 1 },
    );

    expect([rounds, others[0]?.rounds]).toEqual([3, 1]);
    expect(runs).toBe(1);
  });

  test("prepares each run, and doesn't time the preparation", async () => {
    const trace: string[] = [];
    const base = row(trace, { a: 1, b: 1, c: 1 });
    const ours = { ...base.ours, prepare: () => trace.push("p") };
    await compare({ ...base, ours, others: [] }, { rounds: 1, budget: Infinity });

    expect(trace.join("")).toBe("papapapa");
  });
});

test("comparePhases makes a row for each phase", async () => {
  const outcomes = await comparePhases(
    {
      what: (phase) => `to ${phase}`,
      phases: ["add", "cancel"],
      operations: 1_000,
      contestants: [
        { name: "ours", run: () => ({ add: 1, cancel: 2 }) },
        { name: "theirs", run: () => ({ add: 3, cancel: 1 }), target: () => ({ atLeast: 2 }) },
      ],
    },
    3,
  );

  expect(outcomes.map(({ what, others }) => [what, others[0]?.ratio.median])).toEqual([
    ["to add", 3],
    ["to cancel", 0.5],
  ]);
});

describe("the ratio", () => {
  test("is the median of the rounds' ratios, so that a slow minute does not count", () => {
    // The last two rounds were on a machine ten times as slow.
    expect(ratioOf([1, 1, 10, 10], [2, 2, 20, 20], { atLeast: 2 })).toEqual({
      median: 2,
      spread: 0,
    });
  });

  test("covers only the rounds in which both took part", () => {
    expect(ratioOf([1, 2, 5], [3], {}).median).toBe(3);
    expect(ratioOf([1], [3, 2, 5], {}).median).toBe(3);
  });

  test("is our time divided by theirs if the target limits a cost", () => {
    expect(ratioOf([2, 2], [1, 1], { atMost: 3 }).median).toBe(2);
  });

  test("is marked as worthless if its spread is more than a quarter", () => {
    expect(isWorthless(rival(2, 0.2, {}))).toBe(false);
    expect(isWorthless(rival(2, 0.3, {}))).toBe(true);
  });
});

describe("the verdict", () => {
  test.each([
    [2.5, 0.1, { atLeast: 2 }, "ok"],
    [1.5, 0.1, { atLeast: 2 }, "MISSED"],
    [2.1, 0.1, { atLeast: 2 }, "ok?"],
    [1.9, 0.1, { atLeast: 2 }, "MISSED?"],
    [1.1, 0.05, { atMost: 1.2 }, "ok"],
    [1.3, 0.05, { atMost: 1.2 }, "MISSED"],
    [5, 0.1, {}, ""],
  ])("on %d with a spread of %d for %o is %j", (median, spread, target, expected) => {
    expect(verdict(rival(median, spread, target))).toBe(expected);
  });

  test("includes the target, and whether a value meets it", () => {
    expect(targetText({ atLeast: 20 })).toBe(">= 20");
    expect(targetText({ atMost: 2_048 })).toBe("<= 2,048");
    expect(targetText({})).toBe("");
    expect(meets({ atMost: 2 }, 2)).toBe(true);
    expect(meets({ atLeast: 2 }, 1.99)).toBe(false);
  });

  test("uses the target for the running Node's engine if targets differ by engine", () => {
    const aim = { atLeast: { node24: 2, node26: 1.4 } };

    expect([0, 20, 24, 26, 28].map((node) => targetOf(aim, node).atLeast)).toEqual([
      2, 2, 2, 1.4, 1.4,
    ]);
    expect(targetOf({ atLeast: 3 }, 26)).toEqual({ atLeast: 3 });
    expect(targetOf({ atMost: 2 }, 26)).toEqual({ atMost: 2 });
    expect(targetOf({})).toEqual({});
  });
});
