/** The least that a cancel needs: a token with one listener. Less than an AbortSignal is, and nothing else knows it. */
export class StopToken {
  #listener: ((reason: unknown) => void) | undefined;
  #reason: unknown;
  #isStopped = false;

  stop(reason: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#reason = reason;
    this.#listener?.(reason);
  }

  onStop(listener: (reason: unknown) => void): void {
    if (this.#isStopped) listener(this.#reason);
    else this.#listener = listener;
  }
}
