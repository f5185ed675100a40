// Who holds which lock, for whoever debugs or tests.
//
// A lock has no owner, and to note one costs more than to take the lock. So it is noted only while some loop is in debug
// mode or on a clock that leaps: there a task that waits for ever can be told whom it waits for.

import { runningScheduler, type Scheduler } from "./scheduler.ts";
import type { Runnable } from "./slots.ts";

/** A lock, or one permit, that was taken and not given back. */
export interface Holding {
  /** The lock, or whose permit it is. */
  readonly what: object;
  /** Its kind, such as `"Lock"`. */
  readonly kind: string;
  /** In whose turn it was taken: a task's or a callback's. Undefined for a coroutine that is driven by hand. */
  readonly by: Runnable | undefined;
}

export const holders = {
  /** How many loops want to know. */
  watchers: 0,
};

let ofWhat = /* @__PURE__ */ new WeakMap<object, Holding[]>();
let ofLoop = /* @__PURE__ */ new WeakMap<Scheduler, Set<Holding>>();
const loops = /* @__PURE__ */ new WeakMap<Holding, Scheduler>();
/** How many permits were given that nobody had taken: who takes one of those signals, and holds nothing. */
let signals = /* @__PURE__ */ new WeakMap<object, number>();

/** One loop more wants to know, or one less. What nobody watches changes unseen: what was noted of it is forgotten. */
export function watchHolders(difference: 1 | -1): void {
  holders.watchers += difference;
  if (holders.watchers > 0) return;
  ofWhat = new WeakMap();
  ofLoop = new WeakMap();
  signals = new WeakMap();
}

/** Notes that `what` was taken in this turn. */
export function noteTaken(what: object, kind: string): void {
  const signalled = signals.get(what) ?? 0;
  if (signalled > 0) {
    signals.set(what, signalled - 1);
    return;
  }
  const loop = runningScheduler();
  const holding: Holding = { what, kind, by: loop?._slots.current };
  const known = ofWhat.get(what);
  if (known === undefined) ofWhat.set(what, [holding]);
  else known.push(holding);
  if (loop === undefined) return;
  const all = ofLoop.get(loop);
  if (all === undefined) ofLoop.set(loop, new Set([holding]));
  else all.add(holding);
  loops.set(holding, loop);
}

/** Notes that it was given back: by who took it, else in place of who took it first. `isSignal` if it may never have been taken. */
export function noteGiven(what: object, isSignal: boolean): void {
  const known = ofWhat.get(what) ?? [];
  const by = runningScheduler()?._slots.current;
  const own = known.findIndex((holding) => holding.by === by);
  const [holding] = known.splice(Math.max(own, 0), 1);
  if (holding === undefined && isSignal) signals.set(what, (signals.get(what) ?? 0) + 1);
  const loop = holding && loops.get(holding);
  if (loop !== undefined) ofLoop.get(loop)?.delete(holding as Holding);
}

/** Who holds it, the longest first, as far as it was noted. */
export function holdersOf(what: object): readonly Holding[] {
  return ofWhat.get(what) ?? [];
}

/** What was taken in turns of `loop` and not given back. */
export function heldOn(loop: Scheduler): readonly Holding[] {
  return [...(ofLoop.get(loop) ?? [])];
}
