import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  type EventLoop,
  Lock,
  sleep,
  waitEvent,
} from "../../src/index.ts";
import { collect } from "../../src/inspector/statistics.ts";
import { snapshot, statistics } from "../../src/inspector.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

afterEach(() => loop.close());

function* worker(lock: Lock): Coroutine<void> {
  for (let i = 0; i < 3; i++) yield* lock.with(() => sleep(1));
}

test("statistics are counted from the first call of statistics()", () => {
  const before = statistics(loop);
  loop.runUntilCompleteSync(function* () {
    const lock = new Lock();
    const workers = [createTask(() => worker(lock)), createTask(() => worker(lock))];
    for (const one of workers) yield* one;
    loop.callLater(5, () => undefined).cancel();
  });
  const after = statistics(loop);

  expect([before.steps, before.tasksStarted, before.tasks]).toEqual([0, 0, []]);
  expect(after).toMatchObject({
    since: 0,
    tasksStarted: 3,
    tasksEnded: 3,
    timersAdded: 7,
    timersFired: 6,
    timersRemoved: 1,
    longestLag: 0,
    tasks: [],
  });
  expect(after.steps).toBeGreaterThanOrEqual(9);
  expect(after.turns).toBeGreaterThanOrEqual(after.slices);
  expect(after.busy).toBeGreaterThanOrEqual(after.longestSlice);
});

test("a wait for an outside event is named after its operation, in statistics and in snapshots", async () => {
  statistics(loop);
  const target = new EventTarget();
  const kinds = await loop.runUntilComplete(function* () {
    const child = createTask(() => waitEvent<Event>(target, "ready"), { name: "child" });
    yield* sleep(1);
    const waits = statistics(loop).tasks.find(({ name }) => name === "child")?.waits;
    const kind = snapshot(loop).tasks.find(({ name }) => name === "child")?.waitsFor?.kind;
    child.cancel();
    return [waits, kind];
  });

  expect(kinds).toEqual([{ WaitEvent: 1 }, "WaitEvent"]);
});

test("a snapshot has the number of steps of each task that either of two collectors knows", async () => {
  const steps = await loop.runUntilComplete(function* () {
    const child = createTask(() => sleep(10), { name: "child" });
    yield* sleep(1);
    statistics(loop); // knows only tasks that start from now on
    const { stop } = collect(loop);
    yield* child;
    const other = createTask(() => sleep(10), { name: "other" });
    yield;
    yield;
    const found = snapshot(loop).tasks.map((task) => [task.name === "other", task.steps]);
    stop();
    yield* other;
    return found;
  });

  expect(steps.filter(([, count]) => count === null)).toEqual([]);
});

test("statistics list each unfinished task with its steps and what it waited for", () => {
  statistics(loop);
  const found = loop.runUntilCompleteSync(function* () {
    const lock = new Lock();
    yield* lock.acquire();
    const child = createTask(() => worker(lock), { name: "child" });
    yield* sleep(3);
    const listed = statistics(loop).tasks.find(({ name }) => name === "child");
    const seen = snapshot(loop).tasks.find(({ name }) => name === "child");
    child.cancel();
    return { listed, seen };
  });

  expect(found.listed).toMatchObject({ name: "child", created: 0, steps: 1, waits: { Lock: 1 } });
  expect(found.listed?.parent).toMatch(/^Task-/);
  expect(found.listed?.readyLatency.reduce((sum, count) => sum + count, 0)).toBe(1);
  expect(found.seen).toMatchObject({ steps: 1, state: "waiting", created: 0 });
  expect(found.seen?.parent).not.toBeNull();
});

test("statistics() throws for a value that is not an event loop", () => {
  expect(() => statistics({} as EventLoop)).toThrow("Expected `loop` to be an event loop");
});

test("a snapshot of a closed loop is empty, even if another loop uses its core now", () => {
  loop.close();
  const next = newVirtualLoop();
  next.callSoon(() => undefined);
  next.callLater(1, () => undefined);
  const { loop: counts, ready, timers } = snapshot(loop);
  next.close();

  expect(counts).toMatchObject({ ready: 0, timers: 0, slots: 0 });
  expect([ready, timers]).toEqual([[], []]);
});
