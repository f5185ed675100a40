// What another library is asked to do: the work of a case, in the words that its own documentation recommends.

/**
 * The works, each with its sizes. What they return has settled when all is done; it is `{ milliseconds }` if the peer
 * takes its own time, elsewhere.
 */
export interface Works {
  /** Each task gives way to the next, so many times. */
  switch(tasks: number, yields: number): unknown;
  /** Each task is started, gives way once, and its end is awaited. */
  spawn(tasks: number): unknown;
  /** Something that can be awaited is made, completed from a callback, and awaited. */
  future(times: number): unknown;
  /** So many children that give way once, awaited all at once; so many times. */
  gather(width: number, times: number): unknown;
  /** The same, in a scope in which a child that fails would end the others. */
  taskGroup(width: number, times: number): unknown;
  /** Producers put items on a queue of `size`, consumers take them. */
  queue(producers: number, consumers: number, items: number, size: number): unknown;
  /** Each task takes a lock so many times, and gives way while it has it. */
  lock(tasks: number, times: number): unknown;
  /** Work that gives way once, under a timeout that does not expire. */
  timeout(times: number): unknown;
  /** Tasks that all sleep at once, the one numbered `i` for `i % span` milliseconds. */
  sleep(tasks: number, span: number): unknown;
  /** Callbacks that schedule themselves again, so many times each. */
  callSoon(chains: number, times: number): unknown;
  /** Tasks that wait for ever are cancelled, and their end is awaited. */
  cancel(tasks: number): unknown;
  /** Timers of distinct deadlines are added, and then all cancelled. */
  timers(count: number): unknown;
}

/** A work with its sizes. */
export type PeerWork = {
  [Name in keyof Works]: readonly [Name, ...Parameters<Works[Name]>];
}[keyof Works];

/** A library: its name with its version, and the works that it can do. */
export interface Peer {
  readonly name: string;
  readonly works: Partial<Works>;
  /** At least so many times as fast are we to be, in general or in one work. */
  readonly atLeast?: number | Partial<Record<keyof Works, number>>;
  /** Ends what it has started. */
  close?(): unknown;
}
