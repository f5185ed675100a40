// Types for the benchmark cases as another library implements them, in the style that its
// documentation recommends.

/**
 * The kinds of work, each with its sizes. A method returns when its work is done, or returns a
 * promise that settles then. A peer that measures in another process returns `{ milliseconds }`.
 */
export interface Works {
  /** Each task yields to the next, this many times. */
  switch(tasks: number, yields: number): unknown;
  /** Each task is started, yields once, and its end is awaited. */
  spawn(tasks: number): unknown;
  /** An awaitable is created, completed from a callback, and awaited. */
  future(times: number): unknown;
  /** Children that yield once are awaited together, a number of times. */
  gather(width: number, times: number): unknown;
  /** The same, in a scope in which a child that fails would end the others. */
  taskGroup(width: number, times: number): unknown;
  /** Producers put items on a queue of `size`, and consumers take them. */
  queue(producers: number, consumers: number, items: number, size: number): unknown;
  /** Each task takes a lock a number of times, and yields while it holds it. */
  lock(tasks: number, times: number): unknown;
  /** Work that yields once, under a timeout that does not expire. */
  timeout(times: number): unknown;
  /** Tasks that sleep concurrently, task `i` for `i % span` milliseconds. */
  sleep(tasks: number, span: number): unknown;
  /** Callbacks that schedule themselves again, each a number of times. */
  callSoon(chains: number, times: number): unknown;
  /** Tasks that wait forever are cancelled, and their end is awaited. */
  cancel(tasks: number): unknown;
  /** Timers with distinct deadlines are added, and then all cancelled. */
  timers(count: number): unknown;
}

/** A kind of work with its sizes. */
export type PeerWork = {
  [Name in keyof Works]: readonly [Name, ...Parameters<Works[Name]>];
}[keyof Works];

/** A library: its name with its version, and the kinds of work that it can do. */
export interface Peer {
  readonly name: string;
  readonly works: Partial<Works>;
  /**
   * The target: mysyncio is at least this many times as fast as the peer, in general or for one kind
   * of work.
   */
  readonly atLeast?: number | Partial<Record<keyof Works, number>>;
  /** Ends everything that it has started. */
  close?(): unknown;
}
