import { h, type JSX } from "preact";
import type { InspectorModel } from "./inspectorModel.ts";
import { linksTo } from "./taskDetail.ts";

/** The warnings of the loop, each with its evidence, its tasks and how to fix it. */
export function WarningPanel({ model }: { model: InspectorModel }): JSX.Element {
  const warnings = model.snapshot.value?.warnings ?? [];
  if (warnings.length === 0) return h("p", { class: "none" }, "No warnings so far.");
  return h(
    "ul",
    { class: "warnings" },
    warnings.map(({ id, message, evidence, place, wayOut, tasks }, at) =>
      h(
        "li",
        { key: `${id} ${at}` },
        h("h3", null, h("i", { "aria-hidden": true }, "▲"), id),
        h("p", null, message),
        h("p", null, evidence),
        h("p", { class: "place" }, place),
        linksTo(
          tasks.flatMap((task) => task.id ?? []),
          model,
        ),
        h("p", { class: "way" }, wayOut),
      ),
    ),
  );
}
