// Which loop is running now.

import { checkOptions } from "../lang/arguments.ts";
import { noRunningLoop } from "./registry.ts";
import { checkLoop, type Scheduler } from "./scheduler.ts";

let running: Scheduler | undefined;

/** Returns the loop that is running a callback or a task on this stack; undefined if none is. */
export function runningScheduler(): Scheduler | undefined {
  return running;
}

/**
 * Makes `scheduler` the running loop; undefined means that no loop is running. Returns the loop
 * that was running before, which the caller must restore.
 */
export function enterScheduler(scheduler: Scheduler | undefined): Scheduler | undefined {
  const outer = running;
  running = scheduler;
  return outer;
}

/**
 * Returns the running loop.
 *
 * @param caller the function that needs the loop. The error names it.
 * @throws RuntimeError if no loop is running.
 */
export function currentScheduler(caller: string): Scheduler {
  if (running === undefined) throw noRunningLoop(caller);
  return running;
}

/** Returns the loop in `options`, by default the running one. */
export function loopOf(
  options: { readonly loop?: Scheduler | undefined } | undefined,
  caller: string,
): Scheduler {
  if (options === undefined) return currentScheduler(caller);
  checkOptions(options);
  const { loop } = options;
  if (loop === undefined) return currentScheduler(caller);
  checkLoop(loop);
  return loop;
}
