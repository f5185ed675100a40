// Decides how much work a case does: all of it, or in a trial just enough to see that it runs.

declare const process: { readonly env: Record<string, string | undefined> } | undefined;

/** Whether this run is only a trial. */
export const isTrial: boolean =
  typeof process !== "undefined" && process.env["MYSYNCIO_BENCH_TRIAL"] === "1";

/** Sizes in a trial are multiples of this, so that one can be divided by another. */
const STEP = 10;
const TRIAL_PART = 2_000;

/** A size, or a small part of it in a trial. */
export function sized(size: number): number {
  return isTrial ? Math.ceil(size / TRIAL_PART / STEP) * STEP : size;
}

/** A size as it is printed: 1,000,000. */
export function count(size: number): string {
  return size.toLocaleString("en");
}
