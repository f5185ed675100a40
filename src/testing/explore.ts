// Finds the order in which a program fails.

import {
  checkChoice,
  checkCount,
  checkFunction,
  checkOptions,
  checkTime,
  wrongType,
} from "../loop/arguments.ts";
import { ScheduleError } from "../loop/errors.ts";
import { performance, setTimeout } from "../loop/hosts/timers.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { type Conditions, conditionsOf, type RunConditions } from "./conditions.ts";
import { type Plan, planOf, type Strategy } from "./plans.ts";
import { replay } from "./replay.ts";
import { formatSchedule } from "./schedule.ts";
import { type Failing, shrink } from "./shrink.ts";
import { tell } from "./tell.ts";
import { type Main, type Outcome, Stage } from "./trial.ts";

/** What is explored, and how far. */
export interface ExploreOptions extends RunConditions {
  /** How many runs at most, by default 1,000; 100,000 for `"exhaustive"`. */
  readonly runs?: number | undefined;
  /** How many milliseconds of real time at most, by default Infinity. */
  readonly timeLimit?: number | undefined;
  /** Whole number from which all that is random is made, by default 0: the same runs each time. */
  readonly seed?: number | undefined;
  /**
   * How the order is chosen, by default `"random"`: each time among all that is ready. `"pct"` finds what takes few
   * switches at the right places of a long program. `"exhaustive"` tries each order once.
   */
  readonly strategy?: Strategy | undefined;
  /**
   * For `"exhaustive"`: how often, at most, another task goes on than the one that just gave way by a bare `yield` and
   * could go on itself. By default Infinity.
   */
  readonly maxPreemptions?: number | undefined;
  /** For `"pct"`: how many switches, plus one, the bug takes at most; by default 5. */
  readonly depth?: number | undefined;
  /** Cancels the main task, or the first task of that name, at each of its suspensions, in runs of their own. */
  readonly cancelPoints?: boolean | string | undefined;
}

/** What `explore` did. */
export interface ExploreStatistics {
  /** How often `main` ran. */
  readonly runs: number;
  /** How many of those runs were different from each other. */
  readonly distinct: number;
  /** Whether there is no other order in which `main` could run, within the bounds. */
  readonly exhausted: boolean;
  /** The steps taken in all runs. */
  readonly steps: number;
  /** In how many runs something outside of the loop was awaited, as a promise: those need not be the same again. */
  readonly external: number;
}

const STRATEGIES: readonly Strategy[] = ["random", "pct", "exhaustive"];
const MOST_RUNS = 1_000;
const MOST_RUNS_EXHAUSTIVE = 100_000;
const DEPTH = 5;
/** After how many milliseconds the host gets its turn. */
const SLICE = 50;

/**
 * Calls `main` again and again, each time on a new loop in virtual time, and has its tasks run in another
 * order each time: whatever is ready may come next, except that callbacks do not overtake each other. Gives how many runs
 * that were.
 *
 * A run fails if `main` does, if it never ends, if it leaves tasks or held locks behind, or if an exception reaches nobody. The order
 * of the first run that fails is made as simple as possible.
 *
 * `main` has to be the same each time: no `Date.now()`, no `Math.random()`, nothing left over from the run before. A
 * promise that it awaits is waited for, in real time and with the clock standing still; the order of promises is not ours.
 *
 * Where the environment variable `MYSYNCIO_SCHEDULE` is set, only that schedule is run.
 *
 * @throws TypeError, RangeError for arguments.
 * Rejected with a ScheduleError that has the `schedule` of the failing run, its number in `runs`, and the `cause`.
 * @example
 * await explore(function* () {
 *   let count = 0;
 *   function* increment(): Coroutine<void> {
 *     const old = count;
 *     yield; // somebody else may increment meanwhile
 *     count = old + 1;
 *   }
 *   yield* gather([increment(), increment()]);
 *   assert.equal(count, 2);
 * }); // ScheduleError
 */
