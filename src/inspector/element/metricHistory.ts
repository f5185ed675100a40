// Keeps the latest readings of a loop's metrics, for the small curves.

import { signal } from "@preact/signals-core";
import type { LoopSnapshot } from "../types.ts";

/** How many readings are kept. */
export const MAX_READINGS = 80;

export const METRICS = ["tasks", "ready", "timers", "lag", "busy", "outside"] as const;
export type Metric = (typeof METRICS)[number];

export class MetricHistory {
  /** Changes with the history, so that whatever shows the history is drawn again. */
  readonly version = signal(0);
  readonly #values = new Map<Metric, number[]>(METRICS.map((metric) => [metric, []]));

  add({ loop, tasks }: LoopSnapshot): void {
    const now: Record<Metric, number | null> = {
      tasks: tasks.length,
      ready: loop.ready,
      timers: loop.timers,
      lag: loop.lag,
      busy: loop.utilization === null ? null : loop.utilization * 100,
      outside: loop.externals,
    };
    for (const metric of METRICS) {
      const values = this.of(metric) as number[];
      values.push(now[metric] ?? Number.NaN);
      if (values.length > MAX_READINGS) values.shift();
    }
    this.version.value++;
  }

  /** Returns the readings of a metric, the latest one last. NaN means unknown. */
  of(metric: Metric): readonly number[] {
    return this.#values.get(metric) ?? [];
  }

  clear(): void {
    for (const values of this.#values.values()) values.length = 0;
    this.version.value++;
  }
}
