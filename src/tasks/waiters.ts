// Who waits for a future, and how they are told.

/** Who wants to know that an `F` is done. */
export interface Notified<F> {
  /** Called synchronously: it must not run code of a user. @internal */
  _notify(future: F): void;
  /** Who waits for this one in turn. For whoever debugs. @internal */
  _waiters?(): Iterable<object>;
}

/** Notifies each in order. An error of one does not keep the others from being notified; the first is thrown at the end. */
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

/** From this length on, a list is not copied each time somebody leaves. */
export const MANY = 32;

/** Many waiters, in order. One that leaves stays in the list until as many have left as are there. */
export class Crowd<F> implements Notified<F> {
  #all: Notified<F>[];
  readonly #gone = new Set<Notified<F>>();

  constructor(waiters: Notified<F>[]) {
    this.#all = waiters;
  }

  add(waiter: Notified<F>): void {
    if (this.#gone.has(waiter)) this.#sweep();
    this.#all.push(waiter);
  }

  remove(waiter: Notified<F>): void {
    this.#gone.add(waiter);
    if (this.#gone.size * 2 > this.#all.length) this.#sweep();
  }

  /** Those that have not left. */
  present(): Notified<F>[] {
    if (this.#gone.size > 0) this.#sweep();
    return this.#all;
  }

  /** @internal */
  _notify(future: F): void {
    notifyAll(this.present(), future);
  }

  #sweep(): void {
    this.#all = this.#all.filter((waiter) => !this.#gone.has(waiter));
    this.#gone.clear();
  }
}
