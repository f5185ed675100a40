// The wait-for graph of a snapshot: which task waits for what, and who holds it.
//
// A cycle is a deadlock if nothing outside it can end any of its waits: see stuckTasks.ts. If there
// are too many nodes, similar ones are drawn as one, except those of a deadlock.

import { nodesInCycles } from "../../debug/cycles.ts";
import type { LoopSnapshot } from "../types.ts";
import { stuckTasksOf } from "./stuckTasks.ts";

export interface WaitNode {
  readonly key: string;
  readonly label: string;
  readonly shape: "task" | "resource" | "call";
  /** The phase of a task, or the kind of a resource or a call. */
  readonly kind: string;
  /** The tasks that this node represents; empty for resources and calls. */
  readonly tasks: readonly number[];
  /** How many tasks, resources or calls this node represents. */
  readonly count: number;
  readonly isStuck: boolean;
}

interface WaitEdge {
  readonly from: string;
  readonly to: string;
  /** `"waits"` leads from a task to what it awaits, `"held"` from a lock to its holder. */
  readonly kind: "waits" | "held";
  readonly isStuck: boolean;
}

export interface WaitPicture {
  readonly nodes: readonly WaitNode[];
  readonly edges: readonly WaitEdge[];
  /** The deadlocks, each as the labels along its cycle. */
  readonly deadlocks: readonly (readonly string[])[];
  /** How many nodes are not drawn. */
  readonly omitted: number;
}

export const MAX_NODES = 200;

export function waitPictureOf(snapshot: LoopSnapshot): WaitPicture {
  const edges = edgesOf(snapshot);
  const nodes = nodesOf(snapshot, new Set(edges.flatMap(({ from, to }) => [from, to])));
  const next = new Map<WaitNode, WaitNode[]>();
  const stuckTasks = stuckTasksOf(snapshot);
  for (const { from, to } of edges) {
    const [source, target] = [nodes.get(from), nodes.get(to)];
    if (source === undefined || target === undefined) continue;
    if (source.tasks.some((task) => !stuckTasks.has(task))) continue;
    const known = next.get(source);
    if (known === undefined) next.set(source, [target]);
    else known.push(target);
  }
  const stuck = nodesInCycles(next) as Set<WaitNode>;
  const isStuck = (key: string) => stuck.has(nodes.get(key) as WaitNode);
  const marked = [...nodes.values()].map((node) => ({ ...node, isStuck: stuck.has(node) }));
  const markedEdges = edges
    .filter(({ from, to }) => nodes.has(from) && nodes.has(to))
    .map((edge) => ({ ...edge, isStuck: isStuck(edge.from) && isStuck(edge.to) }));
  const picture =
    marked.length > MAX_NODES
      ? grouped(marked, markedEdges)
      : { nodes: marked, edges: markedEdges };
  // Deadlocks first, so that they are never omitted.
  const kept = [...picture.nodes]
    .sort((a, b) => Number(b.isStuck) - Number(a.isStuck))
    .slice(0, MAX_NODES);
  const keys = new Set(kept.map(({ key }) => key));
  return {
    nodes: kept,
    edges: picture.edges.filter(({ from, to }) => keys.has(from) && keys.has(to)),
    deadlocks: cyclesIn(stuck, next),
    omitted: picture.nodes.length - kept.length,
  };
}

function edgesOf({ tasks, resources }: LoopSnapshot): WaitEdge[] {
  const edges: WaitEdge[] = [];
  const link = (from: string, to: string, kind: WaitEdge["kind"]) =>
    edges.push({ from, to, kind, isStuck: false });
  for (const { id, waitsFor } of tasks) {
    for (const awaited of waitsFor?.tasks ?? []) link(`t${id}`, `t${awaited}`, "waits");
    for (const awaited of waitsFor?.resources ?? []) link(`t${id}`, `r${awaited}`, "waits");
    for (const awaited of waitsFor?.calls ?? []) link(`t${id}`, `c${awaited}`, "waits");
  }
  for (const { id, holders } of resources) {
    for (const holder of holders) link(`r${id}`, `t${holder}`, "held");
  }
  return edges;
}

