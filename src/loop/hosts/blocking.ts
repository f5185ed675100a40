// A thread that blocks: where it may, and what wakes it.
//
// While the stack is ours no promise settles and no event arrives. What still comes is
// time, and what another thread leaves in memory that both share: a ring of the bell.
// Node can also be asked for the messages of its ports (`ports.ts`, which `mysyncio/node`
// brings along); no browser can.

import { RuntimeError } from "../errors.ts";
import type { Scheduler } from "../scheduler.ts";

/** What can come to a loop while its thread is blocked, other than time. */
export interface Inlets {
  /** Takes in what has come. */
  takeIn(loop: Scheduler): void;
  /** As `block`, but woken too by what comes. */
  block(loop: Scheduler, delay: number): boolean;
}

let inlets: Inlets | undefined;
let bell: Int32Array<SharedArrayBuffer> | undefined;

/** Says what can come while a thread is blocked. */
export function provideInlets(provided: Inlets): void {
  inlets = provided;
}

/**
 * This thread's bell, for other threads. Whoever rings adds to it and notifies.
 *
 * @throws RuntimeError where the thread must not block.
 */
export function bellHere(): Int32Array<SharedArrayBuffer> {
  if (bell !== undefined) return bell;
  try {
    const made = new Int32Array(new SharedArrayBuffer(4));
    // Nobody waits for a value that is not there. Where it is forbidden to wait, it is forbidden to ask.
    Atomics.wait(made, 0, 1);
    bell = made;
    return made;
  } catch (cause) {
    throw new RuntimeError(
      "This thread cannot be blocked: use `run()`. A page never can; its workers can if it was served with " +
        "`Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`",
      { cause },
    );
  }
}

/** This thread's bell, if it is of any use to others: something can come while the thread is blocked. */
export function bellToShare(): Int32Array<SharedArrayBuffer> | undefined {
  return inlets && bellHere();
}

/** Takes in what has come for `loop`. */
export function takeIn(loop: Scheduler): void {
  inlets?.takeIn(loop);
}

/**
 * Blocks the thread for at most `delay` milliseconds, or until something may have come. Returns false, and does nothing,
 * if nothing can come that `loop` waits for.
 */
export function block(loop: Scheduler, delay: number): boolean {
  if (inlets !== undefined) return inlets.block(loop, delay);
  if (loop._external > 0 || delay === Infinity) return false;
  Atomics.wait(bellHere(), 0, 0, delay);
  return true;
}
