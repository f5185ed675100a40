// The wait-for graph as a picture, with its deadlocks in words.

import { Component, h, type JSX } from "preact";
import { countOf, formatCount, hueOf } from "./formats.ts";
import type { GraphPlan, WaitNode, WaitPicture } from "./inspectorGraph.ts";
import type { InspectorModel } from "./inspectorModel.ts";
import { layouts, layoutsState } from "./lazyLayouts.ts";

const HEIGHT = 28;
const CHARACTER = 7.1;
const LONGEST = 26;

interface Shown {
  readonly picture: WaitPicture;
  readonly plan: GraphPlan;
}

interface Props {
  readonly model: InspectorModel;
}

export class WaitGraphPanel extends Component<Props> {
  /** The structure of the picture that the plan was made for. */
  #structure = "";
  #plan: GraphPlan | undefined;

  override render({ model }: Props): JSX.Element {
    const made = layouts();
    const snapshot = model.snapshot.value;
    if (made === undefined) return h("p", { class: "none" }, layoutsState());
    const picture = snapshot === null ? undefined : made.waitPictureOf(snapshot);
    if (picture === undefined || picture.nodes.length === 0) {
      const text = "No task waits for another task, a lock, a queue or a call.";
      return h("p", { class: "none" }, text);
    }
    const { nodes, edges, deadlocks, omitted } = picture;
    const structure = JSON.stringify([nodes.map((node) => [node.key, textOf(node)]), edges]);
    if (this.#plan === undefined || this.#structure !== structure) {
      const boxes = nodes.map((node) => ({ key: node.key, width: widthOf(node), height: HEIGHT }));
      this.#plan = made.planGraph(boxes, edges);
      this.#structure = structure;
    }
    return h(
      "div",
      { class: "waits" },
      deadlocks.map((cycle, at) =>
        h(
          "p",
          { class: "deadlock", key: at },
          h("b", null, "Deadlock: "),
          [...cycle, cycle[0]].join(" → "),
        ),
      ),
      h(
        "div",
        { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Wait-for graph" },
        h(Graphic, { picture, plan: this.#plan, model }),
      ),
      h(
        "p",
        { class: "hint" },
        "An arrow leads from a task to what it waits for; a dashed one from a lock to its holder.",
        omitted > 0 && ` ${formatCount(omitted)} more nodes are not drawn.`,
      ),
    );
  }
}

function Graphic({ picture, plan, model }: Shown & { model: InspectorModel }): JSX.Element {
  const label = `Wait-for graph of ${countOf(picture.nodes.length, "node")}, ${countOf(picture.deadlocks.length, "deadlock")}`;
  return h(
    "svg",
    { class: "graph", width: plan.width, height: plan.height, role: "group", "aria-label": label },
    h(
      "defs",
      null,
      ["plain", "stuck"].map((name) =>
        h(
          "marker",
          {
            key: name,
            id: `tip-${name}`,
            class: name,
            viewBox: "0 0 8 8",
            refX: 7,
            refY: 4,
            markerWidth: 8,
            markerHeight: 8,
            orient: "auto",
          },
          h("path", { d: "M0 0L8 4L0 8Z" }),
        ),
      ),
    ),
    picture.edges.map(({ from, to, kind, isStuck }, at) => {
      const points = plan.paths[at] ?? [];
      return h("path", {
        key: `${from} ${to}`,
        class: `link ${kind}${isStuck ? " stuck" : ""}`,
        d: curveThrough(points),
        "marker-end": `url(#tip-${isStuck ? "stuck" : "plain"})`,
      });
    }),
    picture.nodes.map((node) => h(Node, { key: node.key, node, plan, model })),
  );
}

function Node({
  node,
  plan,
  model,
}: {
  node: WaitNode;
  plan: GraphPlan;
  model: InspectorModel;
}): JSX.Element {
  const { x, y } = plan.points.get(node.key) ?? { x: 0, y: 0 };
  const width = widthOf(node);
  const [task] = node.tasks;
  const select = () => model.select(task ?? null);
  const isCurrent = task !== undefined && node.tasks.includes(model.selected.value ?? -1);
  return h(
    "g",
    {
      class: `node ${node.shape} ${node.shape === "task" ? node.kind : hueOf(node.kind)}${node.isStuck ? " stuck" : ""}${isCurrent ? " current" : ""}`,
      transform: `translate(${x - width / 2} ${y - HEIGHT / 2})`,
      ...(task === undefined ? {} : { role: "button", tabIndex: 0, onClick: select }),
      "aria-label": `${node.shape} ${textOf(node)}${node.isStuck ? ", in a deadlock" : ""}`,
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        select();
      },
    },
    h("title", null, textOf(node)),
    h("rect", { width, height: HEIGHT, rx: node.shape === "resource" ? 4 : HEIGHT / 2 }),
    h("circle", { cx: 14, cy: HEIGHT / 2, r: 4 }),
    h("text", { x: 25, y: HEIGHT / 2 + 4 }, shortLabel(node)),
  );
}

function textOf({ label, count }: WaitNode): string {
  return count === 1 ? label : `${formatCount(count)} × ${label}`;
}

function shortLabel(node: WaitNode): string {
  const label = textOf(node);
  return label.length > LONGEST ? `${label.slice(0, LONGEST - 1)}…` : label;
}

function widthOf(node: WaitNode): number {
  return 38 + shortLabel(node).length * CHARACTER;
}

function curveThrough(points: readonly { readonly x: number; readonly y: number }[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x} ${first.y}`;
  rest.forEach((point, at) => {
    const next = rest[at + 1];
    if (next === undefined) path += `L${point.x} ${point.y}`;
    else path += `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  return path;
}
