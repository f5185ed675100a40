// The waiters of a future: most futures have one, some have a list, and a few have a crowd.

/** Something to notify when an `F` is done. */
export interface Notified<F> {
  /**
   * Called synchronously, perhaps in the middle of a change to a lock or a queue. So it runs no
   * user code, except what can't be avoided: a `then` getter of a promise's result, and the
   * `cancel` that a program's own class of futures overrides.
   */
  _notify(future: F): void;
  /** Returns what waits for this waiter, for debugging. */
  _waiters?(): Iterable<object>;
  /** The user's callback that `_notify` calls, if any. `removeDoneCallback` looks for it here. */
  readonly _callback?: unknown;
}

export type WaiterList<F> = Notified<F> | Notified<F>[];

/** Notifies each waiter in order, even if one throws. The first error is thrown at the end. */
export function notifyAll<F>(waiters: readonly Notified<F>[], future: F): void {
  let failure: { readonly error: unknown } | undefined;
  for (const waiter of waiters) {
    try {
      waiter._notify(future);
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

/**
 * A list of this length or more becomes a crowd when a waiter leaves, so that it isn't copied for
 * each waiter that leaves.
 */
const MANY = 32;

export function waitersIn<F>(waiters: WaiterList<F>): Notified<F>[] {
  if (Array.isArray(waiters)) return waiters;
  return waiters instanceof Crowd ? waiters.present() : [waiters];
}

/** Returns `waiters` as a crowd, or undefined if there are only a few. */
export function asCrowd<F>(
  waiters: WaiterList<F> | number | undefined | null,
): Crowd<F> | undefined {
  if (waiters instanceof Crowd) return waiters;
  return Array.isArray(waiters) && waiters.length >= MANY ? new Crowd(waiters) : undefined;
}

/** Many waiters, in order. Those that leave stay in it, at most until they outnumber the rest. */
export class Crowd<F> implements Notified<F> {
  #all: Notified<F>[];
  readonly #gone = new Set<Notified<F>>();
  /** Waiters by callback. Built when the first callback is removed. */
  #byCallback: Map<unknown, Notified<F>[]> | undefined;

  constructor(waiters: Notified<F>[]) {
    this.#all = waiters;
  }

  add(waiter: Notified<F>): void {
    if (this.#gone.has(waiter)) this.#sweep();
    this.#all.push(waiter);
    this.#index(waiter);
  }

  remove(waiter: Notified<F>): void {
    this.#gone.add(waiter);
    if (this.#gone.size * 2 > this.#all.length) this.#sweep();
  }

  /** Removes all waiters that call `callback`. Returns the number removed. */
  removeCallback(callback: unknown): number {
    if (this.#byCallback === undefined) {
      this.#byCallback = new Map();
      for (const waiter of this.present()) this.#index(waiter);
    }
    const waiters = this.#byCallback.get(callback) ?? [];
    this.#byCallback.delete(callback);
    for (const waiter of waiters) this.remove(waiter);
    return waiters.length;
  }

  /** Returns the waiters that have not left. */
  present(): Notified<F>[] {
    if (this.#gone.size > 0) this.#sweep();
    return this.#all;
  }

  _notify(future: F): void {
    notifyAll(this.present(), future);
  }

  #index(waiter: Notified<F>): void {
    const { _callback } = waiter;
    if (_callback === undefined) return;
    const waiters = this.#byCallback?.get(_callback);
    if (waiters === undefined) this.#byCallback?.set(_callback, [waiter]);
    else waiters.push(waiter);
  }

  #sweep(): void {
    this.#all = this.#all.filter((waiter) => !this.#gone.has(waiter));
    this.#gone.clear();
  }
}
