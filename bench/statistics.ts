// What many rounds say together.

/** A figure that was taken several times. */
export interface Summary {
  readonly median: number;
  /** Half the range of the middle half, in parts of the median: of ten rounds, five are within. */
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

/** Between two values it is in proportion, so that no round counts for more than another. */
function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}
