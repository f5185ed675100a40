// What is left of a core after a trap.

import type { Core } from "./interface.ts";

/**
 * Makes every method of `core` throw from now on.
 *
 * They become properties of the core itself and so hide those of its class, which need not
 * ask at each call whether the core still works.
 *
 * @throws what they throw.
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
