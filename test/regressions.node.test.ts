// What a review broke, and only Node can tell: at any moment how much memory there is.

import { expect, test } from "vitest";
import { createTask } from "../src/tasks/awaitable.ts";
import type { Coroutine } from "../src/tasks/coroutine.ts";
import { wait } from "../src/tasks/wait.ts";
import { runVirtually } from "./support/virtualLoop.ts";

function megabytes(): number {
  (globalThis as unknown as { gc(): void }).gc();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function* fail(): Coroutine<void> {
  throw new Error("expected by the test");
}

test("tasks that fail and are awaited leave nothing behind in a run that blocks", () => {
  const grown = runVirtually(function* () {
    const before = megabytes();
    for (let i = 0; i < 20_000; i++) {
      const task = createTask(fail);
      yield* wait([task]);
      task.exception();
    }
    return megabytes() - before;
  });
  expect(grown).toBeLessThan(5);
});