export function explore(
  main: () => Awaitable<unknown>,
  options: ExploreOptions = {},
): Promise<ExploreStatistics> {
  checkFunction("main", main);
  checkOptions(options);
  const { strategy = "random", seed = 0, cancelPoints = false } = options;
  checkChoice("strategy", strategy, STRATEGIES);
  const { runs = strategy === "exhaustive" ? MOST_RUNS_EXHAUSTIVE : MOST_RUNS } = options;
  const { maxPreemptions = Infinity, depth = DEPTH, timeLimit = Infinity } = options;
  checkCount("runs", runs, 1);
  if (!Number.isSafeInteger(seed)) throw wrongType("seed", "a whole number", seed);
  checkCount("maxPreemptions", maxPreemptions);
  checkCount("depth", depth, 1);
  checkTime("timeLimit", timeLimit);
  const conditions = conditionsOf(options);
  if (typeof cancelPoints !== "boolean" && typeof cancelPoints !== "string") {
    throw wrongType("cancelPoints", "a boolean or the name of a task", cancelPoints);
  }
  const cancels = cancelPoints !== false;
  const target = typeof cancelPoints === "string" ? cancelPoints : "";
  const plan = planOf({ strategy, seed, maxPreemptions, depth, cancels });
  const bounds = { runs, timeLimit, target: cancels ? target : undefined };
  return search(main, plan, conditions, bounds);
}

interface Bounds {
  readonly runs: number;
  readonly timeLimit: number;
  /** The name of who is cancelled; undefined if nobody is. */
  readonly target: string | undefined;
}

async function search(
  main: Main,
  plan: Plan,
  conditions: Conditions,
  { runs, timeLimit, target }: Bounds,
): Promise<ExploreStatistics> {
  const asked = environment("MYSYNCIO_SCHEDULE");
  if (asked !== undefined) {
    await replay(main, asked, conditions);
    return { runs: 1, distinct: 1, exhausted: false, steps: 0, external: 0 };
  }
  const stage = new Stage();
  const { choices } = stage.core;
  const seen = new Set<number>();
  const start = performance.now();
  let sliceEnd = start + SLICE;
  let steps = 0;
  let external = 0;
  for (let run = 1; ; run++) {
    const cancel = target === undefined ? undefined : { target, at: plan.cancelAt };
    const running = stage.run(
      main,
      plan.policy,
      cancel === undefined ? conditions : { ...conditions, cancel },
    );
    const outcome: Outcome = running instanceof Promise ? await running : running;
    steps += stage.core.steps;
    if (outcome.outside.length > 0) external++;
    if (outcome.failure !== undefined) {
      const chosen = choices.chosen.slice();
      const schedule = { chosen, counts: choices.counts.slice(), cancel };
      throw await explain(stage, main, conditions, { schedule, failure: outcome.failure }, run);
    }
    seen.add(hashOf(choices.chosen, plan.cancelAt));
    const goesOn = plan.advance(choices.chosen.length, outcome.suspensions);
    if (plan.mismatch !== undefined) {
      throw new ScheduleError(plan.mismatch, formatSchedule({ ...choices, cancel }), run);
    }
    const now = performance.now();
    if (!goesOn || run >= runs || now - start >= timeLimit) {
      return { runs: run, distinct: seen.size, exhausted: !goesOn, steps, external };
    }
    if (now >= sliceEnd) {
      await new Promise((resolve) => setTimeout(resolve));
      sliceEnd = performance.now() + SLICE;
    }
  }
}

async function explain(
  stage: Stage,
  main: Main,
  conditions: Conditions,
  found: Failing,
  run: number,
): Promise<ScheduleError> {
  const simplest = await shrink(stage, main, conditions, found);
  if (simplest !== undefined) return tell(stage, main, conditions, simplest, run);
  const { error } = found.failure;
  return new ScheduleError(
    `\`main\` failed in run ${run} with ${error}, and not again in the same order: it is not deterministic. ` +
      "Look for Date.now(), Math.random(), promises, and what one run leaves to the next",
    formatSchedule(found.schedule),
    run,
    { cause: error },
  );
}

/** A number of 53 bits: two schedules hardly ever have the same. */
function hashOf(chosen: readonly number[], cancelAt: number): number {
  let low = 0x811c9dc5 ^ cancelAt;
  let high = 0x2545f491;
  for (const choice of chosen) {
    low = Math.imul(low ^ choice, 0x01000193);
    high = Math.imul(high ^ (choice + 1), 0x9e3779b1) ^ (high >>> 15);
  }
  return (low >>> 0) * 2 ** 21 + (high >>> 11);
}

function environment(name: string): string | undefined {
  const { process } = globalThis as {
    process?: { env?: Readonly<Record<string, string>> | undefined } | undefined;
  };
  return process?.env?.[name] || undefined;
}
