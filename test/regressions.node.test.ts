// Tests a bug that a review found. Only Node can show it, because only Node reports the memory in
// use at any moment.

import { expect, test } from "vitest";
import { type Coroutine, createTask, wait } from "../src/index.ts";
import { runVirtually } from "./support/virtualLoop.ts";

function megabytes(): number {
  (globalThis as unknown as { gc(): void }).gc();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function* fail(): Coroutine<void> {
  throw new Error("expected by the test");
}

test("tasks that fail and are awaited leave nothing behind in a loop that blocks its thread", () => {
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
