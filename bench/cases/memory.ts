import { type Coroutine, createTask, type Future, getRunningLoop, run } from "mysyncio";
import type { Case, Figure } from "../harness.ts";

const PARKED = 100_000;

function* park(future: Future<void>): Coroutine<void> {
  yield* future;
}

async function parkNatively(promise: Promise<void>): Promise<void> {
  await promise;
}

/** Bytes for each of `PARKED` things, all of which wait when the heap is measured. */
function* measure(): Coroutine<number> {
  const loop = getRunningLoop();
  const before = yield* settledHeap();
  const futures: Future<void>[] = [];
  for (let i = 0; i < PARKED; i++) {
    const future = loop.createFuture<void>();
    futures.push(future);
    createTask(park(future));
  }
  const after = yield* settledHeap();
  for (const future of futures) future.setResult();
  yield;
  return (after - before) / PARKED;
}

async function measureNatively(): Promise<number> {
  const before = heap();
  const resolvers: (() => void)[] = [];
  const tasks: Promise<void>[] = [];
  for (let i = 0; i < PARKED; i++) {
    tasks.push(parkNatively(new Promise((resolve) => resolvers.push(resolve))));
  }
  await undefined;
  const after = heap();
  for (const resolve of resolvers) resolve();
  await Promise.all(tasks);
  return (after - before) / PARKED;
}

function* settledHeap(): Coroutine<number> {
  yield;
  return heap();
}

/** Everything that is alive: the heap, and the core's memory beside it. */
function heap(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function figures(): Promise<Figure[]> {
  if (globalThis.gc === undefined) throw new Error("The case `memory` needs node --expose-gc");
  await run(measure); // the first run compiles, and grows what is kept
  return [
    {
      what: "a task parked on a future, both",
      value: await run(measure),
      unit: "bytes",
      atMost: 500,
    },
    {
      what: "an async function parked on a promise, both",
      value: await measureNatively(),
      unit: "bytes",
    },
  ];
}

export default {
  name: "memory",
  question: "What does it take to wait?",
  figures,
} satisfies Case;
