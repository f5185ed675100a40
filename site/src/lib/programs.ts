// Lets the page cancel what a program runs, and choose its clock.

import {
  CancelledError,
  type Coroutine,
  currentTask,
  ensureFuture,
  fromPromise,
  getRunningLoop,
  isCoroutine,
  run as realRun,
} from "../../../dist/index.js";
import { VirtualClock } from "../../../dist/testing.js";
import type { ClockKind } from "./protocol.ts";

type Main = Parameters<typeof realRun>[0];
type Options = NonNullable<Parameters<typeof realRun>[1]>;

let clockKind: ClockKind = "real";
let hold: (() => Promise<void>) | undefined;
let isCancelled = false;
const cancellations = new Set<() => void>();

export function setClock(kind: ClockKind): void {
  clockKind = kind;
}

/** Calls `callback` at the start of each call of `run`, and waits for it. */
export function holdWith(callback: () => Promise<void>): void {
  hold = callback;
}

/** Cancels the main task of each call of `run`, now and later. */
export function cancelAll(): void {
  isCancelled = true;
  for (const cancel of cancellations) cancel();
}

export function isCancellation(error: unknown): boolean {
  return error instanceof CancelledError;
}

/** The library's `run`. The page's buttons can cancel it. */
export function run(main: Main, options: Options = {}): Promise<unknown> {
  const isVirtual = clockKind === "virtual" && options.clock === undefined && !options.loop;
  return realRun(
    () => withinReach(main),
    isVirtual ? { ...options, clock: new VirtualClock() } : options,
  );
}

function* withinReach(main: Main): Coroutine<unknown> {
  const task = currentTask();
  const loop = getRunningLoop();
  const cancel = () => void loop.callSoonThreadsafe(() => task?.cancel());
  cancellations.add(cancel);
  if (isCancelled) cancel();
  try {
    if (hold !== undefined) yield* fromPromise(hold());
    const awaitable = typeof main === "function" ? main() : main;
    if (isCoroutine(awaitable)) return yield* awaitable;
    return yield* ensureFuture(awaitable);
  } finally {
    cancellations.delete(cancel);
  }
}
