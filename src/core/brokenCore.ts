// Disables a core that may be damaged, because a call into it failed halfway.

import type { Core } from "./interface.ts";

/**
 * Makes every method of `core` throw an error from now on. The error's `cause` is the failure that
 * damaged the core: a trap, which is a bug in this package, or any error during a turn, such as a
 * full stack.
 *
 * The throwing methods become properties of the core itself and hide those of its class. Methods of
 * the class therefore don't need to check whether the core still works.
 *
 * @throws the first such error.
 */
export function breakCore(core: Core, cause: unknown): never {
  const fail = (): never => {
    throw new Error("The core of this event loop has broken down, so the loop can't continue", {
      cause,
    });
  };
  for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(core))) {
    Object.defineProperty(core, method, { value: fail });
  }
  return fail();
}
