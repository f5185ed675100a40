// Decides with a contest (contest.ts) which awaitable comes first, and ends the others.
//
// This file has over 300 lines, because it contains the long contract of `race`, its coroutine, and
// the functions that only this coroutine uses.

import { CancelledError } from "../lang/errors.ts";
import { currentScheduler } from "../loop/current.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import {
  type Awaitable,
  type AwaitableLike,
  checkSomeAwaitables,
  isThenable,
} from "./awaitable.ts";
import { Contest, type Entrant, type Started } from "./contest.ts";
import { currentTask } from "./currentTask.ts";
import { awaiting, ensureFutureOn } from "./ensureFuture.ts";
import type { AwaitedBy } from "./gather.ts";
import { CoroutineObject, Thrown } from "./kernel/call.ts";
import { cancelAgain } from "./kernel/cancelScope.ts";
import {
  type Coroutine,
  closeUnstarted,
  coroutine,
  isCoroutine,
  isCoroutineFunction,
} from "./kernel/coroutine.ts";
import { type Future, isFuture } from "./kernel/future.ts";
import {
  asCoroutine,
  continueAs,
  LazyCall,
  leave,
  resourceOf,
  type Wait,
  Wrapper,
} from "./lazyCall.ts";
import { ALL_COMPLETED, waitUntilEnough } from "./wait.ts";
import { thoseThatWaitFor } from "./waitsFor.ts";

/**
 * Awaits the first of `aws` that is done, and returns its result or throws its error. Before `race`
 * returns or throws, the others are cancelled and waited for.
 *
 * At most one operation takes effect. Operations are `get`, `put`, `acquire`, `hold`, `wait` and
 * `join` of locks, queues and the like, reads from streams and sockets, and `iterate(...).next()`.
 * They are tried in order. If one can complete immediately, those after it don't start. Otherwise
 * all of them queue up, and the first to be served removes the others from their queues at that
 * moment. So the others take nothing, even if they could have been served in the same turn. A race
 * of races is one race.
 *
 * Any other coroutine, and each function, starts as a task, in order. None starts if an operation
 * can complete immediately or a future is done. When one of `aws` wins, the losing tasks are
 * cancelled immediately. If a loser is waiting for an operation, that operation takes nothing. But
 * the loser keeps what it took in earlier steps, and must give it back itself if necessary. If a
 * loser swallows the cancellation, its result is dropped. If it throws an error, the error is
 * reported as unretrieved.
 *
 * If several futures are already done, the first in `aws` wins. If several complete in the same
 * turn, the first to complete wins.
 *
 * A cancellation cancels all of `aws` and waits for them. A cancellation that arrives while the
 * losers are being waited for isn't passed on to them. It is thrown at the end and replaces the
 * result, which is dropped, or the error, which is reported. If an operation was handed an item but
 * has not resumed yet, the item goes back. If it has already resumed and taken the item, `race`
 * returns the item, and the cancellation is delivered at the next `yield*` that waits. The same
 * holds for an operation inside `waitFor`, `timeout`, `moveOnAfter` or `withSignal`, and for one
 * that a function returns.
 *
 * Like `asyncio.wait` with `FIRST_COMPLETED`, followed by cancelling the others and awaiting them.
 * For operations, like Go's `select`.
 *
 * @throws TypeError if one of `aws` is not awaitable. @throws RangeError if `aws` is empty.
 * @throws RuntimeError for a future of another loop.
 * @throws InvalidStateError for a coroutine that was awaited before.
 * @example
 * const reply = yield* race([ask(primary), ask(replica)]);
 */
export function race<A extends AwaitableLike<unknown>>(aws: Iterable<A>): Coroutine<AwaitedBy<A>> {
  return asCoroutine(new RaceCall(checkSomeAwaitables(aws))) as Coroutine<never>;
}

/** The coroutine of a race. */
class RaceCall extends LazyCall<unknown> {
  declare readonly _aws: readonly AwaitableLike<unknown>[];

  constructor(aws: readonly AwaitableLike<unknown>[]) {
    super();
    this._aws = aws;
  }

