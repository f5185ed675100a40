// Detects when to end a command that would otherwise run forever.

import { setTimeout as delay } from "node:timers/promises";

/** Detects Ctrl+C, SIGTERM, and the end of the program that reads the output. */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #interrupt = (): void => this.#controller.abort();
  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") throw error;
    this.#interrupt();
  };

  constructor() {
    process.once("SIGINT", this.#interrupt).once("SIGTERM", this.#interrupt);
    process.stdout.on("error", this.#onError);
  }

  get isInterrupted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Waits for this many milliseconds, or until the interruption. */
  async wait(milliseconds: number): Promise<void> {
    const { signal } = this.#controller;
    if (signal.aborted) return;
    await delay(milliseconds, undefined, { signal }).catch(() => undefined); // it was interrupted
  }

  /** Stops listening. From then on, Ctrl+C and SIGTERM end the process immediately, as usual. */
  stop(): void {
    process.off("SIGINT", this.#interrupt).off("SIGTERM", this.#interrupt);
    process.stdout.off("error", this.#onError);
  }
}
