// Nothing can ever happen again: what there is to say about it.

import { DeadlockError, type TaskWait } from "./errors.ts";
import type { Scheduler } from "./scheduler.ts";

/** Who waits for what, in a structure and in words. */
export interface WaitForGraph {
  readonly waits: readonly TaskWait[];
  /** A line for each, after a line break. */
  readonly words: string;
}

/** Tells who waits for what on a loop. It comes with the clocks on which that matters: others do not ship it. */
let graphOf: ((loop: Scheduler) => WaitForGraph) | undefined;

export function provideGraph(provided: (loop: Scheduler) => WaitForGraph): void {
  graphOf = provided;
}

/**
 * The error of a loop that nothing can go on.
 *
 * @param waited for how long something outside was waited for, where that is the reason.
 */
export function deadlock(loop: Scheduler, waited?: number): DeadlockError {
  const graph = graphOf?.(loop);
  const words =
    loop._external === 0
      ? "Nothing is ready and no timer is pending: what waits would wait for ever"
      : waited !== undefined
        ? `Nothing outside of the loop has ended within ${waited} ms of real time (\`externalTimeout\` of the clock)`
        : "What is awaited is a promise or the like, which cannot settle while this thread is blocked: use `run()`";
  return new DeadlockError(words + (graph?.words ?? ""), graph?.waits);
}
