// Tests how a page finds out that a thread has ended: by the thread's lock.

import { expect, test, vi } from "vitest";
import { claimName, watchThread } from "../../../src/loop/hosts/threadWatch.ts";
import { newName } from "../../../src/remote/threadLink.ts";

const PATIENCE = { timeout: 60_000 };

test("a thread counts as alive even if it requests its lock long after others began to watch it", async () => {
  const name = newName();
  const deaths: string[] = [];
  const watches = ["first", "second"].map((watcher) =>
    watchThread(name, undefined, () => deaths.push(watcher)),
  );
  await new Promise((resolve) => setTimeout(resolve, 700));
  const release = await new Promise<() => void>((resolve) => {
    const undo = claimName(name, () => resolve(() => undo()));
  });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(deaths).toEqual([]);

  release();
  await vi.waitUntil(() => deaths.length === 2, PATIENCE);
  for (const watch of watches) watch.stop();
});

test("a thread that never requests its lock is reported dead, once", async () => {
  const onDead = vi.fn();
  watchThread(newName(), undefined, onDead);

  await vi.waitUntil(() => onDead.mock.calls.length > 0, PATIENCE);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(onDead).toHaveBeenCalledOnce();
});

test("a watch that has stopped reports nothing", async () => {
  const name = newName();
  const onDead = vi.fn();
  const release = await new Promise<() => void>((resolve) => {
    const undo = claimName(name, () => resolve(() => undo()));
  });
  const watch = watchThread(name, undefined, onDead);
  watch.stop();
  release();

  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(onDead).not.toHaveBeenCalled();
});
