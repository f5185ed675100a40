// Looks for warnings on a loop of the page, unless the program does that itself.

import type { AwaitLocation } from "../../lang/locations.ts";
import type { Reader } from "../reader.ts";
import type { LoopShape, TaskShape } from "../shapes.ts";
import { attachDetector } from "../warnings/attachDetector.ts";

/** Used for a loop on which the program already looks for warnings. */
const NONE: PageDetector = { poll: () => undefined, end: () => undefined };

export interface PageDetector {
  /**
   * Takes a sample if the last one is old enough. Needed because a loop that was asleep when the
   * detector was attached samples nothing until it wakes.
   */
  poll(): void;
  end(): void;
}

export function detectOn(loop: LoopShape, reader: Reader): PageDetector {
  if (loop._slots.hooks?.some(({ hooks }) => hooks._detector !== undefined)) return NONE;
  const { detector, end } = attachDetector(loop, reader, {
    now: () => performance.now(),
    placeOf: placeOnPage,
  });
  return { poll: () => detector.poll(), end };
}

/**
 * Returns the function and line at which a task waits, if debug mode has recorded them. Otherwise
 * returns the task's name.
 */
function placeOnPage(task: TaskShape): string {
  const origin = (task._inspect().at as AwaitLocation | undefined)?.origin;
  if (origin === undefined) return task._describe();
  return `${origin.functionName || task._describe()} (${origin.location})`;
}
