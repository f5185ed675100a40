// Summaries of many rounds.

/** A figure that was measured several times. */
export interface Summary {
  readonly median: number;
  /** Half the interquartile range, relative to the median: of ten rounds, five are within it. */
  readonly spread: number;
}

export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError("Expected at least one value to summarize");
  const sorted = values.toSorted((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  return { median, spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / median };
}

export function median(values: readonly number[]): number {
  return summarize(values).median;
}

/** The value below which `part` of the values lie: 0.99 for the 99th percentile. */
export function percentile(values: readonly number[], part: number): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    part,
  );
}

/** Interpolates between two values, so that every round has the same weight. */
function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}
