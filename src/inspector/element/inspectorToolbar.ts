// The controls of the loop, and the search.

import { h, type JSX, type Ref } from "preact";
import { formatDuration } from "./formats.ts";
import type { InspectorModel, Pace } from "./inspectorModel.ts";

const PACES: readonly (readonly [pace: number, name: string])[] = [
  [10, "10 turns/s"],
  [4, "4 turns/s"],
  [1, "1 turn/s"],
];

export function InspectorToolbar({
  model,
  search,
}: {
  model: InspectorModel;
  search: Ref<HTMLInputElement>;
}): JSX.Element {
  return h(
    "header",
    { class: "toolbar" },
    h(Mark, null),
    h(LoopPicker, { model }),
    model.canPace.value && h(PaceControls, { model }),
    h("input", {
      ...{
        ref: search,
        type: "search",
        placeholder: "Filter tasks  /",
        "aria-label": "Filter tasks",
      },
      ...{ spellcheck: false, autocomplete: "off", "aria-keyshortcuts": "/" },
      value: model.query.value,
      onInput: (event: Event) => {
        model.query.value = (event.currentTarget as HTMLInputElement).value;
      },
    }),
  );
}

function PaceControls({ model }: { model: InspectorModel }): JSX.Element {
  const pace = model.pace.value;
  const isPaused = pace === "paused";
  return h(
    "div",
    { class: "pace", role: "group", "aria-label": "Pace" },
    h(
      "button",
      {
        class: "primary",
        "aria-keyshortcuts": "Space",
        title: isPaused ? "Continue (Space)" : "Pause between two turns (Space)",
        onClick: () => model.setPace(isPaused ? "full" : "paused"),
      },
      h("i", { class: isPaused ? "play" : "pause", "aria-hidden": true }),
      isPaused ? "Resume" : "Pause",
    ),
    h(
      "button",
      {
        "aria-keyshortcuts": ".",
        title: "Run the next turn (.)",
        onClick: () => model.step(),
      },
      h("i", { class: "step", "aria-hidden": true }),
      "Step",
    ),
    h(
      "select",
      {
        ...{ "aria-label": "Speed", title: "Slow motion" },
        value: isPaused ? "full" : String(pace),
        onChange: (event: Event) => {
          const chosen = (event.currentTarget as HTMLSelectElement).value;
          model.setPace(chosen === "full" ? "full" : (Number(chosen) as Pace));
        },
      },
      h("option", { value: "full" }, "Full speed"),
      PACES.map(([value, name]) => h("option", { key: value, value: String(value) }, name)),
    ),
  );
}

function LoopPicker({ model }: { model: InspectorModel }): JSX.Element {
  const snapshot = model.snapshot.value;
  const loops = model.loops.value;
  if (snapshot === null) {
    return h("span", { class: "state off" }, model.absence.value);
  }
  const { id, core, time, isDebug } = snapshot.loop;
  const pace = model.pace.value;
  const isLost = model.failure.value !== "";
  const state = isLost
    ? "not answering"
    : pace === "full"
      ? "running"
      : pace === "paused"
        ? "paused"
        : "slow motion";
  return h(
    "span",
    { class: `state ${pace === "full" && !isLost ? "on" : "held"}` },
    loops.length > 1
      ? h(
          "select",
          {
            "aria-label": "Loop",
            value: String(id),
            onChange: (event: Event) =>
              model.choose(Number((event.currentTarget as HTMLSelectElement).value)),
          },
          loops.map((loop) => h("option", { key: loop.id, value: String(loop.id) }, loop.name)),
        )
      : null,
    h("b", null, state),
    h(
      "small",
      null,
      ` ${formatDuration(time)} · ${core === "wasm" ? "compiled core" : "JavaScript core"}${isDebug ? " · debug mode" : ""}`,
    ),
  );
}

/** The logo: a circular arrow around a dot. */
function Mark(): JSX.Element {
  return h(
    "span",
    { class: "mark" },
    h(
      "svg",
      { viewBox: "0 0 24 24", "aria-hidden": true },
      h("path", { d: "M12 3a9 9 0 1 1-8.5 6" }),
      h("path", { d: "M3 3v6.2h6.2" }),
      h("circle", { cx: 12, cy: 12, r: 2.6 }),
    ),
    "mysyncio",
  );
}
