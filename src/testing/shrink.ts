// Simplifies a failing schedule. Of two schedules, the one without a cancellation is simpler. If
// both or neither have one, the one with fewer departures from native order is simpler, then the
// shorter one, then the one whose choices have the smaller sum.

import { isError } from "../lang/brands.ts";
import { textOf } from "../lang/thrown.ts";
import { monotonicClock } from "../loop/clock.ts";
import type { Cancel, Conditions } from "./conditions.ts";
import { ExhaustivePolicy } from "./exhaustivePolicy.ts";
import type { Failure } from "./failures.ts";
import { ScriptPolicy } from "./policies.ts";
import { lengthOf, type Schedule } from "./schedule.ts";
import type { Main, TrialRunner } from "./trial.ts";

/** The maximum number of runs for each of the two phases, `shrink` and `searchBelow`. */
const MAX_RUNS = 2_000;
/** How long both phases together may take, in milliseconds. */
const TIME_LIMIT = 3_000;

/** A schedule, and how the program fails with it. */
export interface Failing {
  readonly schedule: Schedule;
  readonly failure: Failure;
}

/**
 * Simplifies the schedule of `found` as long as `main` fails in the same way, and returns the
 * simplest result. Returns undefined if `main` doesn't fail again with the original schedule.
 */
export async function shrink(
  runner: TrialRunner,
  main: Main,
  conditions: Conditions,
  found: Failing,
): Promise<Failing | undefined> {
  const end = monotonicClock.now() + TIME_LIMIT;
  let runs = 0;
  let best: Failing | undefined;

  /**
   * Runs `main` with a candidate for a simpler schedule. Keeps the candidate, and returns true, if
   * `main` fails in the same way and the candidate is simpler than the best one so far.
   */
  async function attempt(chosen: readonly number[], cancel: Cancel | undefined): Promise<boolean> {
    if (best !== undefined && (++runs > MAX_RUNS || monotonicClock.now() > end)) return false;
    const { failure } = await runner.run(main, new ScriptPolicy(chosen), { ...conditions, cancel });
    if (failure === undefined || !isSame(failure, found.failure)) return false;
    const schedule = scheduleIn(runner, cancel);
    if (best !== undefined && !isSimpler(schedule, best.schedule)) return false;
    best = { schedule, failure };
    return true;
  }

  const { chosen, cancel } = found.schedule;
  if (!(await attempt(chosen, cancel))) return undefined;
  if (cancel !== undefined && cancel.at > 0) await attempt(chosen, { ...cancel, at: 0 });
  // TypeScript doesn't know that `attempt` assigns `best`.
  const simplest = () => best as unknown as Failing;
  for (let isBetter = true; isBetter; ) {
    isBetter = false;
    for (const candidate of simplifications(simplest().schedule.chosen)) {
      if (await attempt(candidate, simplest().schedule.cancel)) {
        isBetter = true;
        break;
      }
    }
  }
  return searchBelow(runner, main, conditions, simplest(), found.failure, end);
}

/**
 * Tries schedules with fewer departures than `best`, those with the fewest first. Returns the first
 * one with which `main` fails in the same way. Returns `best` if none is found in time.
 */
async function searchBelow(
  runner: TrialRunner,
  main: Main,
  conditions: Conditions,
  best: Failing,
  failure: Failure,
  end: number,
): Promise<Failing> {
  const { cancel } = best.schedule;
  const policy = new ExhaustivePolicy(Infinity);
  for (let runs = 0; runs < MAX_RUNS && monotonicClock.now() < end; runs++) {
    const outcome = await runner.run(main, policy, { ...conditions, cancel });
    const schedule = scheduleIn(runner, cancel);
    if (departuresOf(schedule) >= departuresOf(best.schedule)) break;
    if (outcome.failure !== undefined && isSame(outcome.failure, failure)) {
      return { schedule, failure: outcome.failure };
    }
    if (!policy.advance()) break;
  }
  return best;
}

/** Returns the schedule of the last run, up to its last departure. */
function scheduleIn({ core: { choices } }: TrialRunner, cancel: Cancel | undefined): Schedule {
  const length = lengthOf(choices.chosen);
  return {
    chosen: choices.chosen.slice(0, length),
    counts: choices.counts.slice(0, length),
    cancel,
  };
}

/** Yields candidates that may be simpler, beginning with those that change most. */
function* simplifications(chosen: readonly number[]): Generator<number[], void> {
  const departures = [...chosen.keys()].filter((at) => chosen[at] !== 0);
  for (let size = departures.length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < departures.length; from += size) {
      const reset = new Set(departures.slice(from, from + size));
      yield chosen.map((choice, at) => (reset.has(at) ? 0 : choice));
    }
  }
  for (let size = Math.floor(chosen.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from + size <= chosen.length; from += size) {
      yield [...chosen.slice(0, from), ...chosen.slice(from + size)];
    }
  }
  for (const at of departures) {
    for (let choice = 1; choice < (chosen[at] as number); choice++) {
      yield chosen.map((old, index) => (index === at ? choice : old));
    }
  }
}

function isSimpler(a: Schedule, b: Schedule): boolean {
  for (const measure of [cancelsOf, departuresOf, lengthIn, sumOf]) {
    const difference = measure(a) - measure(b);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

const cancelsOf = ({ cancel }: Schedule) => Number(cancel !== undefined && cancel.at > 0);
const departuresOf = ({ chosen }: Schedule) => chosen.filter((choice) => choice !== 0).length;
const lengthIn = ({ chosen }: Schedule) => chosen.length;
const sumOf = ({ chosen }: Schedule) => chosen.reduce((sum, choice) => sum + choice, 0);

/**
 * Returns whether two failures are likely the same bug: of the same kind, and if the program threw
 * an error, with the same class and the same message apart from numbers.
 */
function isSame(a: Failure, b: Failure): boolean {
  return a.kind === b.kind && signatureOf(a) === signatureOf(b);
}

function signatureOf({ kind, error }: Failure): string {
  // The messages of other kinds say which tasks wait where, which depends on the order.
  const isThrown = kind === "failed" || kind === "unretrieved";
  const text = isError(error) ? textOf(error) : typeof error;
  return isThrown ? text.replace(/\d+/g, "0") : kind;
}
