// The timeline: a canvas with a lane for each task, and a table for readers who can't see the
// canvas.
//
// A slice of a lane is a step or a wait. Everything is drawn again in each frame in which anything
// has changed. A slice that would fall on the same pixel as the slice before it is skipped, so the
// number of slices drawn is limited by the size of the picture.
//
// This is one file because the gestures and the drawing share the view.

import { effect, signal } from "@preact/signals-core";
import { Component, createRef, h, type JSX } from "preact";
import { countOf, formatDuration, hueOf } from "./formats.ts";
import { Inks } from "./inks.ts";
import type { InspectorModel } from "./inspectorModel.ts";
import type { ChartSlice, StepChart } from "./stepChart.ts";

const LANE = 22;
const AXIS = 22;
const NARROW = 560;
const FEWEST_PIXELS_BETWEEN_TICKS = 90;
/** If more arrows than this are in view, only those of the slice under the pointer are drawn. */
const MAX_ARROWS = 250;
const MAX_TABLE_ROWS = 100;
const ZOOM = 1.5;

/** The part of the chart that is in view, in microseconds. */
interface Span {
  readonly from: number;
  readonly to: number;
}

interface Pointed {
  readonly lane: number;
  readonly slice: ChartSlice;
  readonly x: number;
  readonly y: number;
}

interface Props {
  readonly model: InspectorModel;
}

export class StepTimeline extends Component<Props> {
  readonly #frame = createRef<HTMLDivElement>();
  readonly #canvas = createRef<HTMLCanvasElement>();
  readonly #pointed = signal<Pointed | undefined>(undefined);
  readonly #isTable = signal(false);
  #painter: TimelinePainter | undefined;
  #stop: (() => void) | undefined;

  override componentDidMount(): void {
    const { model } = this.props;
    const painter = new TimelinePainter(
      this.#canvas.current as HTMLCanvasElement,
      this.#frame.current as HTMLDivElement,
      (what) => {
        this.#pointed.value = what;
      },
    );
    this.#painter = painter;
    // Shows only the lanes of tasks that match, if the user filters tasks.
    const show = () => painter.show(model.chart.value, model.query.value.trim().toLowerCase());
    this.#stop = effect(show);
  }

  override componentWillUnmount(): void {
    this.#stop?.();
    this.#painter?.dispose();
  }

