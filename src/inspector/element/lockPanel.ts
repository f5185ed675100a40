// Locks and queues: which tasks hold each, how full each is, and which tasks wait in its line.

import { h, type JSX } from "preact";
import type { ResourceSnapshot } from "../types.ts";
import { countOf, formatCount, hueOf } from "./formats.ts";
import type { InspectorModel } from "./inspectorModel.ts";

const SHOWN = 24;
/** At most this many resources are shown, those with the longest lines. There may be thousands. */
const MAX_CARDS = 60;
const MAX_CELLS = 40;

export function LockPanel({ model }: { model: InspectorModel }): JSX.Element {
  const resources = model.snapshot.value?.resources ?? [];
  if (resources.length === 0) {
    return h("p", { class: "none" }, "No task waits for a lock or a queue.");
  }
  const longest = [...resources].sort((a, b) => rankOf(a) - rankOf(b)).slice(0, MAX_CARDS);
  const rest = resources.length - longest.length;
  return h(
    "div",
    { class: "cards" },
    longest.map((resource) => h(Card, { key: resource.id, resource, model })),
    rest > 0 && h("p", { class: "none" }, `${formatCount(rest)} more have shorter lines.`),
  );
}

/** Lines of about the same length have the same rank, so that cards seldom change places. */
function rankOf({ line }: ResourceSnapshot): number {
  return Math.clz32(line.length);
}

function Card({
  resource,
  model,
}: {
  resource: ResourceSnapshot;
  model: InspectorModel;
}): JSX.Element {
  const { kind, label, holders, line, size, limit } = resource;
  const rest = line.length - SHOWN;
  return h(
    "article",
    { class: `card ${hueOf(kind)}` },
    h("h3", null, label, h("small", null, countOf(line.length, "waiting task"))),
    size !== null && h(Fill, { size, limit }),
    h(
      "div",
      { class: "line" },
      holders.length > 0 &&
        h(
          "span",
          { class: "holder" },
          "held by ",
          holders.map((id) => chipOf(id, model)),
        ),
      holders.length > 0 && h("span", { class: "arrow", "aria-hidden": true }, "◂"),
      h(
        "ol",
        { "aria-label": `Line of ${label}` },
        line.slice(0, SHOWN).map((id) => h("li", { key: id }, chipOf(id, model))),
      ),
      rest > 0 && h("span", { class: "more" }, `+ ${formatCount(rest)}`),
    ),
  );
}

function chipOf(id: number, model: InspectorModel): JSX.Element {
  const task = model.tasks.value.get(id);
  return h(
    "button",
    {
      key: id,

      class: `chip${model.selected.value === id ? " current" : ""}`,
      onClick: () => model.select(id),
    },
    task?.name ?? "a task that is done",
  );
}

/**
 * How full a queue is: a cell for each item that it can hold, or a bar if there would be too many
 * cells. Without a limit, a cell for each item that it holds.
 */
function Fill({ size, limit }: { size: number; limit: number | null }): JSX.Element {
  const text =
    limit === null ? countOf(size, "item") : `${formatCount(size)} of ${formatCount(limit)}`;
  const capacity = limit ?? size;
  const cells =
    capacity > 0 && capacity <= MAX_CELLS
      ? Array.from({ length: capacity }, (_, at) =>
          h("i", { key: at, class: at < size ? "full" : "" }),
        )
      : h("span", {
          class: "bar",
          style: { width: `${Math.min(1, size / (limit ?? 1)) * 100}%` },
        });
  return h(
    "div",
    { class: "fill" },
    h("span", { class: "cells", "aria-hidden": true }, cells),
    h("span", null, text),
  );
}
