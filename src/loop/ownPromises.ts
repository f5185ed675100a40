// Promises that a loop settles itself, for clocks that leap.
//
// Such a clock stands still while something outside of the loop is awaited. A promise that the loop is to settle is not
// outside, and would be waited for in vain. So while a loop has such a clock, each promise of a future is noted with its
// future, and each that is pending as a wait of somebody outside for the loop.

import type { Scheduler } from "./scheduler.ts";

/** Somebody outside waits for a loop: for a future of its own, or in the line of something like a queue. */
export interface OutsideWait {
  readonly future?: object;
}

/** The waits for loops that are under way. */
export const outsideWaits = /* @__PURE__ */ new Set<OutsideWait>();
const sources = /* @__PURE__ */ new WeakMap<object, OutsideWait>();

/** How many loops have a clock that leaps. */
let leaping = 0;

export function watchPromises(difference: 1 | -1): void {
  leaping += difference;
  if (leaping === 0) outsideWaits.clear();
}

/** Notes that the loop is to settle `promise`. */
export function notePromise(promise: object, wait: OutsideWait): void {
  if (leaping === 0) return;
  outsideWaits.add(wait);
  sources.set(promise, wait);
}

/** The future that `promise` settles with, if that is known. Nobody outside waits for it any more. */
export function takeSource(promise: object): object | undefined {
  if (leaping === 0) return undefined;
  const wait = sources.get(promise);
  if (wait !== undefined) outsideWaits.delete(wait);
  return wait?.future;
}

/** Whether all that a loop waits for outside may itself wait for the loop. */
let dependsOn: ((loop: Scheduler) => boolean) | undefined;

export function provideDependence(provided: (loop: Scheduler) => boolean): void {
  dependsOn = provided;
}

/** Whether the time of `loop` may leap although it waits for something outside. It comes with the clocks that leap. */
export function mayLeap(loop: Scheduler): boolean {
  return dependsOn?.(loop) === true;
}
