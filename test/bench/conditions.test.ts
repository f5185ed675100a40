import { describe, expect, test } from "vitest";
import type { Case, Comparison } from "../../bench/harness/compare.ts";
import { coldFigures, collected, runMixed } from "../../bench/harness/conditions.ts";

/** A case of one row whose runs are traced. */
function traced(name: string, trace: string[], milliseconds = 1): Case {
  const contestant = (who: string) => ({
    name: who,
    run: () => {
      trace.push(`${name}-${who}`);
      return { milliseconds };
    },
  });
  const row: Comparison = {
    what: `row of ${name}`,
    operations: 1_000,
    ours: contestant("ours"),
    others: [{ ...contestant("theirs"), atLeast: 2 }],
  };
  return { name, question: `${name}?`, comparisons: [row] };
}

describe("a case under the condition `collected`", () => {
  const { comparisons = [] } = collected(traced("a", []));
  const [row] = comparisons as [Comparison];

  test("collects all garbage before each run, and also runs mysyncio without these collections", () => {
    expect([row.ours, ...row.others].map(({ name, collects }) => [name, collects])).toEqual([
      ["ours", "everything"],
      ["ours, without the collection", undefined],
      ["theirs", "everything"],
    ]);
  });

  test("keeps its targets against other contestants, and gets one for what garbage collection costs mysyncio", () => {
    expect(row.others.map(({ atLeast, atMost }) => [atLeast, atMost])).toEqual([
      [undefined, 1.15],
      [2, undefined],
    ]);
  });
});

describe("cases under the condition `mixed`", () => {
  test("run in three orders, and return a result for each row", async () => {
    const trace: string[] = [];
    const cases = ["a", "b", "c"].map((name) => traced(name, trace));
    const results = await runMixed(cases, 1);
    const order = trace.filter((entry, index) => entry[0] !== trace[index - 1]?.[0]);

    expect(order.map((entry) => entry[0]).join("")).toBe("abcbacb");
    expect(results.map(({ name, outcomes }) => [name, outcomes.map(({ what }) => what)])).toEqual([
      ["a", ["row of a"]],
      ["b", ["row of b"]],
      ["c", ["row of c"]],
    ]);
  });
});

describe("cold figures", () => {
  test("are the costs in the first milliseconds, as multiples of the hot cost", () => {
    // Ten runs of 2 ms, and then runs of 1 ms.
    const ends = Array.from({ length: 200 }, (_, index) =>
      index < 10 ? 2 * (index + 1) : 20 + (index - 9),
    );

    expect(coldFigures("ours", ends, true)).toEqual([
      { what: "ours, first 1 ms", value: 2, unit: "x hot" },
      { what: "ours, first 10 ms", value: 2, unit: "x hot", atMost: 3 },
      { what: "ours, first 100 ms", value: 100 / 90, unit: "x hot" },
    ]);
  });

  test("have a target only for mysyncio", () => {
    const bounds = coldFigures("theirs", [200], false).map(({ atMost }) => atMost);

    expect(bounds).toEqual([undefined, undefined, undefined]);
  });
});
