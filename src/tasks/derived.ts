// Futures that complete when others do, such as a gather or a shield. Users chain them to any
// depth, so nothing here recurses.
//
// A future notifies its waiters inside the call that completes it. A derived future that is
// notified completes in turn. If it then notified its own waiters, deep chains would overflow the
// native stack. Instead it puts them on a list, and the outermost derived future works through the
// list, newest entry first. (A future whose only waiter is not derived notifies it directly.)
//
//   future ──notifies──> outermost ──works through──> [outermost's waiters] [inner's waiters] ...
//
// A recursion would notify the waiters in the same order, depth first. The tasks among them are
// scheduled in this order.

import { Future, RESULT, type Waiter } from "./kernel/future.ts";
import { Crowd } from "./kernel/waiters.ts";

interface Round {
  readonly future: Future<unknown>;
  readonly waiters: readonly Waiter[];
  next: number;
}

/**
 * Waiters still to be notified. Empty unless an outermost derived future is working through the
 * list.
 */
const rounds: Round[] = [];

/** A future that is a waiter of other futures, and completes when they do. */
export abstract class Derived<T> extends Future<T> implements Waiter {
  abstract _notify(future: Future<unknown>): void;

  override _succeed(value: T): void {
    this._finish(RESULT, value);
  }

  override _finish(state: number, outcome: unknown): void {
    const waiters = this._waiting;
    this._waiting = undefined;
    // Only sets the outcome, because `_waiting` is empty now.
    super._finish(state, outcome);
    if (waiters === undefined || waiters === null) return;
    if (typeof waiters === "number") this._loop._wakeTask(waiters);
    else if (waiters instanceof Crowd) notifyIteratively(this, waiters.present());
    else if (Array.isArray(waiters)) notifyIteratively(this, waiters);
    else if (waiters instanceof Derived) notifyIteratively(this, [waiters]);
    else waiters._notify(this);
  }
}

function notifyIteratively(future: Future<unknown>, waiters: readonly Waiter[]): void {
  rounds.push({ future, waiters, next: 0 });
  if (rounds.length > 1) return;
  let failure: { readonly error: unknown } | undefined;
  for (let round = rounds.at(-1); round !== undefined; round = rounds.at(-1)) {
    const waiter = round.waiters[round.next++];
    if (waiter === undefined) {
      rounds.pop();
      continue;
    }
    try {
      waiter._notify(round.future);
    } catch (error) {
      // The other waiters must still be notified.
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}
