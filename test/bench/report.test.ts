import { describe, expect, test } from "vitest";
import { besidePeers, runPeer } from "../../bench/harness/besidePeers.ts";
import type { Rival } from "../../bench/harness/compare.ts";
import { overviewOfRuns, picturesOf } from "../../bench/harness/pictures.ts";
import { caseText, nodesText, time } from "../../bench/harness/report.ts";
import { type CaseResult, runCase } from "../../bench/harness/runCase.ts";

const OURS = { name: "ours", median: 50, spread: 0.02 };
const THEIRS: Rival = {
  name: "theirs",
  median: 125,
  spread: 0.04,
  rounds: 3,
  ratio: { median: 2.5, spread: 0.03 },
  target: { atLeast: 2 },
};

function result(parts: Partial<CaseResult>): CaseResult {
  return { name: "case", question: "What?", outcomes: [], figures: [], curves: [], ...parts };
}

describe("a table", () => {
  test("has a line for each contestant, and a dash for one that cannot do the work", () => {
    const text = caseText(
      result({
        outcomes: [{ what: "work", rounds: 3, ours: OURS, others: [THEIRS], unable: ["another"] }],
      }),
    );

    expect(text.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["case: What?"],
      ["per operation", "spread", "ratio", "spread", "target", "limit"],
      ["work", "ours", "50.0 ns", "±2%"],
      ["theirs", "125.0 ns", "±4%", "2.50x", "±3%", ">= 2", "ok"],
      ["another", "-"],
    ]);
  });

  test("shows the limit of a target, and what a faster rival can't do", () => {
    const ahead: Rival = {
      ...THEIRS,
      ratio: { median: 0.8, spread: 0.01 },
      limit: { median: 1.5, spread: 0.01 },
      lacks: "be cancelled",
    };
    const behind: Rival = { ...ahead, name: "another", ratio: { median: 1.2, spread: 0.01 } };
    const outcomes = [{ what: "work", rounds: 3, ours: OURS, others: [ahead, behind] }];
    const text = caseText(result({ outcomes }));

    expect(text).toMatch(/theirs .* 0\.80x +±1% +>= 2 +1\.50x +LIMITED\n/);
    expect(text.split("\n").filter((line) => line.includes("can't"))).toEqual([
      "  theirs (0.80x) can't be cancelled.",
    ]);
  });

  test("is followed by a warning if the spread makes a ratio worthless", () => {
    const shaky = { ...THEIRS, ratio: { median: 2.5, spread: 0.4 } };
    const outcomes = [{ what: "work", rounds: 3, ours: OURS, others: [shaky] }];

    expect(caseText(result({ outcomes }))).toMatch(/! work: .* differ too much .* \(theirs\)/);
  });

  test("is followed by a warning if there were too few rounds for a spread", () => {
    const few = { ...THEIRS, rounds: 1 };
    const outcomes = [{ what: "work", rounds: 3, ours: OURS, others: [few] }];

    expect(caseText(result({ outcomes }))).toMatch(/! work: too few rounds .* \(theirs\)/);
  });

  test("shows figures with their units, and the reason for a missing one", () => {
    const text = caseText(
      result({
        figures: [
          { what: "a task", value: 365.4, unit: "bytes", atMost: 400 },
          { what: "another", value: undefined, unit: "bytes", note: "no such machine" },
        ],
      }),
    );

    expect(text).toMatch(/a task +365 bytes +<= 400 +ok/);
    expect(text).toMatch(/another +no such machine +-/);
  });

  test("shows a curve as a line of values over its sizes", () => {
    const lines = [{ name: "ours", values: [12.34, 1_234.5] }];
    const curve = { what: "cost", of: "tasks", unit: "ns", sizes: [1_000, 1_000_000], lines };

    expect(caseText(result({ curves: [curve] }))).toMatch(
      /cost, ns +tasks +1,000 +1,000,000\n +ours +12.3 +1235/,
    );
  });

  test("shows times in a suitable unit", () => {
    expect([1.26, 1_260, 1_260_000].map(time)).toEqual(["1.3 ns", "1.26 us", "1.26 ms"]);
  });
});

