import { channel, subscribe, tracingChannel, unsubscribe } from "node:diagnostics_channel";
import { afterEach, expect, test } from "vitest";
import { onLaterLoops } from "../../src/inspector/node/laterLoops.ts";
import { warnings } from "../../src/inspector.ts";
import { createTask, type EventLoop, newEventLoop, sleep, type Task } from "../../src/node.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

const loops: EventLoop[] = [];

afterEach(() => {
  for (const loop of loops.splice(0)) loop.close();
});

function opened(loop: EventLoop): EventLoop {
  loops.push(loop);
  return loop;
}

/** Subscribes to a channel, and collects the tasks' names. Returns a function to unsubscribe. */
function collect(name: string, into: string[]): () => void {
  const listener = (message: unknown): void => {
    into.push(`${name} ${(message as { task: Task<unknown> }).task.getName()}`);
  };
  subscribe(name, listener);
  return () => unsubscribe(name, listener);
}

function* program() {
  yield* createTask(() => sleep(1), { name: "child" });
}

test("channels publish what tasks do, only while somebody subscribes", async () => {
  const loop = opened(newEventLoop());
  const seen: string[] = [];
  const stops = ["started", "waits", "wakes", "ended"].map((what) =>
    collect(`mysyncio.task.${what}`, seen),
  );
  await loop.runUntilComplete(program);
  for (const stop of stops) stop();
  await loop.runUntilComplete(program);

  expect(seen.filter((line) => line.endsWith("child"))).toEqual([
    "mysyncio.task.started child",
    "mysyncio.task.waits child",
    "mysyncio.task.wakes child",
    "mysyncio.task.ended child",
  ]);
  expect(loop._slots.hooks).toBeUndefined();
});

test("subscribing and unsubscribing take effect on a running loop", async () => {
  const loop = opened(newEventLoop());
  const seen: string[] = [];
  const watches = await loop.runUntilComplete(function* () {
    const before = loop._slots.hooks;
    const stop = collect("mysyncio.task.ended", seen);
    yield* program();
    const during = loop._slots.hooks;
    stop();
    while (loop._slots.hooks !== undefined) yield* sleep(1);
    return [before, during?.length];
  });

  expect(seen).toEqual(["mysyncio.task.ended child"]);
  expect(watches).toEqual([undefined, 1]);
});

test("steps are published as a tracing channel, whose starts and ends match", async () => {
  const loop = opened(newEventLoop());
  const trace: string[] = [];
  const listeners = { start: () => trace.push("("), end: () => trace.push(")") };
  const steps = tracingChannel("mysyncio.step");
  steps.subscribe(listeners as never);
  await loop.runUntilComplete(program);
  steps.unsubscribe(listeners as never);

  expect(trace.join("")).toMatch(/^(\(\))+$/);
});

test("warnings are published", () => {
  const loop = opened(newVirtualLoop());
  const ids: string[] = [];
  const listener = (message: unknown): void => {
    ids.push((message as { warning: { id: string } }).warning.id);
  };
  channel("mysyncio.warning").subscribe(listener);
  loop.runUntilCompleteSync(function* () {
    warnings(loop);
    const task = createTask(function* () {
      try {
        yield* sleep(10_000);
      } catch {}
    });
    yield* sleep(1);
    task.cancel();
    yield* task;
    yield* sleep(2_000);
  });
  channel("mysyncio.warning").unsubscribe(listener);

  expect(ids).toEqual(["swallowed-cancel"]);
});

test("channels and recordings both notice loops that start later, whichever of them was enabled first", async () => {
  const key = Symbol.for("mysyncio.loops");
  for (const recordsFirst of [false, true]) {
    Reflect.set(globalThis, key, new Set());
    const seen: string[] = [];
    const started: object[] = [];
    const record = () => onLaterLoops((loop) => started.push(loop));
    const first = recordsFirst ? record() : collect("mysyncio.task.ended", seen);
    const second = recordsFirst ? collect("mysyncio.task.ended", seen) : record();
    const loop = opened(newEventLoop());
    await loop.runUntilComplete(program);
    first();
    second();

    expect(seen).toContain("mysyncio.task.ended child");
    expect(started).toEqual([loop]);
    expect(Object.hasOwn(Reflect.get(globalThis, key), "add")).toBe(false);
  }
});
