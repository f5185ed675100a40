// Coroutines that have not been awaited yet.
//
// A bare call of a coroutine function does nothing, and causes no error. In debug mode, each
// coroutine object stays recorded from its creation until something uses it: `yield*`, a task, a
// call of `next()`, or a function of the library. A coroutine that was never used is reported to a
// loop when it is collected, at the latest when that loop closes.
//
// A coroutine belongs to no loop. It is reported to the loop in whose turn it was created, if that
// loop is in debug mode. Otherwise it is reported to the loop that entered debug mode last. So is a
// coroutine that is created outside any turn, such as in an event listener of a page.

import { locationOfCall, locations } from "../lang/locations.ts";
import { runningScheduler } from "./current.ts";
import type { ExceptionContext, Scheduler } from "./scheduler.ts";
import { type Note, reportWhenCollected } from "./unretrieved.ts";

/**
 * The loops in debug mode, in the order in which they entered it, with the pending notes of each.
 */
const loops = /* @__PURE__ */ new Map<Scheduler, Set<Note>>();
/** By coroutine, a function that withdraws its note, so that it is not reported. */
const withdrawals = /* @__PURE__ */ new WeakMap<object, () => void>();

/** The report of a coroutine that was never awaited. A class, so that hooks recognize it. */
export class NeverAwaited implements ExceptionContext {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** Starts recording coroutines on behalf of `loop`. */
export function watchUnawaited(loop: Scheduler): void {
  locations.watchers++;
  loops.set(loop, new Set());
}

/**
 * Stops recording. If `isReporting`, reports the recorded coroutines, whether collected or not.
 * Otherwise drops them.
 */
export function unwatchUnawaited(loop: Scheduler, isReporting: boolean): void {
  const pending = loops.get(loop) as Set<Note>;
  // Stop before the reports, because the exception handler may create coroutines too.
  locations.watchers--;
  loops.delete(loop);
  if (isReporting) for (const note of [...pending]) note.report();
  pending.clear();
}

/**
 * Records a coroutine that a call of `callee` created. `callee` must be on the stack. Called in
 * debug mode only.
 *
 * @param name the name of the coroutine function, unless it is one of the library's.
 */
export function noteMade(coro: object, callee: unknown, name?: string): void {
  const running = runningScheduler() as Scheduler;
  const loop = loops.has(running) ? running : ([...loops.keys()].at(-1) as Scheduler);
  const pending = loops.get(loop) as Set<Note>;
  const location = locationOfCall(callee);
  // If the function is one of the library's, its frame is just inside the user's frame. The engine
  // adds a prefix to its name if the call is `mysyncio.sleep()`, and a bundler may add numbers.
  const called =
    location?.frames[location.frames.indexOf(location.origin) - 1]?.functionName.replace(
      /^Module\.|\d+\b/g,
      "",
    ) ?? name;
  const where = location === undefined ? "" : `, made at ${location.origin.location},`;
  const message = `The coroutine \`${called || "anonymous"}\`${where} was never awaited. Did you forget \`yield*\`?`;
  // The note must not reference the coroutine, which would then never be collected.
  const note: Note = {
    report: () => {
      if (pending.delete(note)) loop.callExceptionHandler(new NeverAwaited(message));
    },
  };
  pending.add(note);
  withdrawals.set(coro, () => pending.delete(note));
  reportWhenCollected(coro, note);
}

/** Records that a coroutine is used. Ignores any other value. */
export function noteAwaited(coro: unknown): void {
  if (locations.watchers > 0) withdrawals.get(coro as object)?.();
}
