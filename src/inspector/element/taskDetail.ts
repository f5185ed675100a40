// Everything that is known about the selected task.

import { h, type JSX } from "preact";
import type { FrameSnapshot, TaskSnapshot } from "../types.ts";
import { formatCount, formatDuration } from "./formats.ts";
import type { InspectorModel } from "./inspectorModel.ts";

type Fact = readonly [name: string, value: JSX.Element | string | null];

export function TaskDetail({ model }: { model: InspectorModel }): JSX.Element | null {
  const id = model.selected.value;
  if (id === null) return null;
  const task = model.tasks.value.get(id);
  return h(
    "aside",
    { class: "detail", "aria-label": "Details" },
    h(
      "button",
      {
        class: "close",
        "aria-label": "Close the details",
        onClick: () => model.select(null),
      },
      "×",
    ),
    task === undefined ? h("p", { class: "none" }, "This task is done.") : detailsOf(task, model),
  );
}

function detailsOf(task: TaskSnapshot, model: InspectorModel) {
  const facts = factsOf(task, model).filter(([, value]) => value !== null);
  return [
    h("h3", null, h("span", { class: `dot ${task.state}` }), task.name),
    h(
      "dl",
      null,
      facts.map(([name, value]) => [
        h("dt", { key: name }, name),
        h("dd", { key: `${name}=` }, value),
      ]),
    ),
    stackOf(task.stack),
    model.limits.value !== "" && h("p", { class: "hint" }, model.limits.value),
    model.mayCancel.value &&
      model.source?.cancel !== undefined &&
      h(
        "button",
        { class: "cancel", onClick: () => void model.cancel(task.id) },
        "Cancel this task",
      ),
  ];
}

function factsOf(task: TaskSnapshot, model: InspectorModel): readonly Fact[] {
  const { waitsFor, parent, awaitedBy, created, since, steps, busy, longestStep } = task;
  const now = model.snapshot.value?.loop.time ?? 0;
  const until = waitsFor?.until ?? null;
  return [
    ["Coroutine", task.coroutine || null],
    ["State", since === null ? task.state : `${task.state} for ${formatDuration(now - since)}`],
    ["Waits for", waitsFor?.label ?? null],
    ["Until", until === null ? null : `in ${formatDuration(until - now)}`],
    ["Awaits", linksTo(waitsFor?.tasks ?? [], model)],
    ["Awaited by", linksTo(awaitedBy, model)],
    ["Created by", linksTo(parent === null ? [] : [parent], model)],
    ["Created", created === null ? null : `${formatDuration(now - created)} ago`],
    ["Steps", steps === null ? null : formatCount(steps)],
    ["Busy", busy === null ? null : formatDuration(busy)],
    ["Longest step", longestStep === null ? null : formatDuration(longestStep)],
    ["Cancellations", task.cancelling === 0 ? null : `${task.cancelling} requested`],
  ];
}

/** Returns links to tasks; null if there are none. */
export function linksTo(ids: readonly number[], model: InspectorModel): JSX.Element | null {
  if (ids.length === 0) return null;
  const shown = ids
    .slice(0, 8)
    .map((id) =>
      h(
        "button",
        { key: id, class: "link", onClick: () => model.select(id) },
        model.tasks.value.get(id)?.name ?? "a task that is done",
      ),
    );
  const rest = ids.length - shown.length;
  return h("span", { class: "links" }, shown, rest > 0 && ` and ${formatCount(rest)} more`);
}

function stackOf(frames: readonly FrameSnapshot[]): JSX.Element | null {
  const known = frames.filter(({ functionName, file }) => functionName !== "" || file !== null);
  if (known.length === 0) return null;
  const items = known
    .reverse()
    .map(({ functionName, file, line, column }, at) =>
      h(
        "li",
        { key: at },
        functionName || "(anonymous)",
        file !== null &&
          h(
            "small",
            null,
            ` ${file.replace(/^.*[/\\]/, "")}:${line}${column === null ? "" : `:${column}`}`,
          ),
      ),
    );
  return h(
    "div",
    null,
    h("h4", null, "Stack, innermost first"),
    h("ol", { class: "stack" }, items),
  );
}
