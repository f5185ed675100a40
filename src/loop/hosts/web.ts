// Pages and browser workers. `setTimeout` is clamped to 4 ms when nested and throttled in background tabs, so it only
// stands for deadlines; going on after a slice is `scheduler.postTask` where it exists, a message to oneself elsewhere.

import type { Host } from "../host.ts";

const LONGEST_DELAY = 2 ** 31 - 1;

/** The part of https://wicg.github.io/scheduling-apis/ that is used here. */
interface PrioritizedTasks {
  postTask(callback: () => void): Promise<unknown>;
}

export class WebHost implements Host {
  readonly #onTask: () => void;
  #channel: MessageChannel | undefined;
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
    const { scheduler } = globalThis as { scheduler?: PrioritizedTasks };
    if (typeof scheduler?.postTask === "function") {
      void scheduler.postTask(this.#onTask);
      return;
    }
    if (this.#channel === undefined) {
      this.#channel = new MessageChannel();
      this.#channel.port1.onmessage = this.#onTask;
    }
    this.#channel.port2.postMessage(undefined);
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
}
