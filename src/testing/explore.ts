// Searches for an order in which a program fails.

import { enumerate } from "../debug/waitForGraph.ts";
import {
  checkChoice,
  checkCount,
  checkFunction,
  checkOptions,
  checkTime,
  outOfRange,
  wrongType,
} from "../lang/arguments.ts";
import { ScheduleError } from "../lang/errors.ts";
import { monotonicClock } from "../loop/clock.ts";
import { setTimeout } from "../loop/hosts/timers.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { type Conditions, conditionsOf, type RunConditions } from "./conditions.ts";
import { explainFailure } from "./explainFailure.ts";
import { withStages } from "./host/install.ts";
import { failedOnce } from "./nondeterminism.ts";
import { type Plan, planOf, type Strategy } from "./plans.ts";
import { replay } from "./replay.ts";
import { type ReportTarget, reportTargetOf } from "./report/report.ts";
import { DEFAULT_NAME } from "./runObserver.ts";
import { formatSchedule } from "./schedule.ts";
import { type Failing, shrink } from "./shrink.ts";
import { type Main, type Outcome, TrialRunner } from "./trial.ts";

/** How to explore, and when to stop. */
export interface ExploreOptions extends RunConditions {
  /** The maximum number of runs, by default 1,000, or 100,000 for `"exhaustive"`. */
  readonly runs?: number | undefined;
  /** The maximum duration in milliseconds of real time, by default Infinity. */
  readonly timeLimit?: number | undefined;
  /** An integer that seeds all randomness, by default 0. The same seed gives the same runs. */
  readonly seed?: number | undefined;
  /**
   * How orders are chosen. `"random"`, the default, chooses uniformly among everything that is
   * ready. `"pct"` suits long programs in which a few switches at the right steps trigger the bug.
   * `"exhaustive"` tries each order once.
   */
  readonly strategy?: Strategy | undefined;
  /**
   * For `"exhaustive"`: the maximum number of preemptions in a run, by default Infinity. Running
   * another task although the last one is ready again, as after a bare `yield`, is a preemption.
   */
  readonly maxPreemptions?: number | undefined;
  /** For `"pct"`: the maximum number of switches that trigger the bug, plus one. By default 5. */
  readonly depth?: number | undefined;
  /**
   * If true, further runs cancel the main task at its first suspension, at its second, and so on. A
   * string is the name of the task to cancel instead. If `main` is an async function, these runs
   * reject one marked await each, and a string selects the awaits in functions with that name. If
   * no task with that name is ever suspended, and no such await is reached, `explore` rejects.
   */
  readonly cancelPoints?: boolean | string | undefined;
  /**
   * Where to put a picture of the failing run: a folder for an HTML page and a Mermaid diagram, or
   * a function that receives both, which also works in a browser. By default the folder in the
   * environment variable `MYSYNCIO_REPORT`, if it is set.
   */
  readonly report?: ReportTarget | undefined;
}

/** Statistics of an exploration. */
export interface ExploreStatistics {
  /** The number of runs of `main`. */
  readonly runs: number;
  /** The number of different runs among them. */
  readonly distinct: number;
  /** Whether every order in which `main` can run, within the bounds, was tried. */
  readonly exhausted: boolean;
  /** The number of steps in all runs. */
  readonly steps: number;
  /**
   * The number of runs that awaited something outside the loop, such as a promise. They may not be
   * repeatable.
   */
  readonly external: number;
  /**
   * With `cancelPoints`, the number of runs in which an async `main` returned a value although one
   * of its awaits was cancelled. Code that retries after any error swallows cancellations this way.
   */
  readonly swallowed: number;
}

const STRATEGIES: readonly Strategy[] = ["random", "pct", "exhaustive"];
const DEFAULT_RUNS = 1_000;
const DEFAULT_RUNS_EXHAUSTIVE = 100_000;
const DEFAULT_DEPTH = 5;
/** How many names of tasks and functions an error lists. */
const SHOWN_NAMES = 10;
/** After this many milliseconds, the search pauses between two runs, so that the host can run. */
const SLICE = 50;

