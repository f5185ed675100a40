/**
 * The least that a cancellation needs: a token with one listener. Simpler than an AbortSignal, and
 * no other API accepts it.
 */
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
