// The same run again, step for step.

import { checkFunction, checkOptions } from "../loop/arguments.ts";
import { ScheduleError } from "../loop/errors.ts";
import type { Awaitable } from "../tasks/awaitable.ts";
import { type Conditions, conditionsOf, type RunConditions } from "./conditions.ts";
import type { Policy } from "./exploringCore.ts";
import { differs, ScriptPolicy } from "./policies.ts";
import { formatSchedule, parseSchedule, type Schedule } from "./schedule.ts";
import { type Main, type Outcome, Stage } from "./trial.ts";
import { Watcher } from "./watcher.ts";

/**
 * Runs `main` once, in the order that a ScheduleError told. Gives its result, if it does not fail any more.
 *
 * Rejected with what `main` failed with, or with what else was wrong: a DeadlockError, the exception that reached nobody.
 * Rejected with a ScheduleError that names the first step that differs, if `main` is not deterministic or was changed.
 *
 * @param options what `explore` was given.
 * @throws TypeError, RangeError for arguments.
 */
export function replay<T>(
  main: () => Awaitable<T>,
  schedule: string,
  options: RunConditions = {},
): Promise<T> {
  checkFunction("main", main);
  checkOptions(options);
  return repeat(main, parseSchedule(schedule), conditionsOf(options)) as Promise<T>;
}

async function repeat(main: Main, schedule: Schedule, conditions: Conditions): Promise<unknown> {
  const { cancel } = schedule;
  const stage = new Stage();
  const once = await record(stage, main, new ScriptPolicy(schedule.chosen), {
    ...conditions,
    cancel,
  });
  const at = firstDifference(once.counts, schedule.counts);
  if (at < schedule.counts.length) {
    const now = once.counts[at];
    throw new ScheduleError(
      differs(at, readiness(schedule.counts[at]), readiness(now)),
      formatSchedule(schedule),
      1,
    );
  }
  if (once.outcome.failure !== undefined) throw once.outcome.failure.error;
  const policy = new ScriptPolicy(schedule.chosen);
  const twice = await record(stage, main, policy, { ...conditions, cancel });
  compare(once, twice, schedule);
  return once.outcome.value;
}

/** What happened in a run. */
export interface Recording {
  readonly outcome: Outcome;
  readonly chosen: readonly number[];
  readonly counts: readonly number[];
  /** Each step in words: who took it, where, among how many, and when. */
  readonly steps: readonly string[];
}

/** Runs `main` and records each step. */
export async function record(
  stage: Stage,
  main: Main,
  policy: Policy,
  conditions: Conditions,
): Promise<Recording> {
  const watcher = new Watcher();
  const outcome = await stage.run(main, policy, conditions, watcher);
  const { chosen, counts } = stage.core.choices;
  return { outcome, chosen: chosen.slice(), counts: counts.slice(), steps: watcher.steps };
}

/** @throws ScheduleError that names the first step in which two runs differ */
export function compare(once: Recording, twice: Recording, schedule: Schedule): void {
  const at = firstDifference(once.steps, twice.steps);
  if (at === once.steps.length && at === twice.steps.length) return;
  const { [at]: then = "the run was over" } = once.steps;
  const { [at]: now = "the run is over" } = twice.steps;
  throw new ScheduleError(
    `\`main\` is not deterministic: two runs in the same order differ at step ${at + 1}. At first: ${then}; then: ${now}. ` +
      "Look for Date.now(), Math.random(), promises, and what one run leaves to the next",
    formatSchedule(schedule),
    2,
  );
}

/** The first index at which two lists differ; the length of both if they do not. */
function firstDifference<T>(a: readonly T[], b: readonly T[]): number {
  const length = Math.max(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return length;
}

function readiness(count: number | undefined): string {
  return count === undefined ? "the run was over" : `${count} were ready`;
}
