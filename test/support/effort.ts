// How many cases a test tries: few in `npm test`, many in the part that `npm run test:all` adds.

import { inject } from "vitest";

/** Whether this is the exhaustive lane. */
export function isExhaustive(): boolean {
  return inject("effort") === "exhaustive";
}

/**
 * Returns how many times to repeat a test: `usual` times in `npm test`, `exhaustive` times in the
 * exhaustive lane. There, a test that no platform changes may repeat only `inPage` times in a page,
 * which takes several times as long as Node.
 */
export function scale(usual: number, exhaustive: number, inPage = exhaustive): number {
  if (!isExhaustive()) return usual;
  return "process" in globalThis ? exhaustive : inPage;
}
