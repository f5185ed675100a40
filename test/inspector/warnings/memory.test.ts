// Tests that looking for warnings doesn't change what a program does or keep objects alive, because
// it stays on in production.

import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  type EventLoop,
  type Future,
  gather,
  newEventLoop,
  Semaphore,
  type Task,
} from "../../../src/index.ts";
import type { TaskShape } from "../../../src/inspector/shapes.ts";
import { Lives } from "../../../src/inspector/warnings/lives.ts";
import { warnings } from "../../../src/inspector.ts";
import { collectGarbage } from "../../support/garbage.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newEventLoop();
  warnings(loop);
});

afterEach(() => loop.close());

test("looking for warnings doesn't change what a program does", async () => {
  const body = (function* () {
    return 5;
  })();
  const results = await loop.runUntilComplete(() =>
    gather([createTask(body as Coroutine<number>), createTask(body as Coroutine<number>)]),
  );

  expect(results).toEqual([5, undefined]);
});

test("semaphores that are dropped while acquired are collected", async () => {
  const dropped: WeakRef<object>[] = [];
  await loop.runUntilComplete(function* () {
    for (let i = 0; i < 50; i++) {
      const semaphore = new Semaphore(2);
      yield* semaphore.acquire();
      dropped.push(new WeakRef(semaphore));
    }
  });
  const left = () => dropped.filter((one) => one.deref() !== undefined).length;
  await collectGarbage(() => left() <= 1);

  // Engines may keep the latest one in a register.
  expect(left()).toBeLessThanOrEqual(1);
});

test("futures that a task's ancestors have awaited are collected", async () => {
  const awaited: WeakRef<object>[] = [];
  const end = loop.createFuture<void>();
  function* generation(left: number): Coroutine<Task<void> | undefined> {
    const future: Future<object> = loop.createFuture<object>();
    awaited.push(new WeakRef(future));
    loop.callSoon(() => future.setResult({ left }));
    yield* future;
    if (left > 0) createTask(() => generation(left - 1));
    else yield* end;
    return undefined;
  }
  const running = loop.runUntilComplete(function* () {
    createTask(() => generation(20));
    yield* end;
  });
  const left = () => awaited.filter((one) => one.deref() !== undefined).length;
  await collectGarbage(() => awaited.length === 21 && left() <= 2);
  loop.callSoonThreadsafe(() => end.setResult());
  await running;

  expect(awaited.length).toBe(21);
  // The future of the last generation is left, and one that the engine may keep.
  expect(left()).toBeLessThanOrEqual(2);
});

test("a task keeps its creator's record, but not those of all ancestors", () => {
  const lives = new Lives(() => 0);
  const [first, second, third] = ["first", "second", "third"].map((name) => ({
    getName: () => name,
    done: () => false,
    _inspect: () => ({}),
  })) as unknown as [TaskShape, TaskShape, TaskShape];
  lives.hooks.taskStarted(first, undefined);
  lives.hooks.taskStarted(second, first);
  lives.end(first);
  lives.hooks.taskStarted(third, second);
  lives.end(second);

  expect(lives.of(third).creator).toMatchObject({ name: "second", creator: undefined });
});
