import { checkChoice } from "../../lang/arguments.ts";
import type { AwaitLocation } from "../../lang/locations.ts";
import { monotonicClock } from "../../loop/clock.ts";
import { watchHolders } from "../../loop/holders.ts";
import { checkLoop, type Scheduler } from "../../loop/scheduler.ts";
import type { LoopWarning } from "../../program/loopHooks.ts";
import { functionNameOf } from "../../tasks/kernel/coroutine.ts";
import type { LoopShape, TaskShape } from "../shapes.ts";
import { reader } from "../snapshot.ts";
import { attachDetector } from "./attachDetector.ts";
import type { Detector } from "./detector.ts";

/** The kinds of warnings. */
const WARNING_IDS = [
  ...(["swallowed-cancel", "never-awaited", "never-retrieved"] as const),
  ...(["slow-step", "not-yielding", "self-yielding"] as const),
  ...(["lock-convoy", "herd", "queue-growing", "timer-leak", "promise-loop"] as const),
  ...(["deadlock", "forgotten-task"] as const),
] as const;
export type WarningId = (typeof WARNING_IDS)[number];

const detectors = /* @__PURE__ */ new WeakMap<Scheduler, Detector>();
const ignored = /* @__PURE__ */ new Set<string>();

/**
 * Returns the likely mistakes and bottlenecks of a loop. The first call starts to look for them, so
 * its own result is empty; later calls return what has been found since. The search continues until
 * the loop is closed. It reads the clock twice for each step, and looks at all tasks once a second.
 * `snapshot(loop)` then contains the warnings too, and the hook `warns` gets each new one.
 *
 * Most warnings are raised only if two samples in a row find the problem, at least a second apart
 * by the loop's clock. They stay as long as the problem lasts. Warnings about past events, such as
 * an exception that nobody retrieved, stay until 100 later ones have followed. Coroutines that
 * nobody awaited are found only in debug mode. Holders of locks are known only for locks acquired
 * after the first call.
 *
 * Never waits, and calls nothing of the program except the hooks. `ignore(id)` excludes a kind.
 *
 * @throws TypeError if `loop` is not an event loop.
 * @example
 * loop.instrument({ warns: ({ id, message, place }) => console.warn(id, message, place) });
 * warnings(loop);
 */
export function warnings(loop: Scheduler): LoopWarning[] {
  checkLoop(loop);
  return detectorOf(loop).list((task) => reader.idOf(task));
}

/**
 * Excludes warnings of a kind, on all loops of this thread. Returns a function that includes them
 * again.
 *
 * @param id such as `"slow-step"`.
 * @throws RangeError if there is no such kind.
 */
export function ignore(id: WarningId): () => void {
  checkChoice("id", id, WARNING_IDS);
  ignored.add(id);
  return () => void ignored.delete(id);
}

function detectorOf(loop: Scheduler): Detector {
  const known = detectors.get(loop);
  if (known !== undefined) {
    known.poll();
    return known;
  }
  const ways = { now: () => monotonicClock.now(), placeOf };
  // `LoopShape` has only the fields of a loop that tools of other copies of this package may read,
  // with more precise types.
  const { detector, end } = attachDetector(loop as unknown as LoopShape, reader, ways, ignored);
  detectors.set(loop, detector);
  if (loop.isClosed()) {
    end();
    return detector;
  }
  watchHolders(1, 0);
  loop._resources.add({
    close() {
      end();
      watchHolders(-1, 0);
    },
  });
  return detector;
}

/**
 * In debug mode, returns the function in which a task waits, with the line. Otherwise returns the
 * function that it runs.
 */
function placeOf(task: TaskShape): string {
  const { body, at } = task._inspect();
  const origin = (at as AwaitLocation | undefined)?.origin;
  const generator = (body as { readonly _generator?: object })._generator ?? body;
  const name = origin?.functionName || functionNameOf(generator) || task._describe();
  return origin === undefined ? name : `${name} (${origin.location})`;
}
