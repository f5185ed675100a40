// What a selector can watch: something that tells whether it is ready, and when that may have changed.

/** Ready to be read from: data, the end of the data, a connection to accept, or an error to be found out. */
export const EVENT_READ = 1;
/** Ready to be written to: there is room, or an error to be found out. */
export const EVENT_WRITE = 2;

/**
 * A source of a user's own. Selectors take it as they take a socket.
 *
 * Hosts push events, and selectors ask for levels: a source has to remember what was pushed until it was taken.
 */
export interface Pollable {
  /**
   * Which of `events` it is ready for now: a sum of `EVENT_READ` and `EVENT_WRITE`, or 0. Should neither throw nor call
   * `notify`: a loop reports what it throws, and takes the source for not ready until it notifies again.
   */
  poll(events: number): number;
  /**
   * Calls `notify` each time `poll(events)` may give more than it did before; too often does no harm. Returns what ends
   * that. Never calls `notify` from inside of `watch`.
   */
  watch(events: number, notify: () => void): () => void;
}

/** Whether `value` is a source that tells for itself. */
export function isPollable(value: unknown): value is Pollable {
  const { poll, watch } = (value ?? {}) as Partial<Pollable>;
  return typeof poll === "function" && typeof watch === "function";
}
