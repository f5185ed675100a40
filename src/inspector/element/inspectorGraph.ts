// Lays out graphs and heaps. Loaded separately, when a layout is first needed, because the two
// libraries make this module nearly as large as the rest of the inspector.

import { Graph, layout } from "@dagrejs/dagre";
import { hierarchy, tree } from "d3-hierarchy";

export { type WaitNode, type WaitPicture, waitPictureOf } from "./waitGraph.ts";

interface GraphBox {
  readonly key: string;
  readonly width: number;
  readonly height: number;
}

interface GraphLink {
  readonly from: string;
  readonly to: string;
}

export interface GraphPlan {
  readonly width: number;
  readonly height: number;
  /** The center of each box, by its key. */
  readonly points: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
  /** A path for each link, in the same order. */
  readonly paths: readonly (readonly { readonly x: number; readonly y: number }[])[];
}

/** Lays out boxes from left to right, so that links cross as little as possible. */
export function planGraph(boxes: readonly GraphBox[], links: readonly GraphLink[]): GraphPlan {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 56, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { key, width, height } of boxes) graph.setNode(key, { width, height });
  for (const [at, { from, to }] of links.entries()) graph.setEdge(from, to, {}, String(at));
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    points: new Map(
      boxes.map(({ key }) => {
        const { x = 0, y = 0 } = graph.node(key);
        return [key, { x, y }];
      }),
    ),
    paths: links.map(({ from, to }, at) => graph.edge(from, to, String(at)).points ?? []),
  };
}

interface HeapPoint {
  readonly x: number;
  readonly y: number;
  readonly depth: number;
}

/** The width of an entry in the narrow rows, as a fraction of the usual width. */
const NARROW = 0.28;

/**
 * Lays out a heap in which each entry has up to four children. Rows are `level` apart. In rows from
 * the depth `narrowFrom` on, entries are closer together.
 */
export function planHeap(
  size: number,
  width: number,
  level: number,
  narrowFrom: number,
): readonly HeapPoint[] {
  const childrenOf = (at: number) =>
    [1, 2, 3, 4].map((child) => 4 * at + child).filter((child) => child < size);
  const lay = tree<number>()
    .size([width, 1])
    .separation(({ depth }) => (depth >= narrowFrom ? NARROW : 1));
  const points: HeapPoint[] = Array(size);
  lay(hierarchy(0, childrenOf)).each(({ x, depth, data }) => {
    points[data] = { x, y: depth * level, depth };
  });
  return points;
}
