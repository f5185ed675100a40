// The task tree. Only the rows in view are in the document.
//
// The tree itself has the focus, and names the current row in `aria-activedescendant`, because a
// row's element may leave the document while the row is current.

import { effect, signal } from "@preact/signals-core";
import { Component, createRef, h, type JSX } from "preact";
import type { TaskPhase } from "../types.ts";
import { countOf, formatCount, formatDuration, hueOf } from "./formats.ts";
import type { InspectorModel } from "./inspectorModel.ts";
import type { TaskRow } from "./taskRows.ts";

const ROW = 26;
/** How many extra rows are drawn above and below the view, so that scrolling shows no gap. */
const MARGIN = 6;

const PHASES: readonly TaskPhase[] = ["running", "ready", "waiting"];

interface Props {
  readonly model: InspectorModel;
}

export class TaskTree extends Component<Props> {
  readonly #view = createRef<HTMLDivElement>();
  readonly #top = signal(0);
  readonly #height = signal(400);
  readonly #disposals: (() => void)[] = [];

  override componentDidMount(): void {
    const { model } = this.props;
    const view = this.#view.current as HTMLDivElement;
    const observer = new ResizeObserver(() => {
      this.#height.value = view.clientHeight;
    });
    observer.observe(view);
    // Scrolls only when another row becomes current, so that the user can scroll away from it.
    const stop = effect(() => {
      const { value: id } = model.selected;
      const at = model.rows.peek().findIndex(({ task }) => task.id === id);
      if (at < 0) return;
      const start = at * ROW;
      const { scrollTop, clientHeight } = view;
      if (start < scrollTop) view.scrollTop = start;
      else if (start + 2 * ROW > scrollTop + clientHeight) {
        view.scrollTop = start + 2 * ROW - clientHeight;
      }
    });
    this.#disposals.push(stop, () => observer.disconnect());
  }