  override _start(): Wait<unknown> {
    return continueAs(this, runRace(this._aws));
  }
}

const runRace = /* @__PURE__ */ coroutine(function* race(
  aws: readonly AwaitableLike<unknown>[],
): Coroutine<unknown> {
  const loop = currentScheduler("race()");
  const contest = new Contest(loop);
  const task = currentTask(loop);
  /** The first error thrown into this coroutine: a cancellation of the task. */
  let cancellation: { readonly error: unknown } | undefined;
  let isOver = false;
  try {
    enter(loop, contest, aws);
    try {
      while (!contest.isDecided) {
        yield* contest.wait();
        contest.proceed();
      }
    } catch (error) {
      cancellation = { error };
      if (!contest.isDecided) contest.decide(undefined);
    }
    contest.cancelRest();
    const { winner, entrants } = contest;
    const losers = entrants.filter((entrant) => entrant !== winner);
    for (const { steps, outcome } of losers) {
      if (steps === undefined || outcome !== undefined) continue;
      const out = new CancelledError("The race was lost");
      try {
        yield* leave(steps, out);
      } catch (error) {
        if (error !== out) cancellation ??= { error };
      }
    }
    for (let left = losers.flatMap(({ steps, future }) => (steps ? [] : (future ?? []))); ; ) {
      // A loser that waits for this task would never end, so the race doesn't wait for it.
      const stuck = new Set(thoseThatWaitFor(task, left));
      left = left.filter((future) => !future.done() && !stuck.has(future));
      if (left.length === 0) break;
      try {
        yield* waitUntilEnough(loop, left, ALL_COMPLETED);
      } catch (error) {
        cancellation ??= { error };
      }
    }
    isOver = true;
    return yield* outcomeOf(loop, winner, cancellation);
  } finally {
    if (!isOver) contest.close();
  }
});

/** Returns or throws the outcome of the race. */
function* outcomeOf(
  loop: Scheduler,
  winner: Entrant | undefined,
  cancellation: { readonly error: unknown } | undefined,
): Coroutine<unknown> {
  const { steps, outcome } = winner ?? {};
  if (cancellation === undefined) {
    if (outcome instanceof Thrown) throw outcome.error;
    if (outcome !== undefined) return outcome.value;
    if (steps === undefined) return (winner as { future: Future<unknown> }).future.result();
    return yield* { [Symbol.iterator]: () => steps };
  }
  const { error } = cancellation;
  const taken = winner && takenBy(winner);
  if (taken !== undefined) {
    const task = currentTask(loop);
    if (task !== undefined && task.cancelling() > 0) {
      // Only the caller can give back what the operation has taken.
      cancelAgain(task, error as Error);
      return taken.value;
    }
  }
  const failure = winner && failureOf(winner);
  if (failure !== undefined) {
    const message = "A cancellation replaced the error of a race";
    loop.callExceptionHandler({ message, exception: failure.error });
  }
  if (steps !== undefined && outcome === undefined) yield* leave(steps, error);
  throw error;
}

/** Whether the result of `aw`, which has ended, may be what an operation took. */
function takes(aw: unknown): boolean {
  // A growing list instead of recursion.
  const rest = [aw];
  for (const next of rest) {
    if (next instanceof Wrapper) rest.push(next._wrapped);
    else if (next instanceof RaceCall) for (const inner of next._aws) rest.push(inner);
    else if (next instanceof LazyCall && next._resource !== undefined) return true;
  }
  return false;
}

/**
 * Returns what the winner took, if it is an operation, or a task that only awaits operations.
 * Undefined for any other winner, and for one that failed.
 */
function takenBy({ future, coro, outcome }: Entrant): { readonly value?: unknown } | undefined {
  if (outcome !== undefined) return outcome instanceof Thrown ? undefined : outcome;
  if (future === undefined || future._hasFailed() || !takes(coro)) return undefined;
  return { value: future.result() };
}

/**
 * Returns the error with which an operation failed; undefined if it didn't fail. Also undefined for
 * a future or a task, because those report their errors themselves.
 */
