// Sources that push whole messages, such as connections, datagrams and messages of ports.
//
// Such a source can't be asked for its next message and keeps none. So messages are kept here
// until they are taken, and the source is readable as long as any are left.

import { FirstInFirstOut } from "../sync/store.ts";
import { EVENT_READ, EVENT_WRITE, type Pollable } from "./pollable.ts";

/** Keeps the messages that a source pushed. */
export class MessageBox<M> implements Pollable {
  readonly #messages = new FirstInFirstOut<M>();
  readonly #notifies = new Set<() => void>();
  readonly #capacity: number;
  readonly #onWatched: (isWatched: boolean) => void;
  #hasEnded = false;
  /** The first error of the source that was not reported yet. */
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param capacity the number of messages to keep. Further ones are dropped.
   * @param onWatched called with true when the first watcher starts, and with false when the last
   * stops.
   */
  constructor(capacity: number, onWatched: (isWatched: boolean) => void = () => undefined) {
    this.#capacity = capacity;
    this.#onWatched = onWatched;
  }

  /** Adds a message. Returns false if the box is full and the message is dropped. */
  push(message: M): boolean {
    if (this.#messages.size >= this.#capacity) return false;
    this.#messages.add(message);
    this.#notify();
    return true;
  }

  /** Marks the end of the source. From then on it is always readable, so that readers notice. */
  end(): void {
    this.#hasEnded = true;
    this.#notify();
  }

  /**
   * Makes the next `poll` throw `error`, so that a loop that watches the source reports it. Further
   * errors before that are dropped. They are usually the same, such as one for each connection
   * while the process has no file descriptors left.
   */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#notify();
  }

  /** Takes the oldest message. Returns undefined if none is left. */
  take(): M | undefined {
    return this.#messages.size > 0 ? this.#messages.take() : undefined;
  }

  poll(events: number): number {
    const failure = this.#failure;
    if (failure !== undefined) {
      this.#failure = undefined;
      // Poll the source again, because messages may be ready too.
      this.#notify();
      throw failure.error;
    }
    const isReadable = this.#hasEnded || this.#messages.size > 0;
    return events & (isReadable ? EVENT_READ | EVENT_WRITE : EVENT_WRITE);
  }

  watch(_events: number, notify: () => void): () => void {
    // A new function for each watcher, because two watchers may pass the same one.
    const own = () => notify();
    if (this.#notifies.size === 0) this.#onWatched(true);
    this.#notifies.add(own);
    return () => {
      if (this.#notifies.delete(own) && this.#notifies.size === 0) this.#onWatched(false);
    };
  }

  #notify(): void {
    for (const notify of this.#notifies) notify();
  }
}
