// A cancellation passes through tasks that await one another, however many there are.

import { expect } from "vitest";
import { type Coroutine, sleep, Task } from "../../src/index.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

function runTurn(): void {
  loop.callSoon(() => loop.stop());
  loop.runForeverSync();
}

test("a cancellation reaches the innermost of 100,000 tasks, and ends all of them", () => {
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

test("a cancellation ends tasks that await each other and would otherwise wait forever", () => {
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

test("a cancellation stops at a task that handles it", () => {
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
