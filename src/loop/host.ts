/**
 * Lets a loop sleep and wake on a platform. This is all that the loop needs from Node, a page or a
 * worker.
 *
 * A host calls its callbacks in separate macrotasks, never from inside `post` or `sleep`.
 */
export interface Host {
  /** Calls `onMacrotask` once, after the platform had a chance to run timers, do I/O and render. */
  post(): void;
  /**
   * Calls `onTimer` once, after `delay` milliseconds, or earlier if `delay` is longer than the
   * platform's timers can wait. Keeps the process alive until then, even if `delay` is Infinity,
   * unless `setRef(false)` was called. Replaces an earlier sleep.
   */
  sleep(delay: number): void;
  /** Cancels the sleep. */
  cancelSleep(): void;
  /** Sets whether sleeping keeps the process alive, on platforms with processes. */
  setRef(ref: boolean): void;
  /** Releases the host's resources. It must not be used afterwards. */
  close(): void;
}

export type HostFactory = (onMacrotask: () => void, onTimer: () => void) => Host;
