// The error of a deadlocked loop.

import { DeadlockError } from "../lang/errors.ts";
import { platform } from "./platform.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * Returns an error that explains why `loop` is deadlocked.
 *
 * @param waited how many milliseconds the loop waited for something outside, if that is the reason.
 */
export function deadlock(loop: Scheduler, waited?: number): DeadlockError {
  const graph = platform.graph?.(loop);
  const text =
    waited !== undefined
      ? `Nothing happened outside the loop within ${waited} ms of real time (\`externalTimeout\`)`
      : loop._external === 0
        ? "Nothing is ready and no timer is pending"
        : "Promises cannot settle while this thread is blocked: use `run()`";
  return new DeadlockError(text + (graph?.text ?? ""), graph?.waits);
}
