// The ready queue as a row of entries, the next one first.
//
// An entry that is still in the queue slides from its old position to the new one, so that a user
// who steps from turn to turn sees the queue drain.

import { Component, createRef, h, type JSX } from "preact";
import type { ReadySnapshot } from "../types.ts";
import { countOf, formatCount } from "./formats.ts";
import type { InspectorModel } from "./inspectorModel.ts";
import { prefersStillness } from "./stillness.ts";

const SHOWN = 40;
const SLIDE = 260;

const KINDS = { task: "●", callback: "ƒ", timer: "◷" } as const;

interface Props {
  readonly model: InspectorModel;
}

export class ReadyLane extends Component<Props> {
  readonly #list = createRef<HTMLOListElement>();
  #offsets = new Map<string, number>();

  override componentDidUpdate({ model }: Props): void {
    const isSlow = model.pace.peek() !== "full" && !prefersStillness();
    if (!isSlow) {
      this.#offsets.clear();
      return;
    }
    const offsets = new Map<string, number>();
    for (const item of (this.#list.current?.children ?? []) as Iterable<HTMLElement>) {
      const { key = "" } = item.dataset;
      offsets.set(key, item.offsetLeft);
      // Nothing slides in the first picture after the loop was paused.
      if (this.#offsets.size > 0) slide(item, this.#offsets.get(key), item.offsetLeft);
    }
    this.#offsets = offsets;
  }

  override render({ model }: Props): JSX.Element {
    const snapshot = model.snapshot.value;
    const ready = snapshot?.ready ?? [];
    const entries = keysOf(ready.slice(0, SHOWN)).map(([key, entry]) =>
      h(
        "li",
        { key, "data-key": key, class: `chip ${entry.kind} ${entry.priority}` },
        h(
          "button",
          {
            disabled: entry.task === null,
            onClick: () => model.select(entry.task),
            title: `${entry.kind}, ${entry.priority}`,
          },
          h("i", { "aria-hidden": true }, KINDS[entry.kind]),
          nameOf(entry, model),
        ),
      ),
    );
    const rest = ready.length - SHOWN;
    const count = ready.length === 1 ? "1 entry" : `${formatCount(ready.length)} entries`;
    const what = ready.length === 0 ? "empty" : `${count}, next first`;
    return h(
      "section",
      { class: "queue", "aria-label": "Ready queue" },
      h("h2", null, "Ready queue ", h("small", null, what)),
      h(
        "div",
        { class: "lane" },
        h("span", { class: "mouth", "aria-hidden": true }),
        h("ol", { ref: this.#list }, entries),
        rest > 0 && h("span", { class: "more" }, `+ ${formatCount(rest)}`),
        ready.length === 0 && h("span", { class: "empty" }, idleText(model)),
      ),
    );
  }
}

function idleText(model: InspectorModel): string {
  const snapshot = model.snapshot.value;
  if (snapshot === null) return model.absence.value;
  const running = snapshot.tasks.find(({ state }) => state === "running");
  if (running !== undefined) return `${running.name} is running, and nothing else is ready`;
  const { timers, externals } = snapshot.loop;
  const reasons = [
    timers > 0 && countOf(timers, "timer"),
    externals > 0 && countOf(externals, "outside event"),
  ].filter(Boolean);
  return reasons.length === 0 ? "Nothing to do" : `Asleep, with ${reasons.join(" and ")} pending`;
}

function nameOf(entry: ReadySnapshot, model: InspectorModel): string {
  const task = entry.task === null ? undefined : model.tasks.value.get(entry.task);
  return task?.name ?? entry.label;
}

/**
 * Returns the entries with their keys. A task keeps its key while it moves up. Callbacks have no
 * ids, so those with the same label are numbered from the front.
 */
function keysOf(entries: readonly ReadySnapshot[]): [string, ReadySnapshot][] {
  const counts = new Map<string, number>();
  return entries.map((entry) => {
    const name = entry.task === null ? entry.label : `task ${entry.task}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return [`${name} ${count}`, entry];
  });
}

function slide(item: Element, from: number | undefined, to: number): void {
  if (from === to) return;
  const start =
    from === undefined
      ? { opacity: 0, transform: "translateX(24px)" }
      : { transform: `translateX(${from - to}px)` };
  item.animate([start, { opacity: 1, transform: "none" }], { duration: SLIDE, easing: "ease-out" });
}
