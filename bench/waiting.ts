// Waiting tasks and timers to count and measure, of mysyncio and of the host. Each function creates
// a number of them, and returns a function that ends them.

import {
  type Coroutine,
  createTask,
  type Future,
  getRunningLoop,
  type TimerHandle,
} from "mysyncio";
import { shuffled } from "./shuffle.ts";

/** Late enough that no timer fires. */
const FAR = 10_000_000;
/**
 * How many different delays the timers have: few, as in a program. Node keeps a list of timers for
 * each delay, in whole milliseconds.
 */
const SPAN = 1_000;

function* park(future: Future<void>): Coroutine<void> {
  yield* future;
}

async function parkOn(promise: Promise<void>): Promise<void> {
  await promise;
}

const nothing = () => {};

/** Tasks of the running loop, each of which waits for its own future. */
export function parkTasks(count: number): () => void {
  const loop = getRunningLoop();
  const futures: Future<void>[] = [];
  for (let i = 0; i < count; i++) {
    const future = loop.createFuture<void>();
    futures.push(future);
    createTask(park(future));
  }
  return () => {
    for (const future of futures) future.setResult();
  };
}

/** Async functions, each of which waits for its own promise. */
export function parkNatively(count: number): () => void {
  const resolvers: (() => void)[] = [];
  const promises: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    promises.push(parkOn(new Promise((resolve) => resolvers.push(resolve))));
  }
  return () => {
    for (const resolve of resolvers) resolve();
    promises.length = 0;
  };
}

/** Timers of the running loop. */
export function addTimers(count: number): () => void {
  const loop = getRunningLoop();
  const order = shuffled(count);
  const timers: TimerHandle[] = [];
  for (let i = 0; i < count; i++) {
    timers.push(loop.callLater(FAR + ((order[i] as number) % SPAN), nothing));
  }
  return () => {
    for (const timer of timers) timer.cancel();
  };
}

/** Timers of the host. */
export function addHostTimers(count: number): () => void {
  const order = shuffled(count);
  const timers: ReturnType<typeof setTimeout>[] = [];
  for (let i = 0; i < count; i++) {
    timers.push(setTimeout(nothing, FAR + ((order[i] as number) % SPAN)));
  }
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}

/** The bytes per item that `make` creates, while all of them wait. */
export function* bytesOfEach(count: number, make: () => () => void): Coroutine<number> {
  const before = yield* settledHeap();
  const end = make();
  const after = yield* settledHeap();
  end();
  yield;
  return (after - before) / count;
}

/**
 * The size of everything alive, once all tasks have taken their first step: the heap, and the
 * core's memory, which is outside it.
 */
function* settledHeap(): Coroutine<number> {
  yield;
  if (globalThis.gc === undefined) throw new Error("This needs node --expose-gc");
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
