// Node, Bun and Deno: `setImmediate` lets the platform run its own callbacks between slices, and
// one timer covers the earliest deadline.

import type { Host } from "../host.ts";
import {
  clearTimeout as anyClearTimeout,
  setTimeout as anySetTimeout,
  setImmediate,
} from "./timers.ts";

/**
 * The longest delay that `setTimeout` accepts. If the deadline is later, the loop sleeps several
 * times.
 */
const MAX_DELAY = 2 ** 31 - 1;

/** The result of `setTimeout`. Outside Node it may be a number. */
interface NodeTimer {
  ref?(): void;
  unref?(): void;
}
const setTimeout = anySetTimeout as (callback: () => void, delay: number) => NodeTimer;
// The DOM's type takes a number.
const clearTimeout = anyClearTimeout as unknown as (timer: NodeTimer) => void;

export class NodeHost implements Host {
  readonly #onMacrotask: () => void;
  readonly #onTimer: () => void;
  #timer: NodeTimer | undefined;
  /** The timer that `post` uses instead of an immediate. */
  #posted: NodeTimer | undefined;
  #ref = true;

  constructor(onMacrotask: () => void, onTimer: () => void) {
    this.#onMacrotask = onMacrotask;
    this.#onTimer = () => {
      this.#timer = undefined;
      onTimer();
    };
  }

  post(): void {
    // Node doesn't wake from its poll for an unref'ed immediate, so a loop that must not keep
    // the process alive uses a timer instead.
    if (this.#ref) {
      try {
        setImmediate(this.#onMacrotask);
        return;
      } catch {
        // Edge runtimes have a stub that throws.
      }
    }
    this.#posted = setTimeout(this.#onMacrotask, 0);
    if (!this.#ref) this.#posted.unref?.();
  }

  sleep(delay: number): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    // Rounded up, because Node truncates delays and would wake too early, only to sleep again.
    this.#timer = setTimeout(this.#onTimer, Math.min(Math.ceil(delay), MAX_DELAY));
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
