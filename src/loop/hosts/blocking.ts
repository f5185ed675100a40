// A thread that blocks: where it may, and what wakes it.
//
// While the stack is ours no promise settles and no event arrives. What still comes is
// time, and what another thread leaves in memory that both share: a ring of the bell.
// Node can also be asked for the messages of its ports (`ports.ts`, which `mysyncio/node`
// brings along); no browser can.

import { RuntimeError } from "../errors.ts";
import type { Scheduler } from "../scheduler.ts";

/** What can come to a loop while its thread is blocked. */
export interface Inlets {
  /** Takes in what has come. Returns whether that was anything. */
  takeIn(loop: Scheduler): boolean;
  /** How many of the waits in `loop._external` it can end. */
  count(loop: Scheduler): number;
}

/** After how many milliseconds the inlets are asked again: whoever leaves a message need not ring. */
const ASK_EVERY = 2;

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

/** Takes in what has come for `loop`. Returns whether that was anything. */
export function takeIn(loop: Scheduler): boolean {
  return inlets?.takeIn(loop) ?? false;
}

/**
 * Blocks the thread for at most `delay` milliseconds, until the bell rings or something may have come. Returns false,
 * and does nothing, if nothing can come that `loop` waits for.
 */
export function block(loop: Scheduler, delay: number): boolean {
  if (bell === undefined && inlets === undefined) return false;
  const here = bellHere();
  // Before the look at what has come: whoever rings after it is not missed.
  const rings = Atomics.load(here, 0);
  if (takeIn(loop)) return true;
  const open = inlets?.count(loop) ?? 0;
  if (loop._external > open || (delay === Infinity && open === 0)) return false;
  Atomics.wait(here, 0, rings, open === 0 ? delay : Math.min(delay, ASK_EVERY));
  // Before the turn: what came before a deadline comes before its timer.
  takeIn(loop);
  return true;
}
