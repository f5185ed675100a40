// A failing schedule in words: what went wrong, what happened last, and how to have it happen again.

import { isError } from "../loop/brands.ts";
import { ScheduleError } from "../loop/errors.ts";
import type { Conditions } from "./conditions.ts";
import { ScriptPolicy } from "./policies.ts";
import { formatSchedule } from "./schedule.ts";
import type { Failing } from "./shrink.ts";
import type { Main, Stage } from "./trial.ts";
import { Watcher } from "./watcher.ts";

/** How many of the last steps are told. */
const LAST = 12;

/** The error for a schedule in which `main` fails. Runs it once more, to see what it does. */
export async function tell(
  stage: Stage,
  main: Main,
  conditions: Conditions,
  { schedule, failure }: Failing,
  runs: number,
): Promise<ScheduleError> {
  const watcher = new Watcher();
  const { steps } = watcher;
  const { cancel } = schedule;
  const policy = new ScriptPolicy(schedule.chosen);
  const again = await stage.run(main, policy, { ...conditions, cancel }, watcher);
  // In debug mode a deadlock knows the places.
  const seen = again.failure?.kind === failure.kind ? again.failure : failure;
  const text = formatSchedule(schedule);
  const error = isError(seen.error) ? `${seen.error.name}: ${seen.error.message}` : seen.error;
  const lines = [
    `${KINDS[failure.kind]}: ${error}`,
    "",
    `Found in run ${runs}. To see it again: replay(main, ${JSON.stringify(text)})`,
    `or set MYSYNCIO_SCHEDULE=${JSON.stringify(text)} for this test alone.`,
    "",
    steps.length > LAST ? `The last ${LAST} of ${steps.length} steps:` : "The steps:",
    ...steps
      .slice(-LAST)
      .map((step, at) => `    ${Math.max(steps.length - LAST, 0) + at + 1}. ${step}`),
  ];
  if (cancel !== undefined && cancel.at > 0) {
    const who = cancel.target === "" ? "The main task" : `Task ${JSON.stringify(cancel.target)}`;
    lines.push(`${who} is cancelled after it was suspended ${cancel.at} times.`);
  }
  const graph = watcher.graphOfFailure(seen.error);
  if (graph.length > 0) {
    lines.push("", "Who awaits what failed, and where each went on for the last time:");
    lines.push(...graph.map((line) => `    ${line}`));
  }
  if (again.outside.length > 0) {
    lines.push(
      "",
      "It waited for what is outside of the loop, as promises are, whose order is not ours: it need not happen again.",
      ...again.outside,
    );
  }
  return new ScheduleError(lines.join("\n"), text, runs, { cause: seen.error });
}

const KINDS = {
  failed: "`main` failed",
  deadlock: "`main` never ends",
  livelock: "`main` never ends",
  leak: "`main` left tasks behind",
  held: "`main` left locks behind",
  unretrieved: "An exception reached nobody",
} as const;
