// A core that can no longer be used, because a call into it trapped.

import type { Core } from "./interface.ts";

/**
 * Makes every method of `core` throw from now on.
 *
 * The throwing methods become properties of the core itself and hide those of its class. Methods of
 * the class therefore don't need to check whether the core still works.
 *
 * @throws the error that they throw.
 */
export function breakCore(core: Core, cause: unknown): never {
  const fail = (): never => {
    throw new Error("The core of this event loop has broken down: a bug in mysyncio", { cause });
  };
  for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(core))) {
    Object.defineProperty(core, method, { value: fail });
  }
  return fail();
}
