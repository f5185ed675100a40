// Repeats one run, step by step.

import { checkFunction, checkOptions } from "../lang/arguments.ts";
import { ScheduleError } from "../lang/errors.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { type Conditions, conditionsOf, type RunConditions } from "./conditions.ts";
import { reportFailure } from "./explainFailure.ts";
import type { Policy } from "./exploringCore.ts";
import { withStages } from "./host/install.ts";
import { choiceDiffers, stepDiffers } from "./nondeterminism.ts";
import { ScriptPolicy } from "./policies.ts";
import { type ReportTarget, reportTargetOf } from "./report/report.ts";
import { RunObserver } from "./runObserver.ts";
import { formatSchedule, parseSchedule, type Schedule } from "./schedule.ts";
import { type Main, type Outcome, TrialRunner } from "./trial.ts";

/** How to replay a schedule. */
export interface ReplayOptions extends RunConditions {
  /**
   * Where to put a picture of the run if it fails, as for `explore`. By default the folder in the
   * environment variable `MYSYNCIO_REPORT`, if it is set. The names of the files are printed.
   */
  readonly report?: ReportTarget | undefined;
}

/**
 * Runs `main` in the order of a ScheduleError's `schedule`. If `main` no longer fails, runs it once
 * more, to check that it is deterministic, and resolves with its result.
 *
 * Rejects with the error that `main` throws, or with the error of another failure, such as a
 * DeadlockError or an exception that nothing retrieved. If `main` is not deterministic or has
 * changed, rejects with a ScheduleError that names the first difference.
 *
 * @param options the options that `explore` was called with.
 * @throws TypeError or RangeError for invalid arguments.
 */
export function replay<T>(
  main: () => Awaitable<T>,
  schedule: string,
  options: ReplayOptions = {},
): Promise<T> {
  checkFunction("main", main);
  checkOptions(options);
  const parsed = parseSchedule(schedule);
  const conditions = conditionsOf(options);
  const report = reportTargetOf(options.report);
  return withStages(() => repeat(main, parsed, conditions, report)) as Promise<T>;
}

async function repeat(
  main: Main,
  schedule: Schedule,
  options: Conditions,
  report: ReportTarget | undefined,
): Promise<unknown> {
  const conditions = { ...options, cancel: schedule.cancel };
  const runner = new TrialRunner();
  const first = await record(runner, main, new ScriptPolicy(schedule.chosen), conditions);
  const at = firstDifference(first.counts, schedule.counts);
  if (at < schedule.counts.length) {
    const [expected, actual] = [readiness(schedule.counts[at]), readiness(first.counts[at])];
    const text = formatSchedule(schedule);
    throw new ScheduleError(choiceDiffers(at, expected, actual), text, 1);
  }
  const { failure } = first.outcome;
  if (failure !== undefined) {
    if (report !== undefined) {
      const lines = await reportFailure(runner, main, conditions, { schedule, failure }, report);
      // The error is the program's own, so its message can't say where the report is.
      if (lines.length > 0) console.error(lines.join("\n").trim());
    }
    throw failure.error;
  }
  const second = await record(runner, main, new ScriptPolicy(schedule.chosen), conditions);
  compare(first, second, schedule);
  return first.outcome.value;
}

/** A recorded run. */
export interface Recording {
  readonly outcome: Outcome;
  readonly chosen: readonly number[];
  readonly counts: readonly number[];
  /**
   * Describes each step (its time, its task, where the task resumed, and how many steps were ready)
   * and each await of an async function.
   */
  readonly steps: readonly string[];
}

/** Runs `main` and records each step. */
export async function record(
  runner: TrialRunner,
  main: Main,
  policy: Policy,
  conditions: Conditions,
): Promise<Recording> {
  const observer = new RunObserver();
  const outcome = await runner.run(main, policy, conditions, observer);
  const { chosen, counts } = runner.core.choices;
  return { outcome, chosen: chosen.slice(), counts: counts.slice(), steps: observer.trace };
}

/** @throws ScheduleError that names the first step in which two runs differ. */
export function compare(first: Recording, second: Recording, schedule: Schedule): void {
  const at = firstDifference(first.steps, second.steps);
  if (at === first.steps.length && at === second.steps.length) return;
  const { [at]: before = "had ended" } = first.steps;
  const { [at]: after = "had ended" } = second.steps;
  throw new ScheduleError(stepDiffers(at, before, after), formatSchedule(schedule), 2);
}

/** Returns the first index at which two lists differ, or their length if they don't. */
function firstDifference<T>(a: readonly T[], b: readonly T[]): number {
  const length = Math.max(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return length;
}

function readiness(count: number | undefined): string {
  return count === undefined ? "the run had ended" : `there were ${count} candidates`;
}
