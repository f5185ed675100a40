// The tasks run by the workers of primeSearch.ts.

import { defineTask, reportProgress } from "mysyncio/fleet";

const STEP = 10_000;

/** Counts the primes from `from` up to, but not including, `to`. */
export const countPrimes = defineTask(
  import.meta.url,
  "countPrimes",
  (from: number, to: number): number => {
    let count = 0;
    for (let n = from; n < to; n++) {
      if (n % STEP === 0) reportProgress(n - from);
      if (isPrime(n)) count++;
    }
    return count;
  },
);

function isPrime(n: number): boolean {
  if (n < 4) return n > 1;
  if (n % 2 === 0) return false;
  for (let divisor = 3; divisor * divisor <= n; divisor += 2) {
    if (n % divisor === 0) return false;
  }
  return true;
}
