// Results as pictures: SVG, made by a library that needs no page to draw in.

import * as echarts from "echarts";
import type { Bars, Lines, Ratio, Ratios } from "./shapes.ts";

const WIDTH = 900;
const BAR_HEIGHT = 26;
const HEADING_HEIGHT = 64;
const GROUP_GAP = 30;
const CHARACTER_WIDTH = 6.4;
const NARROWEST_NAMES = 120;
const WIDEST_NAMES = 480;
const ROOM_FOR_LABELS = 150;
const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const OURS = "#2f6fde";
const THEIRS = "#b7bfcc";
const TEXT = "#24292f";
const MUTED = "#667080";

type Option = echarts.EChartsCoreOption;
type Group = Bars["groups"][number];

/** The height of a bar chart, in pixels. */
function heightOfBars({ groups }: Bars): number {
  const bars = groups.reduce((sum, group) => sum + group.bars.length, 0);
  return HEADING_HEIGHT + groups.length * GROUP_GAP + bars * BAR_HEIGHT + 10;
}

/** Bars, one below the other, each group under its name and on its own scale. */
function barsOption({ title, subtitle, groups }: Bars): Option {
  const grid: object[] = [];
  const graphic: object[] = [];
  const left = widthOfNames(groups.flatMap(({ bars }) => bars.map(({ name }) => name)));
  let top = HEADING_HEIGHT;
  for (const { name, bars } of groups) {
    const height = bars.length * BAR_HEIGHT;
    graphic.push({
      type: "text",
      left: 16,
      top: top + 8,
      silent: true,
      style: { text: name, font: `600 13px ${FONT}`, fill: TEXT },
    });
    grid.push({ left, right: ROOM_FOR_LABELS, top: top + GROUP_GAP, height });
    top += GROUP_GAP + height;
  }
  return {
    backgroundColor: "#ffffff",
    animation: false,
    title: heading(title, subtitle),
    grid,
    xAxis: groups.map((_, gridIndex) => ({ type: "value", gridIndex, show: false, min: 0 })),
    yAxis: groups.map(({ bars }, gridIndex) =>
      axisOfNames(
        bars.map(({ name }) => name),
        gridIndex,
        left - 24,
      ),
    ),
    series: groups.map(seriesOf),
    graphic,
  };
}

function axisOfNames(names: readonly string[], gridIndex: number, width: number): object {
  return {
    type: "category",
    gridIndex,
    inverse: true,
    data: names,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: TEXT, fontFamily: FONT, fontSize: 12, width, overflow: "truncate" },
  };
}

function seriesOf({ bars, mark }: Group, index: number): object {
  return {
    type: "bar",
    xAxisIndex: index,
    yAxisIndex: index,
    barWidth: 16,
    animation: false,
    ...(mark === undefined ? {} : { markLine: markLineAt(mark) }),
    data: bars.map(({ value, label, isOurs }) => ({
      value,
      itemStyle: { color: isOurs ? OURS : THEIRS, borderRadius: [0, 3, 3, 0] },
      label: {
        show: true,
        position: "right",
        formatter: () => label,
        color: TEXT,
        fontFamily: FONT,
        fontSize: 12,
      },
    })),
  };
}

/** As wide as the longest name, within reason. ECharts cannot measure text without a page. */
function widthOfNames(names: readonly string[]): number {
  const longest = Math.max(...names.map(({ length }) => length));
  return Math.min(WIDEST_NAMES, Math.max(NARROWEST_NAMES, 24 + longest * CHARACTER_WIDTH));
}

function markLineAt(xAxis: number): object {
  return {
    symbol: "none",
    silent: true,
    lineStyle: { color: MUTED, type: "solid", width: 1 },
    label: { show: false },
    data: [{ xAxis }],
  };
}

/** Lines with names at their ends. */
function linesOption({ title, subtitle, of, unit, sizes, lines }: Lines): Option {
  const axis = {
    type: "log",
    axisLabel: { color: MUTED, fontFamily: FONT, fontSize: 12 },
    nameTextStyle: { color: MUTED, fontFamily: FONT, fontSize: 12 },
    splitLine: { lineStyle: { color: "#e8ebf0" } },
    minorSplitLine: { show: false },
  };
  const colors = [OURS, "#e07b39", "#4b9e6b", "#8a63c9"];
  return {
    backgroundColor: "#ffffff",
    animation: false,
    title: heading(title, subtitle),
    grid: { left: 70, right: 200, top: HEADING_HEIGHT + 26, bottom: 52 },
    xAxis: {
      ...axis,
      name: of,
      nameLocation: "middle",
      nameGap: 30,
      min: sizes[0],
      max: sizes.at(-1),
      axisLabel: { ...axis.axisLabel, formatter: (size: number) => size.toLocaleString("en") },
    },
    yAxis: {
      type: "value",
      min: 0,
      name: unit,
      nameTextStyle: axis.nameTextStyle,
      axisLabel: axis.axisLabel,
      splitLine: axis.splitLine,
    },
    series: lines.map(({ name, values }, index) => ({
      name,
      type: "line",
      symbol: "circle",
      symbolSize: 7,
      color: colors[index % colors.length],
      lineStyle: { width: 2.5 },
      data: values.map((value, at) => [sizes[at], value]),
      endLabel: {
        show: true,
        formatter: () => name,
        color: colors[index % colors.length],
        fontFamily: FONT,
        fontSize: 12,
        width: 180,
        overflow: "break",
      },
      labelLayout: { moveOverlap: "shiftY" },
    })),
  };
}

