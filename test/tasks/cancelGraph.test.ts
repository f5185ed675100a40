// Random graphs of everything that passes a cancellation on or stops it, with shared children.

import { expect } from "vitest";
import {
  asCompleted,
  type Coroutine,
  createTask,
  Future,
  gather,
  mapConcurrent,
  race,
  shield,
  sleep,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "../../src/index.ts";
import { scale } from "../support/effort.ts";
import { randomNumbers } from "../support/randomPrograms.ts";
import { loop, test } from "../support/virtualTest.ts";

type Pending = Future<unknown>;

function* awaiting(future: Pending): Coroutine<unknown> {
  return yield* future;
}

/** How each kind of node waits for others. Cancelled nodes of the first list cancel all of them. */
const PASSING: Record<string, (all: Pending[]) => Pending> = {
  task: ([first]) => createTask(awaiting(first as Pending)),
  gather: (all) => gather(all),
  collect: (all) => gather(all, { returnExceptions: true }),
  map: (all) => createTask(mapConcurrent(all, awaiting)),
  waitFor: ([first]) => createTask(waitFor(first as Pending, 1e6)),
  timeout: ([first]) => createTask(timeout(1e6, () => awaiting(first as Pending))),
};
/** These cancel the others too, but some of them only while or after the cancellation spreads. */
const PASSING_LATER: Record<string, (all: Pending[]) => Pending> = {
  race: (all) => createTask(race(all)),
  group: (all) =>
    createTask(
      taskGroup(function* (group) {
        for (const future of all) group.createTask(awaiting(future));
      }),
    ),
};
const STOPPING: Record<string, (all: Pending[]) => Pending> = {
  shield: ([first]) => shield(first as Pending),
  wait: (all) => createTask(wait(all)),
  asCompleted: (all) =>
    createTask(function* () {
      for (const next of asCompleted(all)) yield* next;
    }),
};
const KINDS = { ...PASSING, ...PASSING_LATER, ...STOPPING };
const ONE = new Set(["task", "waitFor", "timeout", "shield"]);

class Node {
  readonly kind: string;
  readonly others: readonly Node[];
  future!: Pending;
  /** How many cancellations a leaf has received. */
  received = 0;

  constructor(kind: string, others: readonly Node[]) {
    this.kind = kind;
    this.others = others;
  }

  start(cleanup: number): void {
    const { kind, others } = this;
    const make = KINDS[kind];
    if (make !== undefined) this.future = make(others.map(({ future }) => future));
    else if (kind === "future") this.future = new Future();
    else this.future = createTask(this.#leaf(cleanup));
  }

  *#leaf(cleanup: number): Coroutine<void> {
    try {
      yield* sleep(Infinity);
    } catch (error) {
      for (let turn = 0; turn < cleanup; turn++) {
        try {
          yield;
        } catch {
          this.received++;
        }
      }
      this.received++;
      throw error;
    }
  }
}

/** Returns everything that `nodes` lead to, without going beyond nodes for which `ends` is true. */
function reachedFrom(nodes: Iterable<Node>, ends = (_: Node) => false): Set<Node> {
  const reached = new Set(nodes);
  for (const node of reached) if (!ends(node)) for (const other of node.others) reached.add(other);
  return reached;
}

function randomGraph(random: () => number): Node[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const nodes: Node[] = [];
  const kinds = Object.keys(KINDS);
  const size = 4 + below(12);
  for (let i = 0; i < size; i++) {
    const kind = i < 2 || below(4) === 0 ? (["leaf", "future"][below(2)] as string) : undefined;
    if (kind !== undefined) nodes.push(new Node(kind, []));
    else {
      const chosen = kinds[below(kinds.length)] as string;
      const count = ONE.has(chosen) ? 1 : 1 + below(3);
      const others = Array.from({ length: count }, () => nodes[below(nodes.length)] as Node);
      nodes.push(new Node(chosen, [...new Set(others)]));
    }
  }
  return nodes;
}

/** Runs the loop until nothing happens any more, but not until the deadlines. */
function settle(): void {
  loop.callLater(1, () => loop.stop());
  loop.runForeverSync();
}

test("a cancellation reaches the futures it should exactly once, and all waiters end", async () => {
  // Gathers that fail because others cancelled a child report it.
  loop.setExceptionHandler(() => undefined);
  for (let seed = 0; seed < scale(300, 3_000); seed++) {
    const random = randomNumbers(seed);
    const nodes = randomGraph(random);
    const root = nodes[Math.floor(random() * nodes.length)] as Node;
    await loop.runUntilComplete(
      loop.createTask(function* () {
        for (const node of nodes) {
          node.start(Math.floor(random() * 3));
          if (random() < 0.5) yield;
        }
        for (let turn = 0; turn < nodes.length + 3; turn++) yield;
        expect(root.future.cancel()).toBe(true);
      }),
    );
    settle();

    const sure = reachedFrom([root], ({ kind }) => !(kind in PASSING));
    const later = [...sure].flatMap(({ kind, others }) => (kind in PASSING_LATER ? others : []));
    // A gather may already have failed when it is reached later.
    const reached = reachedFrom(later, ({ kind }) => kind === "gather" || kind in STOPPING);
    const ended = new Set([...sure, ...reached]);
    let touched = ended;
    let affected: Node[] = [];
    for (let size = 0; size < touched.size; ) {
      size = touched.size;
      affected = nodes.filter((node) => [...reachedFrom([node])].some((on) => touched.has(on)));
      touched = reachedFrom(affected);
    }
    const disturbing = affected.filter(
      (node) => node.kind === "group" || (/race|map/.test(node.kind) && !sure.has(node)),
    );
    const disturbed = reachedFrom(disturbing);
    const name = (node: Node) =>
      `seed ${seed}: ${nodes.indexOf(node)} ${node.kind} [${node.others.map((other) => nodes.indexOf(other))}], root ${nodes.indexOf(root)}`;
    for (const node of ended) expect(node.future.done(), name(node)).toBe(true);
    // A shield may fail in between, because something that it waits for was cancelled first.
    const mayFail = (node: Node) => [...reachedFrom([node])].some(({ kind }) => kind === "shield");
    for (const node of sure) {
      if (!mayFail(node)) expect(node.future.cancelled(), name(node)).toBe(true);
    }
    for (const node of nodes) {
      if (!touched.has(node)) expect(node.future.done(), name(node)).toBe(false);
      if (node.kind !== "leaf") continue;
      if (!touched.has(node)) expect(node.received, name(node)).toBe(0);
      else if (sure.has(node) && !disturbed.has(node)) expect(node.received, name(node)).toBe(1);
    }

    for (const { future } of nodes) future.cancel();
    settle();
    for (const node of nodes) expect(node.future.done(), `at the end, ${name(node)}`).toBe(true);
  }
});
