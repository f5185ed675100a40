import { cpus, loadavg } from "node:os";
import { type Figure, meets, type Outcome, targetText } from "./harness.ts";

/** A line of a table: what, who, the figure, its spread, the ratio, its target, whether it was met. */
export type Row = readonly [string, string, string, string, string, string, string];

const TITLES: Row = ["", "", "per operation", "spread", "ratio", "target", ""];

/** Where and when a run was made. */
export function header(rounds: number): string {
  const [cpu] = cpus();
  const load = loadavg()[0]?.toFixed(2);
  return (
    `Node ${process.versions.node}, V8 ${process.versions.v8}, ${process.platform} ${process.arch}, ` +
    `${cpus().length} x ${cpu?.model.trim()}, load ${load}, medians of ${rounds} alternating rounds`
  );
}

export function outcomeRows({ what, ours, others }: Outcome): Row[] {
  return [
    [what, ours.name, time(ours.median), percent(ours.spread), "", "", ""],
    ...others.map(
      ({ name, median, spread, ratio, target, met }): Row => [
        "",
        name,
        time(median),
        percent(spread),
        `${ratio.toFixed(2)}${target.startsWith("<") ? "x cost" : "x"}`,
        target,
        verdict(target, met),
      ],
    ),
  ];
}

export function figureRows(figures: readonly Figure[]): Row[] {
  return figures.map((figure): Row => {
    const target = targetText(figure);
    const value = `${figure.value.toFixed(figure.value < 100 ? 1 : 0)} ${figure.unit}`;
    return [
      figure.what,
      figure.note ?? "",
      value,
      "",
      "",
      target,
      verdict(target, meets(figure, figure.value)),
    ];
  });
}

export function printTable(rows: readonly Row[]): void {
  const all = [TITLES, ...rows];
  const widths = TITLES.map((_, column) =>
    Math.max(...all.map((row) => (row[column] as string).length)),
  );
  for (const row of all) {
    const cells = row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
    );
    console.log(`  ${cells.join("  ").trimEnd()}`);
  }
}

function verdict(target: string, met: boolean): string {
  if (target === "") return "";
  return met ? "ok" : "MISSED";
}

function time(nanoseconds: number): string {
  return nanoseconds < 1000
    ? `${nanoseconds.toFixed(1)} ns`
    : `${(nanoseconds / 1000).toFixed(2)} us`;
}

function percent(part: number): string {
  return `±${(part * 100).toFixed(0)}%`;
}
