// Node, Bun and Deno: `setImmediate` goes on after the platform's own turn, one timer stands for the earliest deadline.

import type { Host } from "../host.ts";
import * as timers from "./timers.ts";

/** The longest delay that `setTimeout` takes; a later deadline is slept for in several steps. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** What `setTimeout` returns. Elsewhere than in Node it may be a number. */
interface NodeTimer {
  ref?(): void;
  unref?(): void;
}
const { setImmediate } = timers;
const setTimeout = timers.setTimeout as (callback: () => void, delay: number) => NodeTimer;
const clearTimeout = timers.clearTimeout as unknown as (timer: NodeTimer) => void;

export class NodeHost implements Host {
  readonly #onTask: () => void;
  readonly #onTimer: () => void;
  #timer: NodeTimer | undefined;
  /** What stands for an immediate that must not keep the process alive. */
  #posted: NodeTimer | undefined;
  #ref = true;

  constructor(onTask: () => void, onTimer: () => void) {
    this.#onTask = onTask;
    this.#onTimer = () => {
      this.#timer = undefined;
      onTimer();
    };
  }

  post(): void {
    // Node does not wake from its poll for an immediate that is unref'ed, so a
    // loop that must not keep the process alive goes on by a timer instead.
    if (this.#ref) {
      try {
        setImmediate(this.#onTask);
        return;
      } catch {
        // A stub: edge runtimes have them, which say that it is not supported.
      }
    }
    this.#posted = setTimeout(this.#onTask, 0);
    if (!this.#ref) this.#posted.unref?.();
  }

  sleep(delay: number): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    // Node cuts the fraction off, and would wake a little early only to sleep again.
    this.#timer = setTimeout(this.#onTimer, Math.min(Math.ceil(delay), LONGEST_DELAY));
    if (!this.#ref) this.#timer.unref?.();
  }

  cancelSleep(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  setRef(ref: boolean): void {
    this.#ref = ref;
    for (const timer of [this.#timer, this.#posted]) {
      if (ref) timer?.ref?.();
      else timer?.unref?.();
    }
  }

  close(): void {
    this.cancelSleep();
  }
}
