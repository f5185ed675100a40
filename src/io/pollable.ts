// The interface of the sources that a selector can watch.

/** Ready to read: there is data, the end of the data, a connection to accept, or an error. */
export const EVENT_READ = 1;
/** Ready to write: there is space in the buffer, or an error. */
export const EVENT_WRITE = 2;

/**
 * A custom source. Selectors accept it like a socket.
 *
 * Hosts report that something has happened, but selectors ask whether a source is ready now. So a
 * source must remember an event until it is handled.
 */
export interface Pollable {
  /**
   * Returns which of `events` the source is ready for: a sum of `EVENT_READ` and `EVENT_WRITE`, or
   * 0. Must not throw or call `notify`. If it throws, a loop reports the exception, and treats the
   * source as not ready until the source notifies again.
   */
  poll(events: number): number;
  /**
   * Calls `notify` each time `poll(events)` may return more events than before. Extra calls do no
   * harm. Returns a function that stops watching. Must not call `notify` before `watch` returns.
   */
  watch(events: number, notify: () => void): () => void;
}

/** Whether `value` implements `Pollable`. */
export function isPollable(value: unknown): value is Pollable {
  const { poll, watch } = (value ?? {}) as Partial<Pollable>;
  return typeof poll === "function" && typeof watch === "function";
}
