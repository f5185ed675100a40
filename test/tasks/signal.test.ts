// The signal that takes along what knows signals and no tasks.

import { beforeEach, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { CancelledError } from "../../src/loop/errors.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

function* swallow(): Coroutine<string> {
  try {
    yield* sleep(100);
  } catch {
    trace.push("swallowed");
  }
  return "went on";
}

test("aborts inside cancel(), with the error as its reason, also when the task then swallows that", () => {
  const task = loop.createTask(swallow);
  task.signal.addEventListener("abort", () => trace.push("aborted"));
  loop.callLater(10, () => {
    task.cancel("enough");
    trace.push("cancel returned");
  });
  runDry(loop);
  expect(trace).toEqual(["aborted", "cancel returned", "swallowed"]);
  expect(task.result()).toBe("went on");
  expect(task.signal.reason).toBeInstanceOf(CancelledError);
  expect((task.signal.reason as Error).message).toBe("enough");
});

test("is the same one each time", () => {
  const task = loop.createTask(swallow);
  expect(task.signal).toBe(task.signal);
  expect(task.signal.aborted).toBe(false);
  runDry(loop);
});

test("is aborted already when it is asked for after the cancel", () => {
  const task = loop.createTask(swallow);
  task.cancel();
  expect(task.signal.aborted).toBe(true);
  runDry(loop);
});

test("is a new one once every cancel has been taken back", () => {
  const task = loop.createTask(swallow);
  const before = task.signal;
  loop.callLater(10, () => task.cancel());
  loop.callLater(10, () => task.cancel());
  loop.callLater(20, () => trace.push("never"));
  loop.callLater(10, () => {
    task.uncancel();
    trace.push(String(task.signal === before));
    task.uncancel();
    trace.push(String(task.signal === before), String(task.signal.aborted));
  });
  loop.callLater(15, () => loop.stop());
  runDry(loop);
  expect([trace.filter((entry) => entry !== "swallowed"), before.aborted]).toEqual([
    ["true", "false", "false"],
    true,
  ]);
  runDry(loop);
});

test("may be aborted while the task cancels itself in a listener", () => {
  const task = loop.createTask(swallow);
  task.signal.addEventListener("abort", () => trace.push(String(task.cancel())));
  loop.callLater(10, () => task.cancel());
  runDry(loop);
  expect([trace, task.cancelling()]).toEqual([["true", "swallowed"], 2]);
});