/** Returns the nodes whose keys are in `linked`, by key. The graph has no nodes without edges. */
function nodesOf(
  { tasks, resources, calls }: LoopSnapshot,
  linked: ReadonlySet<string>,
): Map<string, WaitNode> {
  const nodes: WaitNode[] = [
    ...tasks.map(({ id, name, state }) => ({
      ...{ key: `t${id}`, label: name, shape: "task" as const },
      ...{ kind: state, tasks: [id], count: 1, isStuck: false },
    })),
    ...resources.map(({ id, label, kind }) => ({
      ...{ key: `r${id}`, label, shape: "resource" as const },
      ...{ kind, tasks: [], count: 1, isStuck: false },
    })),
    ...calls.map(({ id, label, kind }) => ({
      ...{ key: `c${id}`, label, shape: "call" as const },
      ...{ kind, tasks: [], count: 1, isStuck: false },
    })),
  ];
  return new Map(nodes.filter(({ key }) => linked.has(key)).map((node) => [node.key, node]));
}

/** Returns the labels along each cycle, once per cycle. */
function cyclesIn(
  stuck: ReadonlySet<WaitNode>,
  next: ReadonlyMap<WaitNode, readonly WaitNode[]>,
): string[][] {
  const seen = new Set<WaitNode>();
  const cycles: string[][] = [];
  for (const start of stuck) {
    if (start.shape !== "task" || seen.has(start)) continue;
    const path: WaitNode[] = [];
    let at: WaitNode | undefined = start;
    while (at !== undefined && !seen.has(at)) {
      seen.add(at);
      path.push(at);
      at = next.get(at)?.find((one) => stuck.has(one));
    }
    const begin = path.indexOf(at as WaitNode);
    if (begin >= 0) cycles.push(path.slice(begin).map(({ label }) => label));
  }
  return cycles;
}

/**
 * Merges nodes of the same shape and kind whose labels differ only in a number at the end, if they
 * wait for the same resources and calls. Keeps awaited nodes apart from the others.
 */
function grouped(
  nodes: readonly WaitNode[],
  edges: readonly WaitEdge[],
): { nodes: WaitNode[]; edges: WaitEdge[] } {
  const targets = new Map<string, string[]>();
  const awaited = new Set<string>();
  for (const { from, to } of edges) {
    targets.set(from, [...(targets.get(from) ?? []), to]);
    awaited.add(to);
  }
  const groups = new Map<string, WaitNode[]>();
  for (const node of nodes) {
    const stem = stemOf(node);
    // Compares only the resources and calls that a node waits for, so that tasks that await
    // different tasks can be drawn as one.
    const own = (targets.get(node.key) ?? []).filter((key) => !key.startsWith("t")).join();
    const name = node.isStuck
      ? node.key
      : `${node.shape} ${node.kind} ${stem} ${own} ${awaited.has(node.key)}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [node]);
    else group.push(node);
  }
  const keyOf = new Map<string, string>();
  const merged: WaitNode[] = [];
  for (const group of groups.values()) {
    const [first] = group as [WaitNode];
    for (const { key } of group) keyOf.set(key, first.key);
    const label = group.length === 1 ? first.label : stemOf(first) || "tasks";
    merged.push({
      ...{ ...first, label, count: group.length },
      tasks: group.flatMap(({ tasks }) => tasks),
    });
  }
  const links = new Map<string, WaitEdge>();
  for (const edge of edges) {
    const [from, to] = [keyOf.get(edge.from) as string, keyOf.get(edge.to) as string];
    // Leaves out links between tasks of one group.
    if (from !== to) links.set(`${from} ${to}`, { ...edge, from, to });
  }
  return { nodes: merged, edges: [...links.values()] };
}

/** Returns a label without the number at its end. */
function stemOf({ label }: WaitNode): string {
  return label.replace(/[\s.:#_-]*\d+$/, "");
}
