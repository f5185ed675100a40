// Finds the nodes of a graph that are in a cycle, by Tarjan's algorithm for strongly connected
// components. Not recursive, because chains of waiting tasks may be long.

interface Visit {
  readonly node: object;
  readonly next: Iterator<object>;
  low: number;
}

/** Returns the nodes that are reachable from themselves. */
export function nodesInCycles(edges: ReadonlyMap<object, readonly object[]>): Set<object> {
  const cyclic = new Set<object>();
  /** Numbers the nodes in order of first visits. A node of a complete component has Infinity. */
  const order = new Map<object, number>();
  const open: object[] = [];
  const path: Visit[] = [];

  function enter(node: object): void {
    const number = order.size;
    order.set(node, number);
    open.push(node);
    path.push({ node, next: (edges.get(node) ?? []).values(), low: number });
  }

  function leave({ node, low }: Visit): void {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) parent.low = Math.min(parent.low, low);
    if (low !== order.get(node)) return;
    const component = open.splice(open.lastIndexOf(node));
    for (const member of component) order.set(member, Infinity);
    const isCycle = component.length > 1 || edges.get(node)?.includes(node);
    if (isCycle) for (const member of component) cyclic.add(member);
  }

  for (const start of edges.keys()) {
    if (order.has(start)) continue;
    enter(start);
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const { done, value } = visit.next.next();
      if (done) leave(visit);
      else if (!order.has(value)) enter(value);
      else visit.low = Math.min(visit.low, order.get(value) as number);
    }
  }
  return cyclic;
}
