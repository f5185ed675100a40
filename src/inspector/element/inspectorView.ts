// The inspector as a whole: figures and the ready queue on top, the task tree, and a panel.

import { effect } from "@preact/signals-core";
import { Component, type ComponentType, createRef, h, type JSX, render } from "preact";
import { type InspectorModel, PANELS, type PanelName } from "./inspectorModel.ts";
import { InspectorToolbar } from "./inspectorToolbar.ts";
import { LockPanel } from "./lockPanel.ts";
import { MetricStrip } from "./metricStrip.ts";
import { ReadyLane } from "./readyLane.ts";
import { StepTimeline } from "./stepTimeline.ts";
import { TaskDetail } from "./taskDetail.ts";
import { TaskTree } from "./taskTree.ts";
import { TimerTree } from "./timerTree.ts";
import { WaitGraphPanel } from "./waitGraphPanel.ts";
import { WarningPanel } from "./warningPanel.ts";

type Panel = ComponentType<{ model: InspectorModel }>;

/** `tasks` has no panel, because the task tree is drawn next to the panel or in its place. */
const TITLES: Readonly<Record<PanelName, readonly [title: string, panel: Panel | null]>> = {
  tasks: ["Tasks", null],
  timeline: ["Timeline", StepTimeline],
  timers: ["Timers", TimerTree],
  waits: ["Waits", WaitGraphPanel],
  locks: ["Locks & queues", LockPanel],
  warnings: ["Warnings", WarningPanel],
};

interface Props {
  readonly model: InspectorModel;
}

/**
 * Draws the inspector now, and whenever something that it shows has changed. Returns a function
 * that removes it.
 */
export function drawInspector(model: InspectorModel, root: ShadowRoot): () => void {
  const stop = effect(() => {
    const focused = root.activeElement as HTMLElement | SVGElement | null;
    // Rendered in one call, so that the effect tracks every signal that a component reads.
    render(h(InspectorView, { model }), root);
    if (focused !== null) keepFocus(root, focused);
  });
  return () => {
    stop();
    render(null, root);
  };
}

/**
 * Moves the focus back to an element that has lost it by being moved, or else to the task tree or
 * the tabs, so that the keys of the inspector keep working.
 */
function keepFocus(root: ShadowRoot, focused: HTMLElement | SVGElement): void {
  const others = root.querySelectorAll<HTMLElement>('.tree, .tabs [tabindex="0"]');
  for (const next of [focused, ...others]) {
    if (root.activeElement !== null) return;
    next.focus({ preventScroll: true });
  }
}

class InspectorView extends Component<Props> {
  readonly #search = createRef<HTMLInputElement>();

  override render({ model }: Props): JSX.Element {
    const { value: panel } = model.panel;
    const [, content] = TITLES[panel];
    return h(
      "div",
      {
        class: `inspector show-${panel}`,
        onKeyDown: (event: KeyboardEvent) => {
          if (pressed(event, model, this.#search.current)) event.preventDefault();
        },
      },
      h(InspectorToolbar, { model, search: this.#search }),
      h("p", { class: "failure", role: "alert" }, model.failure.value),
      h(MetricStrip, { model }),
      h(ReadyLane, { model }),
      h(
        "div",
        { class: "body" },
        h("div", { class: "side" }, h(TaskTree, { model }), h(TaskDetail, { model })),
        h(
          "div",
          { class: "main" },
          h(Tabs, { model }),
          h(
            "div",
            {
              ...{ class: "panel", role: "tabpanel", id: "panel", hidden: content === null },
              "aria-labelledby": `tab-${panel}`,
            },
            content !== null && h(content, { model }),
          ),
        ),
      ),
      h("p", { class: "limits" }, model.limits.value),
      // Announces only actions and warnings, because the figures change too often.
      h("p", { class: "spoken", role: "status" }, model.announcement.value),
    );
  }
}

function Tabs({ model }: { model: InspectorModel }): JSX.Element {
  const { value: current } = model.panel;
  const { resources = [], warnings = [], timers = [] } = model.snapshot.value ?? {};
  const counts: Partial<Record<PanelName, number>> = {
    timers: timers.length,
    locks: resources.length,
    warnings: warnings.length,
  };
  return h(
    "div",
    { class: "tabs", role: "tablist", "aria-label": "Pictures" },
    PANELS.map((name) =>
      h(
        "button",
        {
          key: name,

          role: "tab",
          id: `tab-${name}`,
          class: name === "warnings" && warnings.length > 0 ? "bad" : undefined,
          "aria-selected": name === current,
          "aria-controls": "panel",
          tabIndex: name === current ? 0 : -1,
          onClick: () => {
            model.panel.value = name;
          },
          onKeyDown: (event: KeyboardEvent) => moveBetweenTabs(event, model),
        },
        TITLES[name][0],
        (counts[name] ?? 0) > 0 && h("small", null, ` ${counts[name]?.toLocaleString("en")}`),
      ),
    ),
  );
}

function moveBetweenTabs(event: KeyboardEvent, model: InspectorModel): void {
  const at = PANELS.indexOf(model.panel.value);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
  const name = next === undefined ? next : PANELS.at(next % PANELS.length);
  if (name === undefined) return;
  event.preventDefault();
  model.panel.value = name;
  const { children = [] } = (event.currentTarget as HTMLElement).parentElement ?? {};
  (children[PANELS.indexOf(name)] as HTMLElement).focus();
}

/** Handles a key if the inspector has a use for it. Returns whether it has. */
function pressed(
  event: KeyboardEvent,
  model: InspectorModel,
  search: HTMLInputElement | null,
): boolean {
  const { key, ctrlKey, metaKey, altKey, target } = event;
  if (event.defaultPrevented || ctrlKey || metaKey || altKey) return false;
  const isSearch = target === search;
  if (key === "Escape") {
    // If there is nothing to clear, the key is for the page, for example to close a dialog.
    if (isSearch ? model.query.value === "" : model.selected.value === null) return false;
    if (isSearch) model.query.value = "";
    else model.select(null);
  } else if (isSearch) return false;
  else if (key === "/") search?.focus();
  else if (!model.canPace.value) return false;
  else if (key === " " && !(target as Element).matches("button, select"))
    model.setPace(model.pace.value === "paused" ? "full" : "paused");
  else if (key === ".") model.step();
  else return false;
  return true;
}