function heading(text: string, subtext: string): object {
  return {
    text,
    subtext,
    left: 12,
    top: 10,
    textStyle: { color: TEXT, fontFamily: FONT, fontSize: 16, fontWeight: 600 },
    subtextStyle: { color: MUTED, fontFamily: FONT, fontSize: 11 },
  };
}

/** An SVG of bars. */
export function barsSvg(bars: Bars): string {
  return draw(barsOption(bars), heightOfBars(bars));
}

const ROW_HEIGHT = 22;
const LABEL_WIDTH = 62;
const BARS_WIDTH = 84;
const COLUMN_WIDTH = LABEL_WIDTH + BARS_WIDTH;
/** Bars end here, so that a few long ones don't make all others too short to see. */
const SMALLEST_RATIO = 0.4;
const LARGEST_RATIO = 8;
const LIMIT = "#1d2b45";

/** The table of ratios. All columns have the same scale. */
function ratiosOption({ title, subtitle, rows, columns }: Ratios, left: number): Option {
  const place = { top: HEADING_HEIGHT + GROUP_GAP, height: rows.length * ROW_HEIGHT };
  const lefts = columns.map((_, index) => left + index * COLUMN_WIDTH);
  // The first grid has only names.
  const grids = [{ ...place, left, width: 0 }];
  for (const start of lefts) {
    grids.push({ ...place, left: start + LABEL_WIDTH, width: BARS_WIDTH - 16 });
  }
  return {
    backgroundColor: "#ffffff",
    animation: false,
    title: heading(title, subtitle),
    graphic: columns.map(({ name }, index) => ({
      type: "text",
      left: (lefts[index] as number) + 8,
      top: HEADING_HEIGHT + 8,
      silent: true,
      style: { text: name, font: `600 11px ${FONT}`, fill: TEXT },
    })),
    grid: grids,
    xAxis: grids.map((_, gridIndex) => ({
      type: "value",
      gridIndex,
      show: false,
      min: Math.log2(SMALLEST_RATIO),
      max: Math.log2(LARGEST_RATIO),
    })),
    yAxis: [
      axisOfNames(rows, 0, left - 24),
      ...columns.map(({ cells }, index) =>
        axisOfNames(
          cells.map((cell) => cell?.label ?? ""),
          index + 1,
          LABEL_WIDTH - 8,
        ),
      ),
    ],
    series: columns.flatMap(({ cells }, index) => [
      { ...barsOfRatios(cells, index + 1), markLine: markLineAt(0) },
      limitsOf(cells, index + 1),
    ]),
  };
}

function barsOfRatios(cells: readonly (Ratio | undefined)[], index: number): object {
  return {
    type: "bar",
    xAxisIndex: index,
    yAxisIndex: index,
    barWidth: 12,
    data: cells.map((cell) =>
      cell === undefined
        ? "-"
        : {
            value: onScale(cell.ratio),
            itemStyle: { color: cell.ratio >= 1 ? OURS : THEIRS, borderRadius: 2 },
          },
    ),
  };
}

/** The marks of what generators alone reach. */
function limitsOf(cells: readonly (Ratio | undefined)[], index: number): object {
  return {
    type: "scatter",
    xAxisIndex: index,
    yAxisIndex: index,
    symbol: "rect",
    symbolSize: [2, 16],
    itemStyle: { color: LIMIT },
    data: cells.flatMap((cell, row) =>
      cell?.limit === undefined ? [] : [[onScale(cell.limit), row]],
    ),
  };
}

function onScale(ratio: number): number {
  return Math.log2(Math.max(SMALLEST_RATIO, Math.min(LARGEST_RATIO, ratio)));
}

/** An SVG of ratios. */
export function ratiosSvg(ratios: Ratios): string {
  const left = widthOfNames(ratios.rows);
  const width = left + ratios.columns.length * COLUMN_WIDTH + 12;
  const height = HEADING_HEIGHT + GROUP_GAP + ratios.rows.length * ROW_HEIGHT + 26;
  return draw(ratiosOption(ratios, left), height, width);
}

const HEIGHT_OF_LINES = 380;

/** An SVG of lines. */
export function linesSvg(lines: Lines): string {
  return draw(linesOption(lines), HEIGHT_OF_LINES);
}

function draw(option: Option, height: number, width = WIDTH): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
