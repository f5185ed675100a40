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
    throw new Error(
      "The core of this event loop has broken down, so the loop cannot be used any more. " +
        "This is a bug in mysyncio; a new loop will work.",
      { cause },
    );
  };
  const broken: Omit<Core, "kind"> = {
    allocate: fail,
    release: fail,
    push: fail,
    schedule: fail,
    addTimer: fail,
    removeTimer: fail,
    turn: fail,
    take: fail,
    deadline: fail,
    hasReady: fail,
    live: fail,
    timers: fail,
    reset: fail,
  };
  Object.assign(core, broken);
  return fail();
}
