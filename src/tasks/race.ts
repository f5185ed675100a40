import { CancelledError } from "../loop/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import {
  type AwaitableLike,
  checkSomeAwaitables,
  currentTask,
  dismiss,
  ensureFutureOn,
} from "./awaitable.ts";
import { BareCall, leave, sourceOf, type Wait } from "./bareCall.ts";
import { Contest, type Entrant, type Started } from "./contest.ts";
import {
  type Call,
  type Coroutine,
  CoroutineObject,
  coroutine,
  isCoroutine,
  Thrown,
} from "./coroutine.ts";
import { currentScheduler, type Future, isFuture } from "./future.ts";
import type { AwaitedBy } from "./gather.ts";
import { ALL_COMPLETED, watch } from "./wait.ts";
import { waitsFor } from "./waitsFor.ts";

/**
 * Awaits the first of `aws` that is done: returns its result, or throws its error. The others are cancelled, and
 * waited for before that.
 *
 * Of operations of locks, queues and the like, and of reads, exactly one takes place: those of `get`, `put`, `acquire`,
 * `hold`, `wait` and `join`, of streams, sockets and `iterate(...).next()`. They are tried in order, and one that can
 * complete at once keeps those behind it from starting. Else all wait in their lines, and the first that is served
 * takes the others out of theirs at that moment. So they have taken nothing, even if they could have been served in the
 * same turn. A race of races is one race.
 *
 * Any other coroutine, and each function, starts as a task, in order; none does if an operation or a future is ready. A
 * loser is cancelled at the moment at which another wins. An operation that it waits in then takes nothing either, but
 * what it took in an earlier step is its own: if that is to be returned, it has to do so when it is cancelled. The
 * result of a loser that swallows the cancellation is dropped, and so is that of a winner if the race is cancelled. An
 * error that a loser throws is reported as an exception that nobody retrieved.
 *
 * Of futures that were done before, the one that comes first in `aws` wins; of those that are done in the same turn, the
 * one that was done first.
 *
 * A cancellation cancels all, and waits for them too; one that comes while the losers are waited for is not passed on to
 * them. Either is thrown at the end, and wins over a result and an error, which is then reported. What an operation was
 * handed goes back. If it has taken something already, `race` returns that, and the cancellation is delivered at the
 * next `yield*` that waits.
 *
 * Like `asyncio.wait` with `FIRST_COMPLETED`, with the tidying that everybody has to write after it; over operations
 * like the `select` of Go.
 *
 * @throws TypeError if one of `aws` is not awaitable. @throws RangeError if `aws` is empty.
 * @throws RuntimeError for a future of another loop. @throws InvalidStateError for a coroutine that was awaited before.
 * @example
 * const reply = yield* race([ask(primary), ask(replica)]);
 */
export function race<A extends AwaitableLike<unknown>>(aws: Iterable<A>): Coroutine<AwaitedBy<A>> {
  return new RaceCall(checkSomeAwaitables(aws)) as unknown as Coroutine<never>;
}

/** The coroutine of a race. */
class RaceCall extends BareCall<unknown> {
  declare readonly _aws: readonly AwaitableLike<unknown>[];

  constructor(aws: readonly AwaitableLike<unknown>[]) {
    super();
    this._aws = aws;
  }

  override _start(): Wait<unknown> {
    const call = racing(this._aws) as unknown as Call;
    return call._iterate(this[Symbol.iterator]) as unknown as Wait<unknown>;
  }
}

const racing = /* @__PURE__ */ coroutine(function* race(
  aws: readonly AwaitableLike<unknown>[],
): Coroutine<unknown> {
  const loop = currentScheduler("race()");
  const contest = new Contest(loop);
  const task = currentTask(loop);
  /** The first error that was thrown in here: a cancellation of the task. */
  let cancel: { readonly error: unknown } | undefined;
  let isOver = false;
  try {
    enter(loop, contest, aws);
    try {
      while (!contest.isDecided) {
        yield* contest.wait();
        contest.proceed();
      }
    } catch (error) {
      cancel = { error };
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
        if (error !== out) cancel ??= { error };
      }
    }
    for (let left = losers.flatMap(({ steps, future }) => (steps ? [] : (future ?? []))); ; ) {
      // A loser that waits for this task would never end, and neither would the race.
      left = left.filter((future) => !future.done() && !waitsFor(future, task));
      if (left.length === 0) break;
      try {
        yield* watch(loop, left, ALL_COMPLETED);
      } catch (error) {
        cancel ??= { error };
      }
    }
    isOver = true;
    return yield* outcomeOf(loop, winner, cancel);
  } finally {
    if (!isOver) contest.close();
  }
});

