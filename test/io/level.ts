import { EVENT_READ, EVENT_WRITE, type Pollable } from "../../src/io/pollable.ts";

/** A source whose readiness the test sets. */
export class Level implements Pollable {
  /** The number of watchers. */
  watchers = 0;
  /** How often the source was polled. */
  polls = 0;
  #ready = 0;
  readonly #notifies = new Set<() => void>();

  get ready(): number {
    return this.#ready;
  }

  set ready(events: number) {
    this.#ready = events;
    for (const notify of this.#notifies) notify();
  }

  /** Makes the source unready without a notification, as a read does. */
  take(): void {
    this.#ready = 0;
  }

  poll(events: number): number {
    this.polls++;
    return this.#ready & events;
  }

  watch(_events: number, notify: () => void): () => void {
    this.watchers++;
    const own = () => notify();
    this.#notifies.add(own);
    return () => {
      this.watchers--;
      this.#notifies.delete(own);
    };
  }
}

export const READ = EVENT_READ;
export const WRITE = EVENT_WRITE;
export const BOTH = EVENT_READ | EVENT_WRITE;
