// Tests the data from which the pictures of <mysyncio-inspector> are drawn.

import { expect, test } from "vitest";
import { formatDuration, hueOf } from "../../src/inspector/element/formats.ts";
import { ServerSource } from "../../src/inspector/element/serverSource.ts";
import { stepChartOf } from "../../src/inspector/element/stepChart.ts";
import { taskRowsOf } from "../../src/inspector/element/taskRows.ts";
import { MAX_NODES, waitPictureOf } from "../../src/inspector/element/waitGraph.ts";
import type { LoopSnapshot, ResourceSnapshot, TraceEvent } from "../../src/inspector.ts";
import { snapshotOf, taskOf, waitFor } from "../support/inspected.ts";

const NONE = new Set<number>();

test("rows are in the order of the tree, each with its depth and the number of tasks below it", () => {
  const tasks = [
    taskOf(1, "main"),
    taskOf(2, "a", { parent: 1 }),
    taskOf(3, "other"),
    taskOf(4, "b", { parent: 1 }),
    taskOf(5, "deep", { parent: 2 }),
  ];
  const rows = taskRowsOf(tasks, "", null, NONE);

  expect(rows.map(({ task, depth, below }) => [task.name, depth, below])).toEqual([
    ["main", 0, 3],
    ["a", 1, 1],
    ["deep", 2, 0],
    ["b", 1, 0],
    ["other", 0, 0],
  ]);
  const collapsed = taskRowsOf(tasks, "", null, new Set([2]));
  expect(collapsed.map(({ task }) => task.name)).toEqual(["main", "a", "b", "other"]);
});

test("a task with an unknown creator is below the only task that awaits it", () => {
  const tasks = [taskOf(1, "child", { awaitedBy: [2] }), taskOf(2, "awaiter")];

  const rows = taskRowsOf(tasks, "", null, NONE);
  expect(rows.map(({ task, depth }) => [task.name, depth])).toEqual([
    ["awaiter", 0],
    ["child", 1],
  ]);
});

test("tasks that await each other, or themselves, all have a row", () => {
  const tasks = [
    taskOf(1, "a", { awaitedBy: [2] }),
    taskOf(2, "b", { awaitedBy: [1] }),
    taskOf(3, "self", { awaitedBy: [3] }),
    taskOf(4, "orphan", { parent: 99 }),
  ];
  expect(taskRowsOf(tasks, "", null, NONE)).toHaveLength(4);
});

test("a search finds tasks that match all its words, and keeps the tasks above them", () => {
  const tasks = [
    taskOf(1, "main"),
    taskOf(2, "worker 1", { parent: 1, waitsFor: waitFor("Lock 1") }),
    taskOf(3, "worker 2", { parent: 1 }),
  ];
  const found = (query: string, phase: "ready" | null = null) =>
    taskRowsOf(tasks, query, phase, new Set([1])).map(({ task, isContext }) => [
      task.name,
      isContext,
    ]);

  expect(found("WORKER lock")).toEqual([
    ["main", true],
    ["worker 1", false],
  ]);
  expect(found("worker", "ready")).toEqual([
    ["main", true],
    ["worker 2", false],
  ]);
  expect(found("nothing")).toEqual([]);
});

test("each task of a chain of 20,000 has a row", () => {
  const tasks = Array.from({ length: 20_000 }, (_, i) =>
    taskOf(i + 1, "link", { parent: i === 0 ? null : i }),
  );
  expect(taskRowsOf(tasks, "", null, NONE).at(-1)?.depth).toBe(19_999);
});

function resource(id: number, kind: string, holders: number[], waiter: number): ResourceSnapshot {
  return { id, kind, label: `${kind} ${id}`, holders, line: [waiter], size: null, limit: null };
}

test("the wait-for graph finds a deadlock through the holders of locks", () => {
  const tasks = [
    taskOf(1, "a", { waitsFor: waitFor("Lock 11", { resources: [11] }) }),
    taskOf(2, "b", { waitsFor: waitFor("Lock 12", { resources: [12] }) }),
    taskOf(3, "victim", { waitsFor: waitFor("Lock 11", { resources: [11] }) }),
    taskOf(4, "apart"),
  ];
  const resources = [resource(11, "Lock", [2], 1), resource(12, "Lock", [1], 2)];
  const { nodes, deadlocks, edges } = waitPictureOf(snapshotOf(tasks, { resources }));

  expect(deadlocks).toEqual([["a", "Lock 11", "b", "Lock 12"]]);
  const stuck = nodes.filter(({ isStuck }) => isStuck).map(({ label }) => label);
  expect(stuck.sort()).toEqual(["Lock 11", "Lock 12", "a", "b"]);
  expect(nodes.map(({ label }) => label)).not.toContain("apart");
  expect(edges.filter(({ isStuck }) => isStuck)).toHaveLength(4);
});

