// Results as text tables.

import {
  type Curve,
  type Figure,
  isBehind,
  isWorthless,
  type Outcome,
  type Rival,
  verdict,
} from "./compare.ts";
import type { Machine } from "./machine.ts";
import type { CaseResult } from "./runCase.ts";
import { meets, type Target, targetText } from "./targets.ts";

type Row = readonly string[];

const TITLES: Row = ["", "", "per operation", "spread", "ratio", "spread", "target", "limit", ""];
const NOTHING = "-";
/** Columns that are aligned to the left. */
const TEXTS = 2;

/** A case as text: its question, its tables, and its warnings. */
export function caseText({ name, question, outcomes, figures, curves }: CaseResult): string {
  const rows = [...outcomes.flatMap(outcomeRows), ...figures.map(figureRow)];
  return [
    `${name}: ${question}`,
    ...(rows.length > 0 ? [tableText([TITLES, ...rows])] : []),
    ...curves.map((curve) => tableText(curveRows(curve))),
    ...outcomes.flatMap(lacksOf),
    ...outcomes.flatMap(warningsOf),
  ].join("\n");
}

function outcomeRows({ what, ours, others, unable = [] }: Outcome): Row[] {
  return [
    [what, ours.name, time(ours.median), percent(ours.spread)],
    ...others.map(rivalRow),
    ...unable.map((name) => ["", name, NOTHING]),
  ];
}

function rivalRow(rival: Rival): Row {
  const { name, median, spread, ratio, target, limit } = rival;
  return [
    "",
    name,
    time(median),
    percent(spread),
    ratioText(rival),
    percent(ratio.spread),
    targetText(target),
    limit === undefined ? "" : timesText(limit.median, target),
    verdict(rival),
  ];
}

/** The ratio in the form that users read: how many times as fast, or how many times the cost. */
export function ratioText({ ratio, target }: Rival): string {
  return timesText(ratio.median, target);
}

function timesText(times: number, { atMost }: Target): string {
  const digits = times < 10 ? 2 : times < 100 ? 1 : 0;
  return `${times.toFixed(digits)}x${atMost === undefined ? "" : " cost"}`;
}

function figureRow(figure: Figure): Row {
  const { what, note = "", value } = figure;
  const target = targetText(figure);
  if (value === undefined) return [what, note, NOTHING, "", "", "", target];
  const met = target === "" ? "" : meets(figure, value) ? "ok" : "MISSED";
  return [what, note, figureText(figure), "", "", "", target, "", met];
}

/** The value of a figure with its unit. */
export function figureText({ value = NaN, unit }: Figure): string {
  const digits = value < 100 ? 1 : 0;
  return `${value.toLocaleString("en", { maximumFractionDigits: digits })} ${unit}`.trim();
}

function curveRows({ what, of, unit, sizes, lines }: Curve): Row[] {
  return [
    [`${what}, ${unit}`, of, ...sizes.map((size) => size.toLocaleString("en"))],
    ...lines.map(({ name, values }) => [
      "",
      name,
      ...values.map((value) => value.toFixed(value < 100 ? 1 : 0)),
    ]),
  ];
}

/** A line for each rival that is faster because it does less. */
function lacksOf({ others }: Outcome): string[] {
  return others
    .filter((rival) => rival.lacks !== undefined && isBehind(rival))
    .map((rival) => `  ${rival.name} (${ratioText(rival)}) can't ${rival.lacks}.`);
}

function warningsOf(outcome: Outcome): string[] {
  return [...fewRounds(outcome), ...worthlessRatios(outcome)];
}

/** Fewer rounds have no meaningful spread. */
const ENOUGH_ROUNDS = 3;

function fewRounds({ what, others }: Outcome): string[] {
  const few = others.filter(({ rounds }) => rounds < ENOUGH_ROUNDS);
  if (few.length === 0) return [];
  const names = few.map(({ name }) => name).join(", ");
  return [`  ! ${what}: too few rounds for a spread (${names}).`];
}

function worthlessRatios(outcome: Outcome): string[] {
  const worthless = outcome.others.filter(isWorthless);
  if (worthless.length === 0) return [];
  const names = worthless.map(({ name }) => name).join(", ");
  return [
    `  ! ${outcome.what}: the rounds differ too much for the ratio to mean anything (${names}). ` +
      "Run it again on a quieter machine, or with more --rounds.",
  ];
}

/** The ratios of several runs side by side, of rows that all of them have. */
export function nodesText(
  runs: readonly { readonly machine: Machine; readonly cases: readonly CaseResult[] }[],
): string {
  const titles = runs.map(({ machine }) => machine.runtime.split(",")[0] as string);
  const columns = runs.map(({ cases }) => {
    const rivals = cases.flatMap(({ name, outcomes }) =>
      outcomes.flatMap(({ what, others }) =>
        others.map((rival) => [`${name}: ${what}`, rival.name, ratioText(rival)] as const),
      ),
    );
    return new Map(rivals.map(([what, name, ratio]) => [JSON.stringify([what, name]), ratio]));
  });
  const [first = new Map<string, string>(), ...others] = columns;
  const common = [...first.keys()].filter((key) => others.every((column) => column.has(key)));
  const rows = common.map((key) => [
    ...(JSON.parse(key) as [string, string]),
    ...columns.map((column) => column.get(key) as string),
  ]);
  return tableText([["", "", ...titles], ...rows]);
}

export function tableText(rows: readonly Row[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column] as number;
        return column < TEXTS ? cell.padEnd(width) : cell.padStart(width);
      });
      return `  ${cells.join("  ").trimEnd()}`;
    })
    .join("\n");
}

/** A time per operation, passed in nanoseconds. */
export function time(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(1)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(2)} us`;
  return `${(nanoseconds / 1e6).toFixed(2)} ms`;
}

function percent(part: number): string {
  return `±${(part * 100).toFixed(0)}%`;
}