  override componentWillUnmount(): void {
    for (const dispose of this.#disposals) dispose();
  }

  override render({ model }: Props): JSX.Element {
    const rows = model.rows.value;
    const selected = model.selected.value;
    const current = rows.findIndex(({ task }) => task.id === selected);
    const height = this.#height.value;
    const first = Math.max(0, Math.floor(this.#top.value / ROW) - MARGIN);
    const last = Math.min(rows.length, Math.ceil((this.#top.value + height) / ROW) + MARGIN);
    const isInView = current >= first && current < last;
    const now = model.snapshot.value?.loop.time ?? 0;
    return h(
      "section",
      { class: "tasks", "aria-label": "Tasks" },
      h(PhaseFilter, { model, shown: rows.length }),
      h(
        "div",
        {
          ...{ ref: this.#view, class: "tree", role: "treegrid", tabIndex: 0 },
          "aria-label": "Task tree",
          "aria-rowcount": rows.length,
          "aria-activedescendant": isInView ? `task-${selected}` : undefined,
          onScroll: (event: Event) => {
            this.#top.value = (event.currentTarget as HTMLElement).scrollTop;
          },
          onKeyDown: (event: KeyboardEvent) => {
            const page = Math.max(1, Math.floor(height / ROW) - 1);
            if (moveInTree(model, rows, current, event.key, page)) event.preventDefault();
          },
        },
        h(
          "div",
          { class: "rows", role: "presentation", style: { height: `${rows.length * ROW}px` } },
          rows.slice(first, last).map((row, offset) => {
            const index = first + offset;
            const isCurrent = index === current;
            return h(Row, { key: row.task.id, row, index, now, model, isCurrent });
          }),
        ),
        rows.length === 0 && h("p", { class: "none" }, emptyText(model)),
      ),
    );
  }
}

interface RowProps {
  readonly row: TaskRow;
  readonly index: number;
  readonly now: number;
  readonly model: InspectorModel;
  readonly isCurrent: boolean;
}

function Row({ row, index, now, model, isCurrent }: RowProps): JSX.Element {
  const { task, depth, below, isCollapsed, isContext } = row;
  const { id, name, coroutine, state, waitsFor, since, cancelling } = task;
  const hasChildren = below > 0;
  const until = waitsFor?.until ?? null;
  const left = until === null ? "" : `, ${formatDuration(Math.max(0, until - now))} left`;
  const wait = (waitsFor?.label ?? state) + left;
  return h(
    "div",
    {
      id: `task-${id}`,
      role: "row",
      class: `row${isCurrent ? " current" : ""}${isContext ? " context" : ""}`,
      style: { transform: `translateY(${index * ROW}px)` },
      "aria-rowindex": index + 1,
      "aria-level": depth + 1,
      "aria-selected": isCurrent,
      "aria-expanded": hasChildren ? !isCollapsed : undefined,
      onClick: () => model.select(id),
    },
    h(
      "span",
      { role: "gridcell", class: "name", style: { paddingLeft: `${Math.min(depth, 12) * 14}px` } },
      h(
        "span",
        {
          class: hasChildren ? "twisty" : "twisty leaf",
          "aria-hidden": true,
          onClick: (event: Event) => {
            if (!hasChildren) return;
            event.stopPropagation();
            model.toggle(id);
          },
        },
        hasChildren ? (isCollapsed ? "▸" : "▾") : "",
      ),
      h("span", { class: `dot ${state}`, title: state }),
      h("b", { title: name }, name),
      coroutine !== "" && coroutine !== name && h("small", null, coroutine),
      isCollapsed && h("em", null, `+${formatCount(below)}`),
      cancelling > 0 && h("em", { class: "bad" }, "cancelling"),
    ),
    h(
      "span",
      {
        role: "gridcell",
        class: `wait ${waitsFor === null ? state : hueOf(waitsFor.kind)}`,
        title: wait,
      },
      wait,
    ),
    h(
      "span",
      { role: "gridcell", class: "age" },
      since === null ? "" : formatDuration(now - since),
    ),
  );
}

function PhaseFilter({ model, shown }: { model: InspectorModel; shown: number }): JSX.Element {
  const counts = { running: 0, ready: 0, waiting: 0 };
  for (const { state } of model.snapshot.value?.tasks ?? []) counts[state]++;
  const total = model.snapshot.value?.tasks.length ?? 0;
  return h(
    "div",
    { class: "phases", role: "group", "aria-label": "Show only" },
    PHASES.map((phase) =>
      h(
        "button",
        {
          key: phase,

          "aria-pressed": model.phase.value === phase,
          onClick: () => {
            model.phase.value = model.phase.peek() === phase ? null : phase;
          },
        },
        h("span", { class: `dot ${phase}` }),
        `${phase} ${formatCount(counts[phase])}`,
      ),
    ),
    h(
      "span",
      { class: "shown" },
      shown === total
        ? countOf(total, "task")
        : `${formatCount(shown)} of ${countOf(total, "task")}`,
    ),
  );
}

function emptyText(model: InspectorModel): string {
  if (model.snapshot.value === null) return model.absence.value;
  return model.snapshot.value.tasks.length === 0 ? "The loop has no tasks." : "No task matches.";
}

/** Moves the current row by the usual keys of a tree. Returns whether it handles the key. */
function moveInTree(
  model: InspectorModel,
  rows: readonly TaskRow[],
  current: number,
  key: string,
  page: number,
): boolean {
  const row = rows[current];
  const last = rows.length - 1;
  const to = (index: number): void =>
    model.select(rows[Math.min(Math.max(index, 0), last)]?.task.id ?? null);
  const next = {
    ...{ ArrowDown: current + 1, ArrowUp: current < 0 ? last : current - 1 },
    ...{ PageDown: current + page, PageUp: current - page, Home: 0, End: last },
  }[key];
  const isOpen = row !== undefined && row.below > 0 && !row.isCollapsed;
  if (next !== undefined) to(next);
  else if (row === undefined) return false;
  else if (key === "ArrowRight" && row.below > 0) {
    if (isOpen) to(current + 1);
    else model.toggle(row.task.id);
  } else if (key === "ArrowLeft" && isOpen) model.toggle(row.task.id);
  else if (key === "ArrowLeft") {
    const above = rows.slice(0, current).findLastIndex(({ depth }) => depth < row.depth);
    if (above >= 0) to(above);
  } else return false;
  return true;
}