  override render({ model }: Props): JSX.Element {
    const chart = model.chart.value;
    const isTable = this.#isTable.value;
    const isRecording = model.isRecording.value;
    const summary = summaryOf(chart);
    const help = "Arrow keys move, plus and minus zoom, 0 shows everything.";
    const act = (name: string, label: string, action: () => void) =>
      h("button", { "aria-label": name, title: name, onClick: action }, label);
    return h(
      "div",
      { class: "timeline" },
      h(
        "div",
        { class: "tools" },
        h(
          "button",
          {
            class: "record",
            "aria-pressed": isRecording,
            disabled: model.source?.record === undefined,
            onClick: () => {
              model.isRecording.value = !isRecording;
            },
          },
          h("i", { "aria-hidden": true }),
          isRecording ? "Recording" : "Record",
        ),
        h("span", { class: "summary" }, summary),
        act("Zoom in", "+", () => this.#painter?.zoom(1 / ZOOM)),
        act("Zoom out", "−", () => this.#painter?.zoom(ZOOM)),
        act("Fit everything", "Fit", () => this.#painter?.fit()),
        h(
          "button",
          {
            "aria-pressed": isTable,
            onClick: () => {
              this.#isTable.value = !isTable;
            },
          },
          "Table",
        ),
      ),
      h(
        "div",
        {
          ...{ ref: this.#frame, class: "chart", hidden: isTable, tabIndex: 0, role: "group" },
          "aria-label": `Timeline. ${summary} ${help}`,
          onKeyDown: (event: KeyboardEvent) => {
            if (this.#painter?.press(event.key)) event.preventDefault();
          },
        },
        h("canvas", { ref: this.#canvas, role: "img", "aria-label": summary }),
        h(Tip, { pointed: this.#pointed.value, chart }),
      ),
      isTable && h(StepTable, { chart }),
    );
  }
}

function summaryOf({ lanes, steps, arrows, begins, ends }: StepChart): string {
  if (lanes.length === 0) return "Nothing was recorded yet.";
  const counts = `${countOf(steps, "step")}, ${countOf(arrows.length, "wake-up")}`;
  return `${counts} in ${formatDuration((ends - begins) / 1_000)}.`;
}

function Tip({
  pointed,
  chart,
}: {
  pointed: Pointed | undefined;
  chart: StepChart;
}): JSX.Element | null {
  if (pointed === undefined) return null;
  const { slice, lane, x, y } = pointed;
  const name = chart.lanes[lane]?.name ?? "";
  return h(
    "div",
    { class: "tip", style: { transform: `translate(${x}px, ${y}px)` } },
    h("b", null, name),
    h("span", null, slice.kind === "step" ? "step" : slice.label),
    h("span", null, formatDuration((slice.ends - slice.begins) / 1_000)),
  );
}

/** The latest steps and waits, as a table. */
function StepTable({ chart }: { chart: StepChart }): JSX.Element {
  const latest = chart.lanes
    .flatMap(({ name, slices }) => slices.slice(-MAX_TABLE_ROWS).map((slice) => ({ name, slice })))
    .sort((a, b) => b.slice.begins - a.slice.begins)
    .slice(0, MAX_TABLE_ROWS);
  return h(
    "div",
    { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Latest steps" },
    h(
      "table",
      { class: "due" },
      h("caption", null, "The latest steps and waits, the last one first"),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          ["At", "Task", "What", "Took"].map((name) => h("th", { scope: "col", key: name }, name)),
        ),
      ),
      h(
        "tbody",
        null,
        latest.map(({ name, slice }, at) =>
          h(
            "tr",
            { key: at },
            h("td", null, formatDuration(slice.begins / 1_000)),
            h("td", null, name),
            h("td", null, slice.kind === "step" ? "step" : slice.label),
            h("td", null, formatDuration((slice.ends - slice.begins) / 1_000)),
          ),
        ),
      ),
    ),
  );
}

class TimelinePainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #frame: HTMLElement;
  readonly #point: (what: Pointed | undefined) => void;
  readonly #inks: Inks;
  readonly #observer: ResizeObserver;
  readonly #listeners = new AbortController();
  #chart: StepChart = { begins: 0, ends: 0, lanes: [], arrows: [], steps: 0 };
  /** The indices of the lanes whose names match the query. */
  #lanes: number[] = [];
  /** The part in view. Undefined shows the whole chart, also after it has grown. */
  #span: Span | undefined;
  #top = 0;
  #pointed: Pointed | undefined;
  #request = 0;

  constructor(
    canvas: HTMLCanvasElement,
    frame: HTMLElement,
    point: (what: Pointed | undefined) => void,
  ) {
    this.#canvas = canvas;
    this.#frame = frame;
    this.#point = point;
    this.#inks = new Inks(frame, () => this.#plan());
    this.#observer = new ResizeObserver(() => this.#plan());
    this.#observer.observe(frame);
    const { signal } = this.#listeners;
    frame.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    frame.addEventListener("pointermove", (event) => this.#move(event), { signal });
    frame.addEventListener("pointerleave", () => this.#setPointed(undefined), { signal });
  }

  show(chart: StepChart, query: string): void {
    this.#chart = chart;
    this.#lanes = [...chart.lanes.keys()].filter((lane) =>
      (chart.lanes[lane]?.name ?? "").toLowerCase().includes(query),
    );
    this.#scrollTo(this.#top);
    this.#setPointed(undefined);
  }

  fit(): void {
    this.#span = undefined;
    this.#plan();
  }

  zoom(factor: number, at = 0.5): void {
    const { from, to } = this.#view();
    const center = from + (to - from) * at;
    const width = Math.max(1, (to - from) * factor);
    const { begins, ends } = this.#chart;
    if (width >= ends - begins) return this.fit();
    this.#look(center - width * at, width);
  }

  /** Handles a key. Returns whether it is one of the timeline's keys. */
  press(key: string): boolean {
    const { from, to } = this.#view();
    const width = to - from;
    if (key === "ArrowLeft") this.#look(from - width / 8, width);
    else if (key === "ArrowRight") this.#look(from + width / 8, width);
    else if (key === "ArrowDown") this.#scrollTo(this.#top + LANE);
    else if (key === "ArrowUp") this.#scrollTo(this.#top - LANE);
    else if (key === "+" || key === "=") this.zoom(1 / ZOOM);
    else if (key === "-") this.zoom(ZOOM);
    else if (key === "0") this.fit();
    else return false;
    return true;
  }

  dispose(): void {
    this.#listeners.abort();
    this.#observer.disconnect();
    this.#inks.dispose();
    cancelAnimationFrame(this.#request);
  }

  #view(): Span {
    const { begins, ends } = this.#chart;
    return this.#span ?? { from: begins, to: Math.max(ends, begins + 1) };
  }

  #look(from: number, width: number): void {
    const { begins, ends } = this.#chart;
    const start = Math.max(begins, Math.min(from, ends - width));
    this.#span = { from: start, to: start + width };
    this.#plan();
  }

  #scrollTo(top: number): void {
    const most = this.#lanes.length * LANE - (this.#frame.clientHeight - AXIS);
    this.#top = Math.max(0, Math.min(top, most));
    this.#plan();
  }

  #wheel(event: WheelEvent): void {
    const { from, to } = this.#view();
    const { left, width } = this.#plot();
    const perPixel = (to - from) / width;
    if (event.ctrlKey || event.metaKey) {
      const x = event.clientX - this.#frame.getBoundingClientRect().left;
      this.zoom(Math.exp(event.deltaY / 200), Math.min(1, Math.max(0, (x - left) / width)));
    } else if (event.deltaX !== 0) this.#look(from + event.deltaX * perPixel, to - from);
    else {
      const before = this.#top;
      this.#scrollTo(this.#top + event.deltaY);
      // At the end of the lanes, the page scrolls instead.
      if (this.#top === before) return;
    }
    event.preventDefault();
  }

  #move(event: PointerEvent): void {
    const box = this.#frame.getBoundingClientRect();
    const { left, width } = this.#plot();
    const { from, to } = this.#view();
    if (event.buttons === 1) {
      this.#look(from - (event.movementX * (to - from)) / width, to - from);
      return;
    }
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const lane = this.#lanes[Math.floor((y - AXIS + this.#top) / LANE)];
    const perPixel = (to - from) / width;
    const at = from + (x - left) * perPixel;
    const slices = lane === undefined || y < AXIS ? [] : (this.#chart.lanes[lane]?.slices ?? []);
    const near = slices.filter(
      (one) => one.begins - 3 * perPixel <= at && at <= one.ends + 3 * perPixel,
    );
    const slice = near.find(({ kind }) => kind === "step") ?? near[0];
    this.#setPointed(
      slice && { lane: lane as number, slice, x: Math.min(x + 12, box.width - 190), y: y + 14 },
    );
  }

  #setPointed(pointed: Pointed | undefined): void {
    if (pointed === undefined && this.#pointed === undefined) return;
    this.#pointed = pointed;
    this.#point(pointed);
    this.#plan();
  }

  #plan(): void {
    if (this.#request !== 0) return;
    this.#request = requestAnimationFrame(() => {
      this.#request = 0;
      this.#paint();
    });
  }

  /** Returns the part of the canvas to the right of the names. */
  #plot(): { readonly left: number; readonly width: number } {
    const all = this.#frame.clientWidth;
    const left = all < NARROW ? 84 : 148;
    return { left, width: Math.max(1, all - left - 8) };
  }

  #paint(): void {
    const { clientWidth: width, clientHeight: height } = this.#frame;
    const context = this.#canvas.getContext("2d");
    if (context === null || width === 0) return;
    const scale = devicePixelRatio;
    if (this.#canvas.width !== width * scale || this.#canvas.height !== height * scale) {
      this.#canvas.width = width * scale;
      this.#canvas.height = height * scale;
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const { left, width: plot } = this.#plot();
    const { from, to } = this.#view();
    const x = (time: number) => left + ((time - from) / (to - from)) * plot;
    context.font = `11px ${this.#inks.font}`;
    context.textBaseline = "middle";
    this.#paintAxis(context, x, height);
    context.save();
    context.beginPath();
    context.rect(0, AXIS, width, height - AXIS);
    context.clip();
    const first = Math.floor(this.#top / LANE);
    const last = Math.min(this.#lanes.length, Math.ceil((this.#top + height - AXIS) / LANE));
    for (let row = first; row < last; row++) this.#paintLane(context, row, x, left, width);
    this.#paintArrows(context, x, first, last);
    context.restore();
  }

  #paintAxis(context: CanvasRenderingContext2D, x: (time: number) => number, height: number): void {
    const { from, to } = this.#view();
    const { left, width } = this.#plot();
    const step = roundStep(((to - from) * FEWEST_PIXELS_BETWEEN_TICKS) / width);
    const origin = this.#chart.begins;
    context.fillStyle = this.#inks.of("muted");
    context.strokeStyle = this.#inks.of("line");
    context.lineWidth = 1;
    for (let time = Math.ceil((from - origin) / step) * step; time <= to - origin; time += step) {
      const at = Math.round(x(time + origin)) + 0.5;
      context.beginPath();
      context.moveTo(at, AXIS - 6);
      context.lineTo(at, height);
      context.stroke();
      if (at < left + width - 20) context.fillText(formatDuration(time / 1_000), at + 4, AXIS / 2);
    }
  }

  #paintLane(
    context: CanvasRenderingContext2D,
    row: number,
    x: (time: number) => number,
    left: number,
    width: number,
  ): void {
    const lane = this.#chart.lanes[this.#lanes[row] as number];
    if (lane === undefined) return;
    const y = AXIS + row * LANE - this.#top;
    if (row % 2 === 1) {
      context.fillStyle = this.#inks.of("stripe");
      context.fillRect(0, y, width, LANE);
    }
    context.save();
    context.beginPath();
    context.rect(left, y, width - left, LANE);
    context.clip();
    for (const kind of ["wait", "step"] as const) {
      let covered = -Infinity;
      for (const slice of lane.slices) {
        if (slice.kind !== kind) continue;
        const end = x(slice.ends);
        if (end < left || end < covered + 0.5) continue;
        const start = x(slice.begins);
        if (start > width) break;
        covered = Math.max(end, start + 1.5);
        const isStep = kind === "step";
        context.fillStyle = this.#inks.of(
          isStep ? "running" : hueOf(slice.label.replace("waits for ", "")),
        );
        context.globalAlpha = isStep ? 1 : 0.45;
        const inset = isStep ? 4 : 8;
        context.fillRect(start, y + inset, covered - start, LANE - 2 * inset);
        context.globalAlpha = 1;
        if (!isStep && end - start > 60) {
          context.fillStyle = this.#inks.of("text");
          context.save();
          context.beginPath();
          context.rect(start, y, end - start - 4, LANE);
          context.clip();
          context.fillText(
            slice.label.replace("waits for ", ""),
            Math.max(start, left) + 6,
            y + LANE / 2 + 0.5,
          );
          context.restore();
        }
      }
    }
    context.restore();
    context.fillStyle = this.#inks.of("text");
    context.fillText(shortened(context, lane.name, left - 18), 10, y + LANE / 2);
  }

  #paintArrows(
    context: CanvasRenderingContext2D,
    x: (time: number) => number,
    first: number,
    last: number,
  ): void {
    const { from, to } = this.#view();
    const rows = new Map<number, number>();
    for (let row = first; row < last; row++) rows.set(this.#lanes[row] as number, row);
    const inView = this.#chart.arrows.filter(
      ({ from: start, to: end, fromLane, toLane }) =>
        end >= from && start <= to && rows.has(fromLane) && rows.has(toLane),
    );
    const { lane, slice } = this.#pointed ?? {};
    const touches = (time: number, of: number) =>
      slice !== undefined && of === lane && time >= slice.begins && time <= slice.ends;
    for (const arrow of inView) {
      const isBright = touches(arrow.from, arrow.fromLane) || touches(arrow.to, arrow.toLane);
      if (!isBright && inView.length > MAX_ARROWS) continue;
      const start = rows.get(arrow.fromLane);
      const end = rows.get(arrow.toLane);
      if (start === undefined || end === undefined) continue;
      context.strokeStyle = context.fillStyle = this.#inks.of(isBright ? "accent" : "muted");
      context.globalAlpha = isBright ? 1 : 0.5;
      context.lineWidth = isBright ? 1.75 : 1;
      const y = (row: number) => AXIS + row * LANE - this.#top + LANE / 2;
      paintArrow(context, x(arrow.from), y(start), x(arrow.to), y(end));
    }
    context.globalAlpha = 1;
  }
}

function paintArrow(
  context: CanvasRenderingContext2D,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  const direction = y2 >= y1 ? 1 : -1;
  const start = y1 + direction * (LANE / 2 - 5);
  const end = y2 - direction * (LANE / 2 - 4);
  const bend = (end - start) / 2;
  context.beginPath();
  context.moveTo(x1, start);
  context.bezierCurveTo(x1, start + bend, x2, end - bend, x2, end - direction * 4);
  context.stroke();
  context.beginPath();
  context.moveTo(x2, end);
  context.lineTo(x2 - 3, end - direction * 5);
  context.lineTo(x2 + 3, end - direction * 5);
  context.fill();
}

/** Rounds up to 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((one) => one * power >= least) ?? 10) * power;
}

function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return `${text.slice(0, length)}…`;
}