function failureOf({ steps, future, outcome }: Entrant): Thrown | undefined {
  if (outcome instanceof Thrown) return outcome;
  if (steps === undefined || outcome !== undefined) return undefined;
  return future?._hasFailed() && !future.cancelled() ? new Thrown(future._reason()) : undefined;
}

/**
 * Enters all of `aws` into the contest. If one of them can't be entered, nothing starts, and
 * existing futures continue.
 */
function enter(loop: Scheduler, contest: Contest, aws: readonly AwaitableLike<unknown>[]): void {
  const all = allOf(aws);
  for (const aw of all) {
    const object: unknown = aw;
    if (isFuture(object)) ensureFutureOn(loop, object);
    else if (object instanceof CoroutineObject) object._checkFresh();
  }
  /**
   * The operations by resource. A second one of the same kind on the same resource doesn't start,
   * because it would only queue up behind the first.
   */
  const operations = new Map<object, Started[]>();
  const others: AwaitableLike<unknown>[] = [];
  for (const aw of all) {
    const resource = resourceOf(aw);
    if (resource === undefined) {
      if (!contest.isDecided && isFuture(aw) && aw.done()) contest.enter(aw);
      else others.push(aw);
      continue;
    }
    // Only lazy calls have a resource.
    const operation = aw as unknown as LazyCall<unknown>;
    const rivals = operations.get(resource) ?? [];
    if (contest.isDecided || rivals.some((rival) => isSameKind(rival.operation, operation))) {
      operation._claim();
    } else {
      operations.set(resource, [...rivals, contest.start(operation, rivals)]);
    }
  }
  if (!contest.isDecided) return enterFutures(loop, contest, others);
  for (const aw of others) {
    if (isCoroutine(aw)) closeUnstarted(aw);
    else if (typeof aw !== "function") contest.enter(ensureFutureOn(loop, aw));
  }
}

function isSameKind(a: object, b: object): boolean {
  return a.constructor === b.constructor;
}

function enterFutures(
  loop: Scheduler,
  contest: Contest,
  aws: readonly AwaitableLike<unknown>[],
): void {
  const futures: Future<unknown>[] = [];
  const coros = aws.map((aw) => {
    if (typeof aw !== "function" || isThenable(aw) || isCoroutineFunction(aw)) return aw;
    return asCoroutine(new FunctionCall(aw));
  });
  try {
    for (const aw of coros) futures.push(ensureFutureOn(loop, aw));
  } catch (error) {
    futures.forEach((future, index) => {
      if (!isFuture(aws[index])) future.cancel();
    });
    throw error;
  }
  futures.forEach((future, index) => {
    contest.enter(future, coros[index]);
  });
}

/** The coroutine of an ordinary function. Calls it, and awaits what it returns. */
class FunctionCall extends Wrapper<unknown> {
  declare readonly _fn: () => Awaitable<unknown>;

  constructor(fn: () => Awaitable<unknown>) {
    super();
    this._fn = fn;
  }

  override _start(): Wait<unknown> {
    return this._wrap(awaiting(this._fn))[Symbol.iterator]();
  }
}

/**
 * Returns the participants of a race. An awaitable that is listed twice participates once. A
 * function that is listed twice is called twice, and both calls participate. A nested race is
 * replaced by its own participants.
 */
function allOf(aws: readonly AwaitableLike<unknown>[]): AwaitableLike<unknown>[] {
  const all: AwaitableLike<unknown>[] = [];
  const seen = new Set<unknown>();
  // A list instead of recursion, because races may nest deeply.
  const rest = [...aws].reverse();
  for (let aw = rest.pop(); aw !== undefined; aw = rest.pop()) {
    if (typeof aw !== "function") {
      if (seen.has(aw)) continue;
      seen.add(aw);
    }
    const nested: unknown = aw;
    if (nested instanceof RaceCall && nested._isFresh) {
      nested._claim();
      for (let i = nested._aws.length - 1; i >= 0; i--) {
        rest.push(nested._aws[i] as AwaitableLike<unknown>);
      }
    } else {
      all.push(aw);
    }
  }
  return all;
}
