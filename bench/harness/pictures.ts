// The pictures of a run: bars for each case, lines for each curve, and one picture of all ratios.

import type { Bars, Lines, Ratio, Ratios } from "./charts/shapes.ts";
import type { Curve, Figure, Outcome, Rival } from "./compare.ts";
import type { Condition } from "./conditions.ts";
import type { Machine } from "./machine.ts";
import { figureText, ratioText, time } from "./report.ts";
import type { CaseResult } from "./runCase.ts";

/** A file name without an ending, and the content. */
export type Picture =
  | { readonly name: string; readonly bars: Bars }
  | { readonly name: string; readonly lines: Lines };

/** The overview of the whole run. */
export const OVERVIEW = "overview";

/** The pictures of a run, each with the header line. */
export function picturesOf(cases: readonly CaseResult[], header: string): Picture[] {
  return [
    ...overviewOf(cases, header),
    ...cases.flatMap((result) => picturesOfCase(result, header)),
  ];
}

function picturesOfCase(result: CaseResult, header: string): Picture[] {
  const { name, question, outcomes, figures, curves } = result;
  const groups = [...outcomes.map(groupOfOutcome), ...groupsOfFigures(figures)];
  const hint = outcomes.length > 0 ? "Time for one operation: shorter is faster. " : "";
  const bars: Bars = { title: `${name}: ${question}`, subtitle: hint + header, groups };
  return [
    ...(groups.length > 0 ? [{ name, bars }] : []),
    ...curves.map((curve, index) => ({
      name: `${name}-${index + 1}`,
      lines: linesOf(name, curve, header),
    })),
  ];
}

type Group = Bars["groups"][number];

function groupOfOutcome({ what, ours, others }: Outcome): Group {
  return {
    name: what,
    bars: [
      { name: ours.name, value: ours.median, label: time(ours.median), isOurs: true },
      ...others.map((rival) => ({
        name: rival.name,
        value: rival.median,
        label: `${time(rival.median)} (${ratioText(rival)})`,
        isOurs: false,
      })),
    ],
  };
}

/** Groups figures by their units, because only those can be compared. Leaves out missing ones. */
function groupsOfFigures(figures: readonly Figure[]): Group[] {
  const known = figures.filter((figure) => figure.value !== undefined);
  const units = [...new Set(known.map(({ unit }) => unit))];
  return units.map((unit) => ({
    name: unit === "" ? "count" : unit,
    bars: known
      .filter((figure) => figure.unit === unit)
      .map((figure) => ({
        name: figure.note === undefined ? figure.what : `${figure.what} (${figure.note})`,
        value: figure.value as number,
        label: figureText(figure),
        isOurs: figure.atMost !== undefined || figure.atLeast !== undefined,
      })),
  }));
}

function linesOf(name: string, { what, of, unit, sizes, lines }: Curve, header: string): Lines {
  return { title: `${name}: ${what}`, subtitle: header, of, unit, sizes, lines };
}

/**
 * How many times as fast mysyncio is in each case as the fastest rival: the one with the lowest
 * ratio in any row, among those with a target.
 */
function overviewOf(cases: readonly CaseResult[], header: string): Picture[] {
  const bars = cases.flatMap(({ name, outcomes }) => {
    const rival = hardestRival(outcomes);
    return rival === undefined ? [] : [barOfRatio(name, rival)];
  });
  if (bars.length === 0) return [];
  const groups = [
    { name: "times as fast as the other: longer is better, the line is 1", bars, mark: 1 },
  ];
  const title = "mysyncio beside the best of native promises, timers and sockets";
  return [{ name: OVERVIEW, bars: { title, subtitle: header, groups } }];
}

function hardestRival(outcomes: readonly Outcome[]): Rival | undefined {
  const rivals = outcomes.flatMap(({ others }) => others);
  const aimedAt = rivals.filter(({ target }) => target.atLeast !== undefined);
  const first = outcomes.flatMap(({ others }) => others.slice(0, 1)).filter(isFasterOrSlower);
  const candidates = aimedAt.length > 0 ? aimedAt : first;
  return candidates.toSorted((a, b) => a.ratio.median - b.ratio.median)[0];
}

function isFasterOrSlower({ target }: Rival): boolean {
  return target.atMost === undefined;
}

function barOfRatio(name: string, rival: Rival): Group["bars"][number] {
  return {
    name: `${name} / ${rival.name}`,
    value: rival.ratio.median,
    label: ratioText(rival),
    isOurs: rival.ratio.median >= 1,
  };
}

/** A run as the table of all ratios needs it. */
interface Run {
  readonly machine: Machine;
  readonly condition: Condition;
  readonly cases: readonly CaseResult[];
}

/** The columns of the table for each condition: on how many Nodes, the newest first, and a name. */
const COLUMNS: Readonly<Record<Condition, { readonly nodes: number; readonly name: string }>> = {
  alone: { nodes: 3, name: "alone" },
  mixed: { nodes: 2, name: "mixed" },
  collected: { nodes: 1, name: "collected" },
  cold: { nodes: 1, name: "first 10 ms" },
};

/** The figure of a cold run that is in the table. */
const COLD_FIGURE = /first 10 ms$/;

/**
 * The ratios of several runs side by side. A row is what the newest Node's first run finds hardest
 * in a case.
 */
export function overviewOfRuns(runs: readonly Run[]): Ratios {
  const sorted = runs.toSorted((a, b) => majorOf(b) - majorOf(a));
  const [first] = sorted.filter(({ condition }) => condition === "alone");
  const rows = (first?.cases ?? []).flatMap(({ name, outcomes }) => {
    const rival = hardestRival(outcomes);
    const what = outcomes.find(({ others }) => others.some((other) => other === rival))?.what;
    return rival === undefined ? [] : [{ name, what, rival: rival.name }];
  });
  const columns = Object.entries(COLUMNS).flatMap(([condition, { nodes, name }]) =>
    sorted
      .filter((run) => run.condition === condition)
      .slice(0, nodes)
      .map((run) => ({
        name: `Node ${majorOf(run)}, ${name}`,
        cells: rows.map((row) => cellOf(row, run)),
      })),
  );
  return {
    title: "How many times as fast as the best of native promises, timers and sockets",
    subtitle:
      "Right of the line: mysyncio is faster. The dark mark: what bare generators reach. " +
      "First 10 ms: the cost in a fresh process, as a multiple of mysyncio's hot cost.",
    rows: rows.map(({ name, rival }) => `${name} / ${rival}`),
    columns,
  };
}

function majorOf({ machine }: Run): number {
  return Number(/\d+/.exec(machine.runtime)?.[0] ?? 0);
}

function cellOf(
  row: { readonly name: string; readonly what: string | undefined; readonly rival: string },
  { cases, condition }: Run,
): Ratio | undefined {
  const chosen = cases.find(({ name }) => name === row.name);
  if (condition === "cold") {
    const figure = chosen?.figures.find(({ what }) => COLD_FIGURE.test(what));
    if (figure?.value === undefined) return undefined;
    return { ratio: 1 / figure.value, label: `${figure.value.toFixed(0)}x`, limit: undefined };
  }
  const outcome = chosen?.outcomes.find(({ what }) => what === row.what);
  const rival = outcome?.others.find(({ name }) => name === row.rival);
  if (rival === undefined) return undefined;
  return { ratio: rival.ratio.median, label: ratioText(rival), limit: rival.limit?.median };
}
