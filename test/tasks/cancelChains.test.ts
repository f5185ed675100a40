// A cancel goes through tasks that await one another, however many.

import { beforeEach, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { Task } from "../../src/tasks/task.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

function runTurn(): void {
  loop.callSoon(() => loop.stop());
  loop.runForeverSync();
}

test("reaches the innermost of 100,000 tasks, and ends all", () => {
  let last: Task<void> = loop.createTask(() => sleep(1000));
  const tasks = [last];
  for (let i = 0; i < 100_000; i++) {
    const inner = last;
    last = loop.createTask(function* () {
      yield* inner;
    });
    tasks.push(last);
  }
  runTurn();
  expect(last.cancel("enough")).toBe(true);
  runDry(loop);
  expect(tasks.every((task) => task.cancelled() && task.cancelling() === 1)).toBe(true);
  expect(() => last.result()).toThrow("enough");
});

test("ends tasks that await each other, and would wait for ever", () => {
  const tasks: Task<void>[] = [];
  const awaits = (index: number) =>
    function* (): Coroutine<void> {
      yield* tasks[index] as Task<void>;
    };
  tasks.push(loop.createTask(awaits(1)), loop.createTask(awaits(2)), loop.createTask(awaits(1)));
  runTurn();
  expect(tasks[0]?.cancel()).toBe(true);
  runDry(loop);
  expect(tasks.map((task) => [task.cancelled(), task.cancelling()])).toEqual([
    [true, 1],
    [true, 1],
    [true, 1],
  ]);
});

test("stops at a task that decides for itself what a cancel means", () => {
  class Stubborn extends Task<void> {
    override cancel(): boolean {
      return false;
    }
  }
  loop.setTaskFactory((on, body) => new Stubborn(on, body as never) as never);
  const inner = loop.createTask(() => sleep(100));
  loop.setTaskFactory(undefined);
  const outer = loop.createTask(function* () {
    yield* inner;
  });
  runTurn();
  outer.cancel();
  loop.callLater(200, () => loop.stop());
  runDry(loop);
  expect([inner.cancelled(), outer.cancelled()]).toEqual([false, true]);
});
