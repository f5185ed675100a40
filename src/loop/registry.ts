// The running loops of this thread, of all copies of this package. A program may contain two
// versions, or a module and a bundle.
//
// Copies share no classes or variables, only this set, under a global symbol. A loop is in the set
// only during a run, so the set keeps no other loop alive. Tools that look into a process start
// here. They read a loop only if they support the version in its `_probe`.

import { RuntimeError } from "../lang/errors.ts";

const KEY = Symbol.for("mysyncio.loops");

/** The part of a loop that every copy has. */
interface RunningLoop {
  /** What runs now. */
  readonly _slots: { readonly current: object | undefined };
}

export const OF_ANOTHER_COPY =
  " comes from another copy of mysyncio: install only one, see `npm ls mysyncio`";

/** Adds a loop that starts to run, or removes one whose run has ended. */
export function registerLoop(loop: RunningLoop, runs: boolean): void {
  const loops = runningLoops();
  if (runs) loops.add(loop);
  else loops.delete(loop);
  // Not an assignment, because that would throw if the program has frozen its globals.
  Reflect.set(globalThis, KEY, loops);
}

/** Returns the error for `caller`, which needs a running loop while no loop of this copy runs. */
export function noRunningLoop(caller: string): RuntimeError {
  const why = isAnotherRunning()
    ? `the running one${OF_ANOTHER_COPY}`
    : "none is running. Use it in a coroutine or a callback";
  return new RuntimeError(`${caller} needs an event loop, and ${why}`);
}

/** Called while no loop of this copy runs. @throws RuntimeError if one of another copy does */
export function checkNoOtherCopy(what: string): void {
  if (isAnotherRunning()) throw new RuntimeError(`${what}, or the running loop,${OF_ANOTHER_COPY}`);
}

/** Whether a loop of another copy is running something. Called while no loop of this copy runs. */
function isAnotherRunning(): boolean {
  for (const { _slots } of runningLoops()) if (_slots.current !== undefined) return true;
  return false;
}

function runningLoops(): Set<RunningLoop> {
  return Reflect.get(globalThis, KEY) ?? new Set();
}
