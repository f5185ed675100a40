// How much work a case does: all of it, or in a trial just enough to see that it runs.

declare const process: { readonly env: Record<string, string | undefined> } | undefined;

/** Whether this run only tries whether everything works. */
export const isTrial: boolean =
  typeof process !== "undefined" && process.env["MYSYNCIO_BENCH_TRIAL"] === "1";

/** Sizes are multiples of it, so that one can be shared out among another. */
const STEP = 10;
const TRIAL_PART = 2_000;

/** The size of something, in a trial a small part of it. */
export function sized(size: number): number {
  return isTrial ? Math.ceil(size / TRIAL_PART / STEP) * STEP : size;
}

/** A size as it is read: 1,000,000. */
export function count(size: number): string {
  return size.toLocaleString("en");
}