/**
 * Runs `main` many times, each time on a new loop and in virtual time, to try different orders.
 * Random orders may repeat. Whenever several tasks are ready, any of them may run next. Callbacks
 * keep their order relative to each other. Resolves with statistics.
 *
 * A run fails if `main` throws or never ends, if tasks are still running or locks are still held at
 * its end, or if an exception is never handled. The order of the first failing run is simplified
 * before it is reported.
 *
 * `main` may also be an async function. Then `explore` varies the order of timers and of calls of
 * `io` and `external`, and may delay awaits that a plugin marked. Timers, dates and deadlines of
 * the host are virtual inside a run, and only there.
 *
 * `main` must behave the same each time it runs in the same order, so it must not use
 * `Math.random()` or state from the previous run. Sockets, files and other threads are awaited in
 * real time while the clock stands still. The order in which they complete cannot be chosen.
 *
 * If the environment variable `MYSYNCIO_SCHEDULE` is set, only that schedule runs.
 *
 * If a run fails, rejects with a ScheduleError that contains the `schedule` of that run, the number
 * of `runs` and the `cause`. If all runs pass but the name in `cancelPoints` selected nothing in
 * any of them, rejects with a RangeError that lists the possible names.
 *
 * @throws TypeError or RangeError for invalid arguments.
 * @example
 * await explore(function* () {
 *   let count = 0;
 *   function* increment(): Coroutine<void> {
 *     const old = count;
 *     yield; // another task may increment it meanwhile
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
  const { runs = strategy === "exhaustive" ? DEFAULT_RUNS_EXHAUSTIVE : DEFAULT_RUNS } = options;
  const { maxPreemptions = Infinity, depth = DEFAULT_DEPTH, timeLimit = Infinity } = options;
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
  const report = reportTargetOf(options.report);
  const plan = planOf({ strategy, seed, maxPreemptions, depth, cancels });
  const bounds = { runs, timeLimit, target: cancels ? target : undefined, report };
  return withStages(() => search(main, plan, conditions, bounds));
}

interface Bounds {
  readonly runs: number;
  readonly timeLimit: number;
  /**
   * The name of the task to cancel, or of the functions whose awaits to reject. Empty for the main
   * task, or for all functions. Undefined to cancel nothing.
   */
  readonly target: string | undefined;
  readonly report: ReportTarget | undefined;
}

async function search(
  main: Main,
  plan: Plan,
  conditions: Conditions,
  { runs, timeLimit, target, report }: Bounds,
): Promise<ExploreStatistics> {
  const schedule = environment("MYSYNCIO_SCHEDULE");
  if (schedule !== undefined) {
    await replay(main, schedule, { ...conditions, report });
    return { runs: 1, distinct: 1, exhausted: false, steps: 0, external: 0, swallowed: 0 };
  }
  const runner = new TrialRunner();
  const { choices } = runner.core;
  const seen = new Set<number>();
  const start = monotonicClock.now();
  let sliceEnd = start + SLICE;
  let steps = 0;
  let external = 0;
  let swallowed = 0;
  for (let run = 1; ; run++) {
    const cancel = target === undefined ? undefined : { target, at: plan.cancelAt };
    const running = runner.run(
      main,
      plan.policy,
      cancel === undefined ? conditions : { ...conditions, cancel },
    );
    const outcome: Outcome = running instanceof Promise ? await running : running;
    steps += runner.core.steps;
    if (outcome.outside.length > 0) external++;
    if (outcome.isSwallowed) swallowed++;
    if (outcome.failure !== undefined) {
      const chosen = choices.chosen.slice();
      const found = { chosen, counts: choices.counts.slice(), cancel };
      const failing = { schedule: found, failure: outcome.failure };
      throw await explain(runner, main, conditions, failing, run, report);
    }
    seen.add(hashOf(choices.chosen, plan.cancelAt));
    const hasNext = plan.advance(choices.chosen.length, outcome.suspensions);
    if (plan.mismatch !== undefined) {
      throw new ScheduleError(plan.mismatch, formatSchedule({ ...choices, cancel }), run);
    }
    const now = monotonicClock.now();
    if (!hasNext || run >= runs || now - start >= timeLimit) {
      if (target && !runner.names.has(target)) throw nothingNamed(target, runner.names);
      return { runs: run, distinct: seen.size, exhausted: !hasNext, steps, external, swallowed };
    }
    if (now >= sliceEnd) {
      await new Promise((resolve) => setTimeout(resolve));
      sliceEnd = monotonicClock.now() + SLICE;
    }
  }
}

async function explain(
  runner: TrialRunner,
  main: Main,
  conditions: Conditions,
  found: Failing,
  run: number,
  report: ReportTarget | undefined,
): Promise<ScheduleError> {
  const simplest = await shrink(runner, main, conditions, found);
  if (simplest !== undefined)
    return explainFailure(runner, main, conditions, simplest, run, report);
  const { error } = found.failure;
  const text = formatSchedule(found.schedule);
  return new ScheduleError(failedOnce(run, error), text, run, { cause: error });
}

/** Returns the error for a name in `cancelPoints` that selected nothing. */
function nothingNamed(target: string, names: ReadonlySet<string>): RangeError {
  const named = [...names].filter((name) => !DEFAULT_NAME.test(name));
  const shown = named.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name));
  if (named.length > shown.length) shown.push(`${named.length - shown.length} more`);
  const { message } = outOfRange(
    "cancelPoints",
    "the name of a task that is suspended, or of a function with marked awaits, in any run",
    target,
  );
  const found =
    shown.length > 0
      ? `The names found are ${enumerate(shown)}.`
      : "No task with a name was suspended, and no await was marked.";
  return new RangeError(`${message}. ${found}`);
}

/** Returns a hash of 53 bits, so that collisions are very unlikely. */
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
