// Decides which entrant wins a race, and when.
//
// An operation of a primitive doesn't become a task. Its iterator is driven in the racing task's
// own steps, and the future that it waits for stays in the primitive's queue:
//
//   racing task ──waits for──> Decision ──> Contest ──waiter of──> queued futures, tasks, ...
//
// A hand-over to one of the queued futures decides the race in the same call. That call also
// cancels the others, so they leave their queues before anything can be handed to them. Meanwhile,
// no abort listener runs (loop/quiet.ts).
//
// Invariants:
//   C1  once there is a winner, everything else that the race waited for is done, or is a cancelled
//       task, or is a plain future, which the racing task cancels in its next step
//   C2  a handed-over item stays with its queued future until `yield* race(...)` returns it; if the
//       racing task is cancelled before that, the item goes back to its primitive
//   C3  a wake-up without a hand-over, such as the arrival of bytes, decides nothing, because the
//       read may have to wait for more

import type { CancelledError } from "../lang/errors.ts";
import { quiet } from "../loop/quiet.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { currentTask } from "./currentTask.ts";
import { Thrown } from "./kernel/call.ts";
import { cancelFrom } from "./kernel/cancelling.ts";
import { awaited, Future, type Waiter } from "./kernel/future.ts";
import type { Result } from "./kernel/generators.ts";
import type { LazyCall, Wait } from "./lazyCall.ts";

const LOST = "Another won the race";
const CANCELLED = "The race was cancelled";

/** A participant. */
export interface Entrant {
  /** The future that the participant is or waits for. */
  future: Future<unknown> | undefined;
  /** The coroutine, if the race has started the participant as a task. */
  readonly coro: unknown;
  /** The iterator, if the participant is an operation. */
  steps: Wait<unknown> | undefined;
  /** The outcome of an operation that has ended. */
  outcome: Result | Thrown | undefined;
}

/** A participating operation. */
export interface Started {
  readonly operation: LazyCall<unknown>;
  readonly entrant: Entrant;
}

// Contests whose losers are still to be cancelled. Lists instead of recursion, because contests may
// nest deeply.
/**
 * Contests whose losers are cancelled quietly (loop/quiet.ts): those with a winner, and contests
 * that end during such a cancellation.
 */
const won: Contest[] = [];
/**
 * Contests that were cancelled where user code may run, such as listeners to the losers' signals.
 */
const cancelled: Contest[] = [];

/** The race between its entrants, until one has won. */
export class Contest implements Waiter {
  readonly entrants: Entrant[] = [];
  /** The winner; undefined while there is none, and if the race was cancelled first. */
  winner: Entrant | undefined;
  isDecided = false;
  readonly #loop: Scheduler;
  /** The racing task. A loser that awaits it stops waiting, instead of cancelling it. */
  readonly #task: Future<unknown> | undefined;
  /** Losers that have not been cancelled yet. */
  #losers: Future<unknown>[] = [];
  /**
   * Losers that are plain futures. They stay pending until the racing task's next step, so that
   * code that sets their results in the meantime needn't check whether they are done.
   */
  readonly #plain: Future<unknown>[] = [];
  #decision: Decision;

  constructor(loop: Scheduler) {
    this.#loop = loop;
    this.#task = currentTask(loop);
    this.#decision = new Decision(loop, this);
  }

  /**
   * Enters a future, or cancels it if the race is decided. If the race has started the future as
   * the task of a coroutine, `coro` is that coroutine.
   */
  enter(future: Future<unknown>, coro?: unknown): void {
    const entrant: Entrant = { future, coro, steps: undefined, outcome: undefined };
    this.entrants.push(entrant);
    if (this.isDecided) future.cancel(LOST);
    else if (future.done()) this.decide(entrant);
    else future._addWaiter(this);
  }

  /**
   * Starts an operation. If it completes immediately, it wins, even over an entrant that it has
   * just served.
   *
   * `rivals` are operations of other kinds on the same resource. They leave the resource's queue
   * while `operation` starts, because a `get` must not receive what the same race puts. If the
   * race is still undecided, they join the queue again before anything else can.
   */
  start(operation: LazyCall<unknown>, rivals: readonly Started[]): Started {
    const out = rivals.filter(({ entrant: { steps, future } }) => steps === (future as unknown));
    for (const { entrant } of out) {
      entrant.future?._removeWaiter(this);
      entrant.future?.cancel();
    }
    const entrant: Entrant = {
      future: undefined,
      coro: undefined,
      steps: undefined,
      outcome: undefined,
    };
    this.entrants.push(entrant);
    operation._claim();
    this.#begin(entrant, operation);
    if (!this.isDecided) for (const rival of out) this.#begin(rival.entrant, rival.operation);
    return { operation, entrant };
  }

