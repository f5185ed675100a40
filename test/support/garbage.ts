import { hostTimer } from "./host.ts";

/** How often to look whether the collector has come round. */
const LOOKS = 100;

/** Collects garbage until `enough` says so, or for a while. */
export async function collectGarbage(enough: () => boolean): Promise<void> {
  for (let look = 0; look < LOOKS && !enough(); look++) {
    // A WeakRef that was asked keeps its object until the end of the job.
    await hostTimer();
    (globalThis as unknown as { gc: () => void }).gc();
    await hostTimer(1);
  }
}
