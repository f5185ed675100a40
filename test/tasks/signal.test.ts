// The abort signal of a task, for APIs that take signals.

import { expect } from "vitest";
import { CancelledError, type Coroutine, sleep } from "../../src/index.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

function* swallow(): Coroutine<string> {
  try {
    yield* sleep(100);
  } catch {
    trace.push("swallowed");
  }
  return "went on";
}

test("a task's signal aborts inside cancel(), with the CancelledError as its reason, even if the task swallows it", () => {
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

test("a task's signal is the same each time", () => {
  const task = loop.createTask(swallow);
  expect(task.signal).toBe(task.signal);
  expect(task.signal.aborted).toBe(false);
  runDry(loop);
});

test("a task's signal is already aborted if first used after the cancellation", () => {
  const task = loop.createTask(swallow);
  task.cancel();
  expect(task.signal.aborted).toBe(true);
  runDry(loop);
});

test("a task's signal is new once every cancellation has been taken back", () => {
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

test("a listener of a task's signal may cancel the task again", () => {
  const task = loop.createTask(swallow);
  task.signal.addEventListener("abort", () => trace.push(String(task.cancel())));
  loop.callLater(10, () => task.cancel());
  runDry(loop);
  expect([trace, task.cancelling()]).toEqual([["true", "swallowed"], 2]);
});
