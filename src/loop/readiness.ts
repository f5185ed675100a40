// How a loop watches sources: sockets, servers, and whatever else gets ready outside of it.
//
// The entries of the platforms bring the code along, so that who watches nothing does not
// ship it. To the loop it is something to ask once per turn.

import type { Callback } from "./handle.ts";
import type { Resource, Scheduler } from "./scheduler.ts";

/** The sources that a loop watches. */
export interface Sources extends Resource {
  /** What does the watching: the loop's selector. */
  readonly selector: object;
  /** Calls `callback(...args)` in each turn in which `source` is ready for `event`, in place of an earlier one. */
  add(source: unknown, event: number, callback: Callback<never>, args: readonly unknown[]): void;
  /** Ends that. Returns whether there was something to end. */
  remove(source: unknown, event: number): boolean;
  /** Makes the callbacks of ready sources ready. */
  poll(): void;
  /** Calls `callback(...args)` at each of the platform's signals of that name, in place of an earlier one. */
  addSignal?(signal: string, callback: Callback<never>, args: readonly unknown[]): void;
  /** Ends that. Returns whether there was something to end. */
  removeSignal?(signal: string): boolean;
}

let make: ((loop: Scheduler) => Sources) | undefined;

/** Says how loops watch sources. */
export function provideSources(factory: (loop: Scheduler) => Sources): void {
  make = factory;
}

/** What watches sources for a loop; undefined if nothing can. */
export function newSources(loop: Scheduler): Sources | undefined {
  return make?.(loop);
}
