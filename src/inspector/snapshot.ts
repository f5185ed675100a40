import { checkLoop, type Scheduler } from "../loop/scheduler.ts";
import { functionNameOf } from "../tasks/kernel/coroutine.ts";
import { type Known, Reader } from "./reader.ts";
import type { LoopShape } from "./shapes.ts";
import type { LoopSnapshot } from "./types.ts";

/** The reader for all snapshots in this process, so that an object has the same id in each. */
export const reader = /* @__PURE__ */ new Reader();

const KNOWN: Known = { functionName: functionNameOf };

/**
 * Returns everything that can be seen of a loop at this moment, as plain data that survives JSON:
 * its tasks and what each waits for, the ready queue, the timer heap, locks and queues with their
 * lines, and calls in other threads.
 *
 * Works at any time and needs no preparation. Numbers about the past, such as the steps of a task,
 * are null unless `statistics(loop)` was called before. Holders of locks are known in debug mode,
 * on a virtual clock, and after `warnings(loop)` was called. Contains no arguments, results or
 * other values of the program.
 *
 * @throws TypeError if `loop` is not an event loop.
 */
export function snapshot(loop: Scheduler): LoopSnapshot {
  checkLoop(loop);
  // A cast, because the types of `LoopShape` are more precise than those of `Scheduler`. It
  // declares only the fields that tools may read, also in loops of other copies of this package.
  return reader.read(loop as unknown as LoopShape, KNOWN).snapshot;
}
