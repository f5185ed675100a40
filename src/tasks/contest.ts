// Who wins a race, and when.
//
// An operation of a primitive is no task here. Its iterator is driven in the steps of the racing task, and what it waits
// for stays in its line:
//
//   racing task ──waits for──> Decision ──> Contest ──is among the waiters of──> places in lines, tasks, futures
//
// What is handed over to a place in a line is decided by that, in the same call: all others are cancelled there, and so
// are out of their lines before anybody can serve one of them. No code of a user runs in that (loop/quiet.ts).
//
// Invariants:
//   C1  once there is a winner, whatever else the race waited for is done, is a task that was cancelled, or a bare future that
//       is cancelled in the next step of the racing task
//   C2  what was handed over stays with its place until `yield* race(...)` returns it; a cancellation of the racing task
//       before that returns it to its primitive
//   C3  a wake-up that hands nothing over, as the arrival of bytes, decides nothing: the read may have to wait for more

import type { CancelledError } from "../loop/errors.ts";
import { quiet } from "../loop/quiet.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { currentTask } from "./awaitable.ts";
import type { BareCall, Wait } from "./bareCall.ts";
import { cancelFrom } from "./cancelling.ts";
import { type Result, Thrown } from "./coroutine.ts";
import { awaited, Future, type Waiter } from "./future.ts";

const LOST = "Another won the race";
const CANCELLED = "The race was cancelled";

/** What takes part. */
export interface Entrant {
  /** What it waits for. */
  future: Future<unknown> | undefined;
  /** What drives it, for an operation. */
  steps: Wait<unknown> | undefined;
  /** How it ended, if it has taken what it was to take. */
  outcome: Result | Thrown | undefined;
}

/** An operation that takes part. */
export interface Started {
  readonly operation: BareCall<unknown>;
  readonly entrant: Entrant;
}

// Contests whose losers are still to be cancelled. Contests of contests may be many: lists and no recursion.
/** Those that somebody has won, perhaps by a hand-over. */
const won: Contest[] = [];
/** Those that were cancelled where code of a user may run, as in the listeners to the signals of their losers. */
const cancelled: Contest[] = [];

/** The race between what was entered, until one has won. */
export class Contest implements Waiter {
  readonly entrants: Entrant[] = [];
  /** Who has won; undefined while nobody has, and if the race was cancelled before. */
  winner: Entrant | undefined;
  isDecided = false;
  readonly #loop: Scheduler;
  /** The racing task. A loser that awaits it stops that, and does not cancel it. */
  readonly #task: Future<unknown> | undefined;
  readonly #losers: Future<unknown>[] = [];
  /** How many of the losers have been cancelled. */
  #told = 0;
  /** Losers that nothing is handed to: who sets their results in this turn need not ask each time whether they are done. */
  readonly #bare: Future<unknown>[] = [];
  #decision: Decision;

  constructor(loop: Scheduler) {
    this.#loop = loop;
    this.#task = currentTask(loop);
    this.#decision = new Decision(loop, this);
  }

  /** Enters a future. One that comes too late is cancelled. */
  enter(future: Future<unknown>): void {
    const entrant: Entrant = { future, steps: undefined, outcome: undefined };
    this.entrants.push(entrant);
    if (this.isDecided) future.cancel(LOST);
    else if (future.done()) this.decide(entrant);
    else future._addWaiter(this);
  }

  /**
   * Starts an operation. One that completes at once wins, even over one that it has just served. `rivals` are those of
   * other kinds on the same queue: to get must not let in what is put by the same race. They are back in their lines
   * before anybody else could be.
   */
  start(operation: BareCall<unknown>, rivals: readonly Started[]): Started {
    const out = rivals.filter(({ entrant: { steps, future } }) => steps === (future as unknown));
    for (const { entrant } of out) {
      entrant.future?._removeWaiter(this);
      entrant.future?.cancel();
    }
    const entrant: Entrant = { future: undefined, steps: undefined, outcome: undefined };
    this.entrants.push(entrant);
    operation._claim();
    this.#begin(entrant, operation);
    if (!this.isDecided) for (const rival of out) this.#begin(rival.entrant, rival.operation);
    return { operation, entrant };
  }

