// What another copy of this package made: two versions in one program, or one as a module and one in a bundle.
//
// Asked for only where something has gone wrong already. The copies share no class, so their fields tell.

import { Call } from "./coroutine.ts";
import { Future } from "./future.ts";

export const OF_ANOTHER_COPY =
  ". It comes from another copy of mysyncio: see that the program has only one, as `npm ls mysyncio` tells";

/** Whether `value` is a future, a task or a coroutine that another copy made. */
export function isFromAnotherCopy(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if ("_loop" in value && "_awaiters" in value) return !(value instanceof Future);
  return "_generator" in value && "_outcome" in value && !(value instanceof Call);
}
