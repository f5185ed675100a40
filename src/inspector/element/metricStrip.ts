// The metrics of a loop, each with its latest readings as a small curve.

import { h, type JSX } from "preact";
import { formatCount, formatDuration } from "./formats.ts";
import type { InspectorModel } from "./inspectorModel.ts";
import { MAX_READINGS, METRICS, type Metric } from "./metricHistory.ts";

const TITLES: Readonly<Record<Metric, readonly [name: string, meaning: string]>> = {
  tasks: ["Tasks", "Tasks that are not done"],
  ready: ["Ready", "Entries of the ready queue"],
  timers: ["Timers", "Timers that are not due"],
  lag: ["Lag", "How late timers were, on average over the last second"],
  busy: ["Busy", "The part of the last second in which the loop was busy"],
  outside: ["Outside", "Waits for something outside the loop"],
};

const WIDTH = 96;
const HEIGHT = 22;
const FEWEST_READINGS = 16;

export function MetricStrip({ model }: { model: InspectorModel }): JSX.Element {
  model.history.version.value;
  const tiles = METRICS.map((metric) => {
    const [name, meaning] = TITLES[metric];
    const values = model.history.of(metric);
    return h(
      "div",
      { class: "metric", key: metric, title: meaning },
      h("dt", null, name),
      h("dd", null, textOf(metric, values.at(-1) ?? Number.NaN)),
      h(
        "svg",
        { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": true },
        h("path", { class: "area", d: `${curveOf(values)}V${HEIGHT}H0Z` }),
        h("path", { class: "line", d: curveOf(values) }),
      ),
    );
  });
  return h("dl", { class: "metrics", "aria-label": "Metrics" }, tiles);
}

function textOf(metric: Metric, value: number): string {
  if (Number.isNaN(value)) return "–";
  if (metric === "lag") return formatDuration(value);
  return metric === "busy" ? `${value.toFixed(value < 10 ? 1 : 0)} %` : formatCount(value);
}

/** Returns the path of a curve through the readings, the latest one at the right edge. */
function curveOf(values: readonly number[]): string {
  const known = values.map((value) => (Number.isNaN(value) ? 0 : value));
  const most = Math.max(1, ...known);
  // A few readings are drawn further apart, so that they fill more than a corner.
  const shown = Math.min(MAX_READINGS, Math.max(FEWEST_READINGS, known.length));
  const points = known.map((value, at) => {
    const x = WIDTH - ((known.length - 1 - at) * WIDTH) / (shown - 1);
    return `${x.toFixed(1)} ${(HEIGHT - 1 - (value / most) * (HEIGHT - 3)).toFixed(1)}`;
  });
  const first = points[0]?.split(" ")[0] ?? "0";
  return `M${first} ${HEIGHT}L${points.length === 0 ? `0 ${HEIGHT}` : points.join("L")}`;
}
