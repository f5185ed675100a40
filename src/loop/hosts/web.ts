// Pages, browser workers, and platforms without `setImmediate`.
//
// To continue after a slice, a loop uses the first of these that works: `scheduler.postTask`, a
// message to itself, or a timer. Timers come last, because browsers delay nested ones by 4 ms and
// throttle them in background tabs. Firefox does not render while posted tasks or messages follow
// each other without a gap. Timers without a delay in between don't help. So a visible page gets a
// gap of a millisecond once per frame.

import type { Host } from "../host.ts";
import { clearTimeout, performance, setTimeout } from "./timers.ts";

const MAX_DELAY = 2 ** 31 - 1;

/** The maximum time between two gaps for rendering, and the length of a gap, in milliseconds. */
const FRAME = 16;
const GAP = 1;

/** The part of https://wicg.github.io/scheduling-apis/ that is used here. */
interface PrioritizedTasks {
  postTask(callback: () => void): Promise<unknown>;
}

export class WebHost implements Host {
  readonly #onMacrotask: () => void;
  #channel: MessageChannel | undefined;
  /** The time of the last gap for rendering. */
  #gapAt = 0;
  readonly #onTimer: () => void;
  #timer: number | undefined;

  constructor(onMacrotask: () => void, onTimer: () => void) {
    this.#onMacrotask = onMacrotask;
    this.#onTimer = () => {
      this.#timer = undefined;
      onTimer();
    };
  }

  post(): void {
    if (globalThis.document?.hidden === false) {
      const now = performance.now();
      if (now - this.#gapAt > FRAME) {
        this.#gapAt = now;
        setTimeout(this.#onMacrotask, GAP);
        return;
      }
    }
    const { scheduler } = globalThis as { scheduler?: PrioritizedTasks };
    try {
      if (typeof scheduler?.postTask === "function") void scheduler.postTask(this.#onMacrotask);
      else this.#message();
    } catch {
      // `postTask` is a stub that throws, or no channel can be created.
      setTimeout(this.#onMacrotask, 0);
    }
  }

  sleep(delay: number): void {
    this.cancelSleep();
    // A page stays alive by itself, so without a deadline no timer is needed.
    if (delay === Infinity) return;
    // In Node's types, which apply here too, `setTimeout` returns an object.
    this.#timer = setTimeout(
      this.#onTimer,
      Math.min(Math.ceil(delay), MAX_DELAY),
    ) as unknown as number;
  }

  cancelSleep(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  setRef(): void {
    // The browser decides how long pages and workers live.
  }

  close(): void {
    this.cancelSleep();
    // A port with a listener stays alive, and the loop with it.
    this.#channel?.port1.close();
    this.#channel = undefined;
  }

  #message(): void {
    if (this.#channel === undefined) {
      this.#channel = new MessageChannel();
      this.#channel.port1.onmessage = this.#onMacrotask;
    }
    this.#channel.port2.postMessage(undefined);
  }
}