  #begin(entrant: Entrant, operation: LazyCall<unknown>): void {
    try {
      entrant.steps = operation._start();
    } catch (error) {
      entrant.outcome = new Thrown(error);
      return this.decide(entrant);
    }
    this.#step(entrant);
  }

  /** Returns the future for which the racing task waits while the race is undecided. */
  wait(): Decision {
    if (this.#decision.done()) this.#decision = new Decision(this.#loop, this);
    return this.#decision;
  }

  /** Continues the operations whose futures are done, in a step of the racing task. */
  proceed(): void {
    for (const entrant of this.entrants) {
      if (this.isDecided) return;
      if (entrant.steps !== undefined && entrant.future?.done()) this.#step(entrant);
    }
  }

  /**
   * Ends the race with `winner`, or without one. Cancels the losers, except plain futures. If the
   * losers of another contest are just being cancelled, the losers of this one are cancelled right
   * after them, not in this call.
   */
  decide(winner: Entrant | undefined): void {
    this.isDecided = true;
    this.winner = winner;
    for (const entrant of this.entrants) {
      const { future } = entrant;
      if (entrant === winner || future === undefined) continue;
      (isPlain(future) ? this.#plain : this.#losers).push(future);
    }
    if (winner !== undefined || quiet.depth > 0) {
      won.push(this);
      if (quiet.depth > 0) return;
      quiet.depth++;
      try {
        cancelLosersOf(won);
      } finally {
        quiet.depth--;
      }
    } else if (cancelled.push(this) === 1) {
      cancelLosersOf(cancelled);
    }
  }

  /** Cancels the plain futures and any other loser that has not been cancelled yet. */
  cancelRest(): void {
    this._cancelLosers();
    const { reason } = this;
    for (const future of this.#plain) future.cancel(reason);
  }

  _cancelLosers(): void {
    const losers = this.#losers;
    if (losers.length === 0) return;
    this.#losers = [];
    cancelFrom(this.#task, losers, this.reason);
  }

  /** The reason for which losers are cancelled. */
  get reason(): string {
    return this.winner ? LOST : CANCELLED;
  }

  /** Ends the race without a step, for a coroutine that is closed. */
  close(): void {
    if (!this.isDecided) this.decide(undefined);
    this.cancelRest();
    for (const { steps, outcome } of this.entrants) if (outcome === undefined) steps?.return?.();
  }

  /** Called when an entrant's future is done. */
  _notify(future: Future<unknown>): void {
    if (this.isDecided) return;
    const entrant = this.entrants.find((each) => each.future === future) as Entrant;
    if (entrant.steps === undefined || future._resource !== undefined) this.decide(entrant);
    this.#decision._trySucceed(undefined);
  }

  _waiters(): Iterable<object> {
    return this.#decision._waiters();
  }

  #step(entrant: Entrant): void {
    let step: Result;
    try {
      step = (entrant.steps as Wait<unknown>).next();
    } catch (error) {
      entrant.outcome = new Thrown(error);
      return this.decide(entrant);
    }
    if (step.done) {
      entrant.outcome = step;
      return this.decide(entrant);
    }
    const future = step.value as Future<unknown>;
    awaited.future = undefined;
    entrant.future = future;
    // This step may have served another entrant, which has then won.
    if (this.isDecided) future.cancel();
    else future._addWaiter(this);
  }
}

function isPlain(future: Future<unknown>): boolean {
  return future.constructor === Future;
}

/** Works through a list that may grow while it runs. */
function cancelLosersOf(contests: Contest[]): void {
  for (const contest of contests) contest._cancelLosers();
  contests.length = 0;
}

/** The future that the racing task waits for. */
class Decision extends Future<undefined> {
  readonly #contest: Contest;

  constructor(loop: Scheduler, contest: Contest) {
    super(undefined, loop);
    this.#contest = contest;
  }

  /** Called when the racing task is cancelled. From here on nothing may be handed over. */
  override _abandon(error: CancelledError): void {
    // Cancelling a loser that waits for the racing task may cancel that task again.
    if (!this.#contest.isDecided) this.#contest.decide(undefined);
    super._abandon(error);
  }

  /** Called when the loop closes before the racing task resumes. */
  override _giveBack(): void {
    this.#contest.winner?.future?._giveBack?.();
  }

  override _describe(): string {
    return "Race";
  }

  override get _endsWithFirst(): boolean {
    return true;
  }

  override _parts(): Iterable<Future<unknown>> {
    return this.#contest.entrants.flatMap(({ future }) => future ?? []);
  }
}
