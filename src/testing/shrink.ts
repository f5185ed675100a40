// A failing schedule is made as simple as can be: fewest departures from first come, first served, then shortest.

import { isError } from "../loop/brands.ts";
import { performance } from "../loop/hosts/timers.ts";
import type { Cancel, Conditions } from "./conditions.ts";
import { ExhaustivePolicy } from "./exhaustivePolicy.ts";
import { ScriptPolicy } from "./policies.ts";
import { lengthOf, type Schedule } from "./schedule.ts";
import type { Failure, Main, Stage } from "./trial.ts";

/** How many runs may be spent on it. */
const MOST_RUNS = 2_000;
/** How long it may take, in milliseconds. */
const PATIENCE = 3_000;

/** A schedule and what fails in it. */
export interface Failing {
  readonly schedule: Schedule;
  readonly failure: Failure;
}

/** Gives the simplest schedule that was found in which `main` fails in the same way; undefined if it does not fail again. */
export async function shrink(
  stage: Stage,
  main: Main,
  conditions: Conditions,
  found: Failing,
): Promise<Failing | undefined> {
  const end = performance.now() + PATIENCE;
  let runs = 0;
  let best: Failing | undefined;

  async function tryOut(chosen: readonly number[], cancel: Cancel | undefined): Promise<boolean> {
    if (best !== undefined && (++runs > MOST_RUNS || performance.now() > end)) return false;
    const { failure } = await stage.run(main, new ScriptPolicy(chosen), { ...conditions, cancel });
    if (failure === undefined || !isSame(failure, found.failure)) return false;
    const schedule = scheduleIn(stage, cancel);
    if (best !== undefined && !isSimpler(schedule, best.schedule)) return false;
    best = { schedule, failure };
    return true;
  }

  const { chosen, cancel } = found.schedule;
  if (!(await tryOut(chosen, cancel))) return undefined;
  if (cancel !== undefined && cancel.at > 0) await tryOut(chosen, { ...cancel, at: 0 });
  for (let isBetter = true; isBetter; ) {
    isBetter = false;
    for (const candidate of simpler(best as unknown as Failing)) {
      if (await tryOut(candidate, (best as unknown as Failing).schedule.cancel)) {
        isBetter = true;
        break;
      }
    }
  }
  return walk(stage, main, conditions, best as unknown as Failing, found.failure, end);
}

/** Looks among all schedules, those first that depart least, whether there is one that departs less than `best`. */
async function walk(
  stage: Stage,
  main: Main,
  conditions: Conditions,
  best: Failing,
  failure: Failure,
  end: number,
): Promise<Failing> {
  const { cancel } = best.schedule;
  const policy = new ExhaustivePolicy(Infinity);
  for (let runs = 0; runs < MOST_RUNS && performance.now() < end; runs++) {
    const outcome = await stage.run(main, policy, { ...conditions, cancel });
    const schedule = scheduleIn(stage, cancel);
    if (departuresOf(schedule) >= departuresOf(best.schedule)) break;
    if (outcome.failure !== undefined && isSame(outcome.failure, failure)) {
      return { schedule, failure: outcome.failure };
    }
    if (!policy.advance()) break;
  }
  return best;
}

/** What was chosen in the last run, up to its last departure. */
function scheduleIn({ core: { choices } }: Stage, cancel: Cancel | undefined): Schedule {
  const length = lengthOf(choices.chosen);
  return {
    chosen: choices.chosen.slice(0, length),
    counts: choices.counts.slice(0, length),
    cancel,
  };
}

/** What may be simpler, the boldest first. */
function* simpler({ schedule: { chosen } }: Failing): Generator<number[], void> {
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
      yield chosen.map((old, place) => (place === at ? choice : old));
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

/** Whether it is the same bug as far as can be told: what is thrown has the same class, and the same words but for numbers. */
function isSame(a: Failure, b: Failure): boolean {
  return a.kind === b.kind && wordsOf(a) === wordsOf(b);
}

function wordsOf({ kind, error }: Failure): string {
  // Of a deadlock and the like the words are who waits where, which is another order's business.
  const isThrown = kind === "failed" || kind === "unretrieved";
  const words = isError(error) ? `${error.name}: ${error.message}` : String(typeof error);
  return isThrown ? words.replace(/\d+/g, "0") : kind;
}
