import { hostTimer } from "./host.ts";

/** How often to check whether the collector has run. */
const LOOKS = 100;

/** Collects garbage until `enough` returns true, or for a limited time. */
export async function collectGarbage(enough: () => boolean): Promise<void> {
  for (let look = 0; look < LOOKS && !enough(); look++) {
    // A WeakRef that was dereferenced keeps its object until the end of the job.
    await hostTimer();
    (globalThis as unknown as { gc: () => void }).gc();
    await hostTimer(1);
  }
}
