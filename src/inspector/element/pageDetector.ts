// Looks for warnings on a loop of the page, unless the program does that itself.

import type { AwaitLocation } from "../../lang/locations.ts";
import type { Reader } from "../reader.ts";
import type { LoopShape, TaskShape } from "../shapes.ts";
import { attachDetector } from "../warnings/attachDetector.ts";

/** Used if the program has its own detector, which does the work. */
const NONE: PageDetector = { poll: () => undefined, end: () => undefined };

export interface PageDetector {
  /**
   * Takes a sample if the last one is old enough. A loop that was already asleep takes none by
   * itself.
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

/** In debug mode, the function in which a task waits, with the line. Otherwise its name. */
function placeOnPage(task: TaskShape): string {
  const origin = (task._inspect().at as AwaitLocation | undefined)?.origin;
  if (origin === undefined) return task._describe();
  return `${origin.functionName || task._describe()} (${origin.location})`;
}
