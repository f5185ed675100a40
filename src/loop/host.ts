/**
 * How a platform sleeps and wakes: all that the loop asks of Node, a page or a worker.
 *
 * A host calls what it was made with from tasks of its own, never from inside `post` or `sleep`.
 */
export interface Host {
  /** Calls `onTask` once the platform had a turn of its own: its timers, its I/O, its rendering. */
  post(): void;
  /**
   * Calls `onTimer` once, after at least `delay` milliseconds (Infinity: never, but keep the process alive).
   * Takes the place of an earlier sleep.
   */
  sleep(delay: number): void;
  /** Forgets the sleep. */
  cancelSleep(): void;
  /** Says whether sleeping keeps the process alive, where a platform has such a thing. */
  setRef(ref: boolean): void;
  /** Gives back what the host holds. It is not used afterwards. */
  close(): void;
}

export type HostFactory = (onTask: () => void, onTimer: () => void) => Host;
