// Recognizes objects from another copy of this package. See loop/registry.ts.
//
// Used only after something has gone wrong. Copies share no classes, so the check looks at fields.

import { CoroutineObject } from "./call.ts";
import { Future } from "./future.ts";

/** Whether `value` is a future, a task or a coroutine of another copy. */
export function isFromAnotherCopy(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if ("_loop" in value && "_waiting" in value) return !(value instanceof Future);
  return "_checkFresh" in value && !(value instanceof CoroutineObject);
}