describe("a case", () => {
  const comparison = {
    what: "work",
    operations: 1_000,
    ours: { name: "ours", run: () => ({ milliseconds: 1 }) },
    others: [],
    peers: ["spawn", 1_000],
  } as const;

  test("is compared with the peers that can do its work, and names those that cannot", async () => {
    const able = {
      name: "able",
      works: { spawn: (tasks: number) => ({ milliseconds: tasks / 100 }) },
      atLeast: { spawn: 20 },
    };
    const unable = { name: "unable", works: {} };
    const own = { what: "alone", rounds: 1, ours: OURS, others: [] };
    const chosen = { name: "case", question: "What?", comparisons: [comparison] };
    const peers = [await runPeer(chosen, able, 1), await runPeer(chosen, unable, 1)];
    const ran = await runCase(chosen, { rounds: 1 });
    const { outcomes } = besidePeers({ ...ran, outcomes: [...ran.outcomes, own] }, peers);

    expect(outcomes[1]).toEqual({ ...own, unable: [] });
    expect(outcomes[0]).toMatchObject({
      others: [{ name: "able", ratio: { median: 10 }, target: { atLeast: 20 } }],
      unable: ["unable"],
    });
  });

  test("has no more rounds than its limit", async () => {
    const { outcomes } = await runCase(
      { name: "case", question: "What?", rounds: 2, comparisons: [comparison] },
      { rounds: 9 },
    );

    expect(outcomes[0]?.rounds).toBe(2);
  });
});

describe("the results of several Node versions", () => {
  const run = (runtime: string, whats: readonly string[]) => ({
    machine: { runtime, platform: "", cpu: "", cores: 2, load: 0 },
    cases: [
      result({
        outcomes: whats.map((what) => ({ what, rounds: 3, ours: OURS, others: [THEIRS] })),
      }),
    ],
  });

  test("share one table, with a column per version and only the rows that every version has", () => {
    const text = nodesText([
      run("Node 20.1.0, V8 11", ["work", "more"]),
      run("Node 26.1.0, V8 14", ["work"]),
    ]);

    expect(text.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["Node 20.1.0", "Node 26.1.0"],
      ["case: work", "theirs", "2.50x", "2.50x"],
    ]);
  });
});

describe("the pictures of a run", () => {
  const outcomes = [{ what: "work", rounds: 3, ours: OURS, others: [THEIRS] }];

  test("show all ratios in one picture and each case in its own, with the header line as subtitle", () => {
    const pictures = picturesOf([result({ outcomes })], "a machine");

    expect(pictures.map(({ name }) => name)).toEqual(["overview", "case"]);
    expect(pictures[0]).toMatchObject({
      bars: { subtitle: "a machine", groups: [{ bars: [{ name: "case / theirs", value: 2.5 }] }] },
    });
    expect(pictures[1]).toMatchObject({
      bars: {
        groups: [
          {
            name: "work",
            bars: [
              { name: "ours", value: 50, isOurs: true },
              { name: "theirs", label: "125.0 ns (2.50x)", isOurs: false },
            ],
          },
        ],
      },
    });
  });

  test("of several runs share one table of ratios, with a column for each run", () => {
    const run = (runtime: string, condition: "alone" | "cold", parts: Partial<CaseResult>) => ({
      machine: { runtime, platform: "", cpu: "", cores: 2, load: 0 },
      condition,
      cases: [result(parts)],
    });
    const limited = { ...THEIRS, limit: { median: 4, spread: 0 } };
    const elsewhere = { what: "other work", rounds: 3, ours: OURS, others: [limited] };
    const first = { what: "ours, first 10 ms", value: 4, unit: "x hot" };
    const { rows, columns } = overviewOfRuns([
      run("Node 20.1.0, V8 11", "alone", { outcomes: [elsewhere] }),
      run("Node 26.1.0, V8 14", "alone", { outcomes: [{ ...elsewhere, what: "work" }] }),
      run("Node 24.1.0, V8 13", "cold", {}),
      run("Node 26.1.0, V8 14", "cold", { figures: [first] }),
    ]);

    expect(rows).toEqual(["case / theirs"]);
    expect(columns).toEqual([
      { name: "Node 26, alone", cells: [{ ratio: 2.5, label: "2.50x", limit: 4 }] },
      { name: "Node 20, alone", cells: [undefined] },
      {
        name: "Node 26, first 10 ms",
        cells: [{ ratio: 0.25, label: "4x", limit: undefined }],
      },
    ]);
  });

  test("show each curve, and leave out values that are missing", () => {
    const lines = [{ name: "ours", values: [1] }];
    const curve = { what: "cost", of: "tasks", unit: "ns", sizes: [1_000], lines };
    const figures = [{ what: "another", value: undefined, unit: "bytes", note: "none" }];
    const pictures = picturesOf([result({ curves: [curve], figures })], "a machine");

    expect(pictures).toMatchObject([{ name: "case-1", lines: { title: "case: cost" } }]);
  });
});
