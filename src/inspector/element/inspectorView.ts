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

/** The tasks have their own panel only if there is no room for them next to the other panels. */
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

/** Draws the inspector now, and whenever something that it shows has changed. */
export function drawInspector(model: InspectorModel, root: ShadowRoot): () => void {
  // Rendered in one call, so that the effect tracks every signal that a component reads.
  const stop = effect(() => render(h(InspectorView, { model }), root));
  return () => {
    stop();
    render(null, root);
  };
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
      // Announces only the results of the user's actions. There are too many readings to announce.
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
          type: "button",
          role: "tab",
          id: `tab-${name}`,
          class: name === "warnings" && warnings.length > 0 ? "bad" : undefined,
          "aria-selected": name === current ? "true" : "false",
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
  const tabs = [...((event.currentTarget as HTMLElement).parentElement?.children ?? [])].filter(
    (tab) => (tab as HTMLElement).offsetParent !== null,
  ) as HTMLElement[];
  const at = tabs.indexOf(event.currentTarget as HTMLElement);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const next = tabs.at(step === undefined ? at : (at + step) % tabs.length);
  if (step === undefined || next === undefined) return;
  event.preventDefault();
  model.panel.value = next.id.replace("tab-", "") as PanelName;
  next.focus();
}

/** Handles the keys of the inspector as a whole. Returns whether the key does anything. */
function pressed(
  event: KeyboardEvent,
  model: InspectorModel,
  search: HTMLInputElement | null,
): boolean {
  const { key, ctrlKey, metaKey, altKey, target } = event;
  if (event.defaultPrevented || ctrlKey || metaKey || altKey) return false;
  if (target === search) {
    if (key !== "Escape") return false;
    model.query.value = "";
    return true;
  }
  const isControl = target instanceof HTMLButtonElement || target instanceof HTMLSelectElement;
  if (key === "/") search?.focus();
  else if (key === " " && !isControl)
    model.setPace(model.pace.value === "paused" ? "full" : "paused");
  else if (key === ".") model.step();
  else return false;
  return true;
}
