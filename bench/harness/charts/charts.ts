// Results as pictures: SVG, made by a library that needs no page to draw in.

import * as echarts from "echarts";
import type { Bars, Lines } from "./shapes.ts";

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
  const left = widthOfNames(groups);
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
    yAxis: groups.map((group, gridIndex) => axisOfNames(group, gridIndex, left - 24)),
    series: groups.map(seriesOf),
    graphic,
  };
}

function axisOfNames({ bars }: Group, gridIndex: number, width: number): object {
  return {
    type: "category",
    gridIndex,
    inverse: true,
    data: bars.map((bar) => bar.name),
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
function widthOfNames(groups: Bars["groups"]): number {
  const longest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ name }) => name.length)));
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

const HEIGHT_OF_LINES = 380;

/** An SVG of lines. */
export function linesSvg(lines: Lines): string {
  return draw(linesOption(lines), HEIGHT_OF_LINES);
}

function draw(option: Option, height: number): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
