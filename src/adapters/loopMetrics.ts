// Reports the statistics of a loop as OpenTelemetry metrics.

import type { BatchObservableCallback, Meter } from "@opentelemetry/api";
import { type LoopStatistics, statistics } from "../inspector/statistics.ts";
import { checkOptions, wrongType } from "../lang/arguments.ts";
import { currentScheduler } from "../loop/current.ts";
import { checkLoop, type Scheduler } from "../loop/scheduler.ts";
import { allTasks } from "../tasks/currentTask.ts";

/** The options of `metrics`. */
export interface MetricsOptions {
  /** The loop to measure; by default the running one. */
  readonly loop?: Scheduler | undefined;
  /** The attributes of all measurements, such as the name of the loop. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
}

type Kind = "Counter" | "UpDownCounter" | "Gauge";
type Read = (known: LoopStatistics, loop: Scheduler) => number | null;

const inSeconds = (time: number | null) => (time === null ? null : time / 1_000);

/**
 * For each metric: its kind, its name after "mysyncio.", its unit, its description, and a function
 * that reads its value.
 */
const METRICS: readonly (readonly [Kind, string, string, string, Read])[] = [
  ["Gauge", "loop.utilization", "1", "Busy part of the last second", (known) => known.utilization],
  ["Gauge", "loop.lag", "s", "Mean lateness of timers", (known) => inSeconds(known.lag)],
  ["Counter", "loop.busy", "s", "Time in turns", (known) => inSeconds(known.busy)],
  ["Counter", "loop.turns", "{turn}", "Turns", (known) => known.turns],
  ["Counter", "loop.steps", "{step}", "Steps of tasks", (known) => known.steps],
  ["Counter", "loop.callbacks", "{callback}", "Callbacks called", (known) => known.callbacks],
  ["Counter", "tasks.started", "{task}", "Tasks started", (known) => known.tasksStarted],
  ["Counter", "tasks.ended", "{task}", "Tasks ended", (known) => known.tasksEnded],
  ["UpDownCounter", "tasks.active", "{task}", "Tasks not done", (_, loop) => allTasks(loop).size],
];

/**
 * Reports the statistics of a loop as metrics of OpenTelemetry, each time `meter` collects them:
 * `mysyncio.loop.utilization`, `.lag`, `.busy`, `.turns`, `.steps` and `.callbacks`, and
 * `mysyncio.tasks.started`, `.ended` and `.active`. Counting begins with the first call of
 * `metrics` or `statistics` for the loop. From then on, the clock is read twice for each step.
 *
 * Returns a function that stops reporting.
 *
 * @throws TypeError if an argument is invalid.
 * @throws RuntimeError if no loop is given and none is running.
 * @example
 * const stop = metrics(provider.getMeter("app"), { loop });
 */
export function metrics(meter: Meter, options: MetricsOptions = {}): () => void {
  if (typeof (meter as Partial<Meter> | null)?.addBatchObservableCallback !== "function") {
    throw wrongType("meter", "a meter of OpenTelemetry", meter);
  }
  checkOptions(options);
  const { loop = currentScheduler("metrics()"), attributes = {} } = options;
  checkLoop(loop);
  statistics(loop);
  const readers = METRICS.map(([kind, name, unit, description, read]) => {
    const observable = meter[`createObservable${kind}`](`mysyncio.${name}`, { unit, description });
    return { observable, read };
  });
  const observe: BatchObservableCallback = (result) => {
    const known = statistics(loop);
    for (const { observable, read } of readers) {
      const value = read(known, loop);
      if (value !== null) result.observe(observable, value, attributes);
    }
  };
  const observables = readers.map(({ observable }) => observable);
  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}
