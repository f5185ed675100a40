// Blocking a thread: where that is allowed, and how another thread wakes it.
//
// A blocked thread settles no promises and receives no events. Only time passes. Other threads can
// wake it through its bell, a piece of shared memory. In Node, a blocked thread can also read
// messages from ports (`ports.ts`, part of `mysyncio/node`); in browsers it cannot.

import { RuntimeError } from "../../lang/errors.ts";
import { platform } from "../platform.ts";
import type { Scheduler } from "../scheduler.ts";

let bell: Int32Array<SharedArrayBuffer> | undefined;

/**
 * Returns this thread's bell, for other threads. To ring it, add 1 and notify.
 *
 * @throws RuntimeError if the thread must not block.
 */
export function bellHere(): Int32Array<SharedArrayBuffer> {
  if (bell !== undefined) return bell;
  try {
    const made = new Int32Array(new SharedArrayBuffer(4));
    // Doesn't wait, because the value is 0 and not 1. But it throws where waiting is forbidden.
    Atomics.wait(made, 0, 1);
    bell = made;
    return made;
  } catch (cause) {
    throw new RuntimeError(
      "This thread cannot be blocked: use `run()`. A page never can be, its workers only if it was served with " +
        "`Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`",
      { cause },
    );
  }
}

/**
 * Returns this thread's bell if messages can arrive while the thread is blocked; otherwise
 * undefined.
 */
export function bellToShare(): Int32Array<SharedArrayBuffer> | undefined {
  return platform.blockingInput && bellHere();
}

/** Receives the messages that have arrived for `loop`. */
export function takeIn(loop: Scheduler): void {
  platform.blockingInput?.takeIn(loop);
}

/**
 * Blocks the thread for at most `delay` milliseconds, or until something may have arrived. Returns
 * false without blocking if `loop` awaits something that can't arrive while the thread is blocked,
 * or if nothing would end the block.
 */
export function block(loop: Scheduler, delay: number): boolean {
  if (platform.blockingInput !== undefined) return platform.blockingInput.block(loop, delay);
  if (loop._external > 0 || delay === Infinity) return false;
  Atomics.wait(bellHere(), 0, 0, delay);
  return true;
}
