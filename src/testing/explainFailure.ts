// Describes a failing schedule: what went wrong, how to replay it, and the steps that led there.

import { ScheduleError } from "../lang/errors.ts";
import { textOf } from "../lang/thrown.ts";
import type { Conditions } from "./conditions.ts";
import type { Failure } from "./failures.ts";
import { ScriptPolicy } from "./policies.ts";
import { deliverPicture, type ReportTarget, reportIdOf } from "./report/report.ts";
import { RunObserver } from "./runObserver.ts";
import { formatSchedule } from "./schedule.ts";
import type { Failing } from "./shrink.ts";
import type { Main, TrialRunner } from "./trial.ts";

/** How many of the last steps are listed. */
const SHOWN_STEPS = 12;

/** A failing schedule in words. */
interface Explanation {
  readonly schedule: string;
  readonly error: unknown;
  readonly lines: readonly string[];
  /**
   * Lines that say where the report is, or why it could not be written. Empty if none was
   * requested.
   */
  readonly reportLines: readonly string[];
}

/**
 * Returns the error for a schedule in which `main` fails. Runs that schedule once more, in debug
 * mode, to observe its steps.
 *
 * @param runs the number of runs up to the failing one, which is included
 */
export async function explainFailure(
  runner: TrialRunner,
  main: Main,
  conditions: Conditions,
  failing: Failing,
  runs: number,
  report: ReportTarget | undefined,
): Promise<ScheduleError> {
  const explanation = await explain(runner, main, conditions, failing, runs, report);
  const { schedule, error, lines, reportLines } = explanation;
  const message = [...lines, ...reportLines].join("\n");
  return new ScheduleError(message, schedule, runs, { cause: error });
}

/**
 * Runs a failing schedule once more to deliver its report. Returns lines that say where the report
 * is, or why it could not be written.
 */
export async function reportFailure(
  runner: TrialRunner,
  main: Main,
  conditions: Conditions,
  failing: Failing,
  report: ReportTarget,
): Promise<readonly string[]> {
  return (await explain(runner, main, conditions, failing, 1, report)).reportLines;
}

async function explain(
  runner: TrialRunner,
  main: Main,
  conditions: Conditions,
  { schedule, failure }: Failing,
  runs: number,
  report: ReportTarget | undefined,
): Promise<Explanation> {
  const { cancel } = schedule;
  const observer = new RunObserver({ draws: report !== undefined });
  const policy = new ScriptPolicy(schedule.chosen);
  const again = await runner.run(main, policy, { ...conditions, cancel }, observer);
  // Prefer the failure of this run: in debug mode, a deadlock error says where each task waits.
  const seen = again.failure?.kind === failure.kind ? again.failure : failure;
  const text = formatSchedule(schedule);
  const quoted = JSON.stringify(text);
  const lines = [
    headlineOf(seen),
    "",
    `Found in run ${runs}. To replay it, call replay(main, ${quoted}),`,
    `or run this test alone with MYSYNCIO_SCHEDULE=${quoted}.`,
    "",
    ...(again.isAsync ? departureLines(observer.departures) : []),
    ...stepLines(observer.steps),
  ];
  if (again.cancelledAt !== undefined) {
    lines.push("", `This run cancels await number ${cancel?.at}, in ${again.cancelledAt}.`);
    if (again.isSwallowed) lines.push("The program caught the CancelledError and continued.");
  } else if (cancel !== undefined && cancel.at > 0) {
    const target = cancel.target === "" ? "`main`" : `task ${JSON.stringify(cancel.target)}`;
    lines.push("", `This run cancels ${target} at suspension ${cancel.at}.`);
  }
  const graph = observer.graphOfFailure(seen.error);
  if (graph.length > 0) {
    lines.push("", "The task that failed and the tasks that await it, as of their last steps:");
    lines.push(...graph.map((line) => `    ${line}`));
  }
  if (again.outside.length > 0) {
    lines.push(
      "",
      "This run waits for something outside the loop, such as a promise or a socket. `explore`",
      "can't control when it completes, so a replay may run in a different order:",
      ...again.outside,
    );
  }
  const { timeline } = observer;
  let reportLines: string[] = [];
  if (report !== undefined && timeline !== undefined) {
    const headline = headlineOf(seen).split("\n", 1)[0] as string;
    const failsAtEnd = seen.kind === "failed" || seen.kind === "unretrieved";
    const run = { headline, message: lines.join("\n"), timeline, failsAtEnd };
    reportLines = await deliverPicture(report, run, reportIdOf(main, text, headline));
  }
  return { schedule: text, error: seen.error, lines, reportLines };
}

/**
 * Returns the headline of a failure. Errors made by `explore` itself already describe the failure.
 */
function headlineOf({ kind, error }: Failure): string {
  if (kind !== "failed" && kind !== "unretrieved") return (error as Error).message;
  const text = textOf(error);
  return `${kind === "failed" ? "`main` failed" : "An exception was never handled"}: ${text}`;
}

/** Lists the differences from native order, in which the host runs the program by itself. */
function departureLines(departures: readonly string[]): string[] {
  if (departures.length === 0) return ["It fails in native order too.", ""];
  const lines = departures.map((departure, index) => `    ${index + 1}. ${departure}`);
  const things = departures.length === 1 ? "one thing" : `${departures.length} things`;
  return [
    `It happens if ${things} differ${departures.length === 1 ? "s" : ""} from native order:`,
    ...lines,
    "",
  ];
}

function stepLines(steps: readonly string[]): string[] {
  const first = Math.max(steps.length - SHOWN_STEPS, 0);
  const shown = steps.slice(first).map((step, index) => `    ${first + index + 1}. ${step}`);
  return [first > 0 ? `The last ${SHOWN_STEPS} of ${steps.length} steps:` : "The steps:", ...shown];
}
