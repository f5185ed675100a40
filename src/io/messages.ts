// Sources that push whole messages: connections, datagrams, what comes over a port.
//
// Nobody asks such a source for its next message, and it keeps none. So what comes is kept
// here until it is taken, and the source is readable as long as something is left.

import { FirstInFirstOut } from "../sync/store.ts";
import { EVENT_READ, EVENT_WRITE, type Pollable } from "./pollable.ts";

/** Keeps what a source pushed. */
export class MessageBox<M> implements Pollable {
  readonly #messages = new FirstInFirstOut<M>();
  readonly #notifies = new Set<() => void>();
  readonly #most: number;
  readonly #onWatched: (isWatched: boolean) => void;
  #isOver = false;

  /**
   * @param most how many messages are kept: what comes on top is dropped.
   * @param onWatched is told when the first begins to watch, and when the last has ended.
   */
  constructor(most: number, onWatched: (isWatched: boolean) => void = () => undefined) {
    this.#most = most;
    this.#onWatched = onWatched;
  }

  /** Takes in what the source pushed. Returns false, and does nothing, if there is no room. */
  push(message: M): boolean {
    if (this.#messages.size >= this.#most) return false;
    this.#messages.add(message);
    this.#notify();
    return true;
  }

  /** Nothing more comes: from now on it is ready, so that its readers find out. */
  end(): void {
    this.#isOver = true;
    this.#notify();
  }

  /** The oldest message, or undefined if none is left. */
  take(): M | undefined {
    return this.#messages.size > 0 ? this.#messages.take() : undefined;
  }

  poll(events: number): number {
    const isReadable = this.#isOver || this.#messages.size > 0;
    return events & (isReadable ? EVENT_READ | EVENT_WRITE : EVENT_WRITE);
  }

  watch(_events: number, notify: () => void): () => void {
    // Each has its own, also if two pass the same function.
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
