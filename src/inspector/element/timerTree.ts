// The timer heap as a tree. Each timer has up to four children, none of them due before it.

import { h, type JSX } from "preact";
import type { TimerSnapshot } from "../types.ts";
import { countOf, formatCount, formatDuration } from "./formats.ts";
import type { InspectorModel } from "./inspectorModel.ts";
import { layouts, layoutsState } from "./lazyLayouts.ts";

/** How many timers are drawn: the root and three levels below it. */
const SHOWN = 85;
/** Timers at this depth and deeper are dots without a label. */
const DOTS_FROM = 3;
const WIDTH = 960;
/** With at most this many timers, the root and its children, the picture is narrower. */
const FEW = 5;
const WIDTH_OF_FEW = 340;
const LEVEL = 62;
/** The smallest scale of the picture. In less space, it scrolls. */
const SMALLEST = 0.7;
const PILL = 54;

/** The ends of the ranges of the histogram, in milliseconds. */
const RANGES = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000, Infinity];
const NEXT = 8;

export function TimerTree({ model }: { model: InspectorModel }): JSX.Element {
  const snapshot = model.snapshot.value;
  const timers = snapshot?.timers ?? [];
  const now = snapshot?.loop.time ?? 0;
  if (timers.length === 0) {
    return h("p", { class: "none" }, "No timer is set.");
  }
  return h(
    "div",
    { class: "timers" },
    h(HeapPicture, { timers, now, model }),
    h(
      "div",
      { class: "beside" },
      h(DueTable, { timers, now, model }),
      h(DueHistogram, { timers, now }),
    ),
  );
}

interface TimersProps {
  readonly timers: readonly TimerSnapshot[];
  readonly now: number;
  readonly model: InspectorModel;
}

function HeapPicture({ timers, now, model }: TimersProps): JSX.Element {
  const shown = timers.slice(0, SHOWN);
  const width = shown.length > FEW ? WIDTH : WIDTH_OF_FEW;
  const points = layouts()?.planHeap(shown.length, width - PILL - 8, LEVEL, DOTS_FROM);
  if (points === undefined) return h("p", { class: "none" }, layoutsState());
  const height = (points.at(-1)?.depth ?? 0) * LEVEL + 46;
  const first = formatDuration((shown[0]?.when ?? 0) - now);
  const title = `A heap of ${countOf(timers.length, "timer")}. The first one is due in ${first}.`;
  const at = (index: number) => ({
    x: (points[index]?.x ?? 0) + PILL / 2 + 4,
    y: (points[index]?.y ?? 0) + 22,
  });
  const edges = shown.slice(1).map((_, index) => {
    const from = at(index >> 2);
    const to = at(index + 1);
    const d = `M${from.x} ${from.y}C${from.x} ${from.y + LEVEL / 2} ${to.x} ${to.y - LEVEL / 2} ${to.x} ${to.y}`;
    return h("path", { key: index, class: "edge", d });
  });
  const nodes = shown.map((timer, index) => {
    const { x, y } = at(index);
    const task = timer.task === null ? undefined : model.tasks.value.get(timer.task);
    const due = formatDuration(Math.max(0, timer.when - now));
    const isDot = (points[index]?.depth ?? 0) >= DOTS_FROM;
    return h(
      "g",
      {
        ...{ key: `n${index}`, class: `timer ${timer.kind}`, transform: `translate(${x} ${y})` },
        onClick: () => model.select(timer.task),
      },
      h("title", null, `${timer.kind} of ${task?.name ?? timer.label}, due in ${due}`),
      isDot
        ? h("circle", { r: 5 })
        : h("rect", { x: -PILL / 2, y: -12, width: PILL, height: 24, rx: 12 }),
      !isDot && h("text", { y: 4 }, due),
    );
  });
  return h(
    "figure",
    null,
    h(
      "svg",
      {
        ...{ class: "heap", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title },
        style: { maxWidth: `${width}px`, minWidth: `${width * SMALLEST}px` },
      },
      edges,
      nodes,
    ),
    timers.length > SHOWN &&
      h("figcaption", null, `${formatCount(timers.length - SHOWN)} more are below these.`),
  );
}

function DueTable({ timers, now, model }: TimersProps): JSX.Element {
  const next = [...timers].sort((a, b) => a.when - b.when).slice(0, NEXT);
  return h(
    "table",
    { class: "due" },
    h("caption", null, "Due next"),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        ["In", "Kind", "Whose"].map((name) => h("th", { scope: "col", key: name }, name)),
      ),
    ),
    h(
      "tbody",
      null,
      next.map(({ when, kind, task, label }, at) =>
        h(
          "tr",
          { key: at },
          h("td", null, formatDuration(Math.max(0, when - now))),
          h("td", null, kind),
          h(
            "td",
            null,
            task === null
              ? label
              : h(
                  "button",
                  { class: "link", onClick: () => model.select(task) },
                  model.tasks.value.get(task)?.name ?? label,
                ),
          ),
        ),
      ),
    ),
  );
}

function DueHistogram({ timers, now }: Omit<TimersProps, "model">): JSX.Element {
  const counts = RANGES.map(() => 0);
  for (const { when } of timers) {
    const at = RANGES.findIndex((end) => when - now < end || end === Infinity);
    counts[at] = (counts[at] as number) + 1;
  }
  const most = Math.max(1, ...counts);
  return h(
    "table",
    { class: "histogram" },
    h("caption", null, "All timers, by when they are due"),
    h(
      "tbody",
      null,
      counts.map((count, at) => {
        if (count === 0) return null;
        const end = RANGES[at] as number;
        const name = end === Infinity ? "later" : `within ${formatDuration(end)}`;
        return h(
          "tr",
          { key: at },
          h("th", { scope: "row" }, name),
          h("td", null, h("span", { class: "bar", style: { width: `${(count / most) * 100}%` } })),
          h("td", null, formatCount(count)),
        );
      }),
    ),
  );
}