test.each<[string, Partial<LoopSnapshot>]>([
  ["a semaphore, which anybody may release", { resources: [resource(11, "Semaphore", [2, 9], 1)] }],
  [
    "the first of several things",
    { tasks: [taskOf(1, "a", { waitsFor: waitFor("Wait", { tasks: [2] }) })] },
  ],
  [
    "a lock under a timeout",
    { timers: [{ when: 5, kind: "timeout", task: 1, label: "a timeout" }] },
  ],
])("a cycle with a wait for %s is no deadlock", (_, part) => {
  const [own = taskOf(1, "a", { waitsFor: waitFor("Lock 11", { resources: [11] }) })] =
    part.tasks ?? [];
  const tasks = [
    own,
    taskOf(2, "b", { waitsFor: waitFor("Task", { tasks: [1] }) }),
    taskOf(9, "c"),
  ];
  const resources = [resource(11, "Lock", [2], 1)];
  const picture = waitPictureOf({ ...snapshotOf(tasks, { resources }), ...part, tasks });

  expect(picture.deadlocks).toEqual([]);
  expect(picture.nodes.filter(({ isStuck }) => isStuck)).toEqual([]);
});

test("thousands of similar tasks are one node, but a deadlock among them stays visible", () => {
  const tasks = Array.from({ length: 2_000 }, (_, i) =>
    taskOf(i + 10, `worker ${i}`, { waitsFor: waitFor("Queue 1", { resources: [1] }) }),
  );
  const resources = [
    {
      ...{ id: 1, kind: "Queue", label: "Queue 1", holders: [], line: tasks.map(({ id }) => id) },
      ...{ size: 0, limit: null },
    },
  ];
  tasks.push(taskOf(2, "left", { waitsFor: waitFor("Task", { tasks: [3] }) }));
  tasks.push(taskOf(3, "right", { waitsFor: waitFor("Task", { tasks: [2] }) }));
  const { nodes, deadlocks, omitted } = waitPictureOf(snapshotOf(tasks, { resources }));

  expect(nodes.map(({ label, count }) => [label, count])).toEqual([
    ["left", 1],
    ["right", 1],
    ["worker", 2_000],
    ["Queue 1", 1],
  ]);
  expect([deadlocks, omitted]).toEqual([[["left", "right"]], 0]);
});

test("a group of tasks that await each other has no arrow to itself", () => {
  const chain = Array.from({ length: 2 * MAX_NODES }, (_, at) =>
    taskOf(at + 1, `worker ${at}`, { waitsFor: waitFor("Task", { tasks: [at + 2] }) }),
  );
  const { nodes, edges } = waitPictureOf(snapshotOf(chain));

  expect(Math.max(...nodes.map(({ count }) => count))).toBeGreaterThan(MAX_NODES);
  expect(edges.filter(({ from, to }) => from === to)).toEqual([]);
});

test("the wait-for graph has at most the maximum number of nodes if tasks can't be grouped", () => {
  const tasks = Array.from({ length: 400 }, (_, i) =>
    taskOf(i + 1, `${"x".repeat(i)}y`, { waitsFor: waitFor("Call", { calls: [1_000] }) }),
  );
  const calls = [
    { id: 1_000, kind: "thread", label: "ThreadCall", worker: null, key: null, awaitedBy: [] },
  ];
  const { nodes, omitted } = waitPictureOf(snapshotOf(tasks, { calls }));

  expect([nodes.length, omitted]).toEqual([MAX_NODES, 201]);
});

test("the timeline has a row for each task, and arrows from the waker's step to the woken task's step", () => {
  const base = { pid: 1, ts: 0, tid: 1 } as const;
  const slice = (tid: number, ts: number, dur: number, name: string, cat: string): TraceEvent => ({
    ...{ ...base, ph: "X", tid, ts, dur, name, cat },
  });
  const chart = stepChartOf([
    { ...base, ph: "M", tid: 10, name: "thread_name", args: { name: "waker" } },
    { ...base, ph: "M", tid: 11, name: "thread_name", args: { name: "woken" } },
    slice(1, 100, 20, "waker", "step"),
    slice(10, 100, 20, "step", "step"),
    slice(11, 0, 110, "waits for Lock", "wait"),
    { ...base, ph: "s", ts: 110, id: 1, name: "wakes", cat: "wake" },
    slice(1, 130, 5, "woken", "step"),
    slice(11, 130, 5, "step", "step"),
    { ...base, ph: "f", ts: 130, id: 1, name: "wakes", cat: "wake", bp: "e" },
    slice(1, 140, 1, "refresh", "callback"),
  ]);

  expect(chart.lanes.map(({ name, slices }) => [name, slices.length])).toEqual([
    ["callbacks", 1],
    ["waker", 1],
    ["woken", 2],
  ]);
  expect(chart.arrows).toEqual([{ fromLane: 1, from: 110, toLane: 2, to: 130 }]);
  expect([chart.begins, chart.ends, chart.steps]).toEqual([0, 141, 3]);
});

test.each([
  [0, "0 ms"],
  [0.0125, "12.5 µs"],
  [999.96, "1 s"],
  [1_250, "1.25 s"],
  [90_000, "1.5 min"],
  [86_400_000, "1 d"],
  [-5, "−5 ms"],
  [Infinity, "never"],
])("%d milliseconds are written as %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test("a server that can't be reached is reported in words that don't depend on the browser", async () => {
  const source = new ServerSource("http://127.0.0.1:1", "secret");

  await expect(source.read(null, null)).rejects.toThrow(/^The server can't be reached\. Has/);
  source.close();
});

test("each kind of wait has a color", () => {
  const kinds = ["Sleep", "Semaphore", "PriorityQueue", "ThreadCall", "Gather", "Promise"];
  expect(kinds.map(hueOf)).toEqual(["sleep", "lock", "queue", "call", "task", "outside"]);
});