  #begin(entrant: Entrant, operation: BareCall<unknown>): void {
    try {
      entrant.steps = operation._start();
    } catch (error) {
      entrant.outcome = new Thrown(error);
      return this.decide(entrant);
    }
    this.#step(entrant);
  }

  /** Waits until something has happened: `yield*` what this returns, until there is a winner. */
  wait(): Decision {
    if (this.#decision.done()) this.#decision = new Decision(this.#loop, this);
    return this.#decision;
  }

  /** Goes on with the operations that were woken, in the step of the racing task. */
  proceed(): void {
    for (const entrant of this.entrants) {
      if (this.isDecided) return;
      if (entrant.steps !== undefined && entrant.future?.done()) this.#step(entrant);
    }
  }

  /** Has `winner` win, or nobody: cancels all others at once. */
  decide(winner: Entrant | undefined): void {
    this.isDecided = true;
    this.winner = winner;
    for (const entrant of this.entrants) {
      const { future } = entrant;
      if (entrant === winner || future === undefined) continue;
      (isBare(future) ? this.#bare : this.#losers).push(future);
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

  /** Cancels what could wait for the next step of the racing task, and any other loser that has not been told. */
  cancelRest(): void {
    this._cancelLosers();
    const { reason } = this;
    for (const future of this.#bare) future.cancel(reason);
  }

  /** @internal */
  _cancelLosers(): void {
    const losers = this.#losers;
    while (this.#told < losers.length) {
      const future = losers[this.#told++] as Future<unknown>;
      try {
        cancelFrom(this.#task, () => future.cancel(this.reason));
      } catch (exception) {
        // Of a class of futures that is a user's.
        report(this.#loop, exception);
      }
    }
  }

  /** Why losers are cancelled. */
  get reason(): string {
    return this.winner ? LOST : CANCELLED;
  }

  /** Ends without a step: for a coroutine that is closed. */
  close(): void {
    if (!this.isDecided) this.decide(undefined);
    this.cancelRest();
    for (const { steps, outcome } of this.entrants) if (outcome === undefined) steps?.return?.();
  }

  /** What an entrant waits for is done. @internal */
  _notify(future: Future<unknown>): void {
    if (this.isDecided) return;
    const entrant = this.entrants.find((each) => each.future === future) as Entrant;
    if (entrant.steps === undefined || future._resource !== undefined) this.decide(entrant);
    if (!this.#decision.done()) this.#decision._succeed(undefined);
  }

  /** @internal */
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
    // It may have served another, which has won by that.
    if (this.isDecided) future.cancel();
    else future._addWaiter(this);
  }
}

function isBare(future: Future<unknown>): boolean {
  return future.constructor === Future;
}

/** Works off a list that grows while it is visited. */
function cancelLosersOf(contests: Contest[]): void {
  for (const contest of contests) contest._cancelLosers();
  contests.length = 0;
}

function report(loop: Scheduler, exception: unknown): void {
  // On a closed loop no callback runs any more.
  if (loop.isClosed()) return void queueMicrotask(tell);
  loop.callSoon(tell);
  function tell(): void {
    loop.callExceptionHandler({ message: "A loser of a race could not be cancelled", exception });
  }
}

/** What the racing task waits for. */
class Decision extends Future<undefined> {
  readonly #contest: Contest;

  constructor(loop: Scheduler, contest: Contest) {
    super(undefined, loop);
    this.#contest = contest;
  }

  /** The racing task is cancelled: nobody may be served any more. */
  override _abandon(error: CancelledError): void {
    // Losers that lead back to the racing task may cancel it while they are told that another has won.
    if (!this.#contest.isDecided) this.#contest.decide(undefined);
    super._abandon(error);
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