/** What the race ends with. */
function* outcomeOf(
  loop: Scheduler,
  winner: Entrant | undefined,
  cancel: { readonly error: unknown } | undefined,
): Coroutine<unknown> {
  const { steps, outcome } = winner ?? {};
  if (cancel === undefined) {
    if (outcome instanceof Thrown) throw outcome.error;
    if (outcome !== undefined) return outcome.value;
    if (steps === undefined) return (winner as { future: Future<unknown> }).future.result();
    return yield* { [Symbol.iterator]: () => steps };
  }
  const { error } = cancel;
  if (outcome !== undefined && !(outcome instanceof Thrown)) {
    const task = currentTask(loop);
    if (task !== undefined && task.cancelling() > 0) {
      // What was taken can only be given back by who gets it.
      task.uncancel();
      task.cancel((error as Error).message);
      return outcome.value;
    }
  }
  if (steps !== undefined && outcome === undefined) yield* leave(steps, error);
  throw error;
}

/** Has all take part. If one of them cannot, nothing has begun, and what was there before goes on. */
function enter(loop: Scheduler, contest: Contest, aws: readonly AwaitableLike<unknown>[]): void {
  const all = allOf(aws);
  for (const aw of all) {
    if (isFuture(aw)) ensureFutureOn(loop, aw);
    else if ((aw as unknown) instanceof CoroutineObject) {
      (aw as unknown as CoroutineObject)._checkFresh();
    }
  }
  /** By what they wait for. A second one of a kind would only be behind the first. */
  const operations = new Map<object, Started[]>();
  const others: AwaitableLike<unknown>[] = [];
  for (const aw of all) {
    const source = sourceOf(aw);
    if (source === undefined) {
      if (!contest.isDecided && isFuture(aw) && aw.done()) contest.enter(aw);
      else others.push(aw);
      continue;
    }
    const operation = aw as unknown as BareCall<unknown>;
    const rivals = operations.get(source) ?? [];
    if (contest.isDecided || rivals.some((rival) => isOfOneKind(rival.operation, operation))) {
      operation._claim();
    } else {
      operations.set(source, [...rivals, contest.start(operation, rivals)]);
    }
  }
  if (!contest.isDecided) return enterFutures(loop, contest, others);
  for (const aw of others) {
    if (isCoroutine(aw)) dismiss(aw);
    else if (typeof aw !== "function") contest.enter(ensureFutureOn(loop, aw));
  }
}

function isOfOneKind(a: object, b: object): boolean {
  return a.constructor === b.constructor;
}

function enterFutures(
  loop: Scheduler,
  contest: Contest,
  aws: readonly AwaitableLike<unknown>[],
): void {
  const futures: Future<unknown>[] = [];
  try {
    for (const aw of aws) futures.push(ensureFutureOn(loop, aw));
  } catch (error) {
    futures.forEach((future, index) => {
      if (!isFuture(aws[index])) future.cancel();
    });
    throw error;
  }
  for (const future of futures) contest.enter(future);
}

/** What takes part, once each: a race takes part with what it is a race of. Each call of a function is another. */
function allOf(aws: readonly AwaitableLike<unknown>[]): AwaitableLike<unknown>[] {
  const all: AwaitableLike<unknown>[] = [];
  const seen = new Set<unknown>();
  // A list and no recursion: races of races may be deep.
  const rest = [...aws].reverse();
  for (let aw = rest.pop(); aw !== undefined; aw = rest.pop()) {
    if (typeof aw !== "function") {
      if (seen.has(aw)) continue;
      seen.add(aw);
    }
    if ((aw as unknown) instanceof RaceCall && (aw as unknown as RaceCall)._isFresh) {
      const nested = aw as unknown as RaceCall;
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
