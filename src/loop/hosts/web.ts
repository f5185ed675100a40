// Pages, browser workers, and whatever has no `setImmediate`.
//
// A loop goes on after a slice by the first of these that works: `scheduler.postTask`, a message to itself, a timer.
// Browsers delay nested timers by 4 ms and throttle those of background tabs, so timers come last. But Firefox starves
// rendering while tasks or messages follow each other without a gap, even if some of them are timers without a delay.
// So a visible page gets a gap of a millisecond, once per frame.

import type { Host } from "../host.ts";
import { clearTimeout, performance, setTimeout } from "./timers.ts";

const LONGEST_DELAY = 2 ** 31 - 1;

/** At most how many milliseconds pass between two gaps for rendering, and how long such a gap is. */
const FRAME = 16;
const GAP = 1;

/** The part of https://wicg.github.io/scheduling-apis/ that is used here. */
interface PrioritizedTasks {
  postTask(callback: () => void): Promise<unknown>;
}

export class WebHost implements Host {
  readonly #onTask: () => void;
  #channel: MessageChannel | undefined;
  /** When there was a gap for rendering. */
  #gapAt = 0;
  readonly #onTimer: () => void;
  #timer: number | undefined;

  constructor(onTask: () => void, onTimer: () => void) {
    this.#onTask = onTask;
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
        setTimeout(this.#onTask, GAP);
        return;
      }
    }
    const { scheduler } = globalThis as { scheduler?: PrioritizedTasks };
    try {
      if (typeof scheduler?.postTask === "function") void scheduler.postTask(this.#onTask);
      else this.#message();
    } catch {
      // Neither is there, or it is a stub.
      setTimeout(this.#onTask, 0);
    }
  }

  sleep(delay: number): void {
    this.cancelSleep();
    // A page needs nothing to stay alive: without a deadline there is nothing to wait for.
    if (delay === Infinity) return;
    this.#timer = setTimeout(
      this.#onTimer,
      Math.min(Math.ceil(delay), LONGEST_DELAY),
    ) as unknown as number;
  }

  cancelSleep(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  setRef(): void {
    // Pages and workers live as long as the browser wants.
  }

  close(): void {
    this.cancelSleep();
    // A port with a listener is kept alive, and with it the loop.
    this.#channel?.port1.close();
    this.#channel = undefined;
  }

  #message(): void {
    if (this.#channel === undefined) {
      this.#channel = new MessageChannel();
      this.#channel.port1.onmessage = this.#onTask;
    }
    this.#channel.port2.postMessage(undefined);
  }
}
