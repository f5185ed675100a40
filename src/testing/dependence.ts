import { pendingFrom } from "../debug/pendingFrom.ts";
import { outsideWaits } from "../loop/ownPromises.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { allTasks } from "../tasks/currentTask.ts";
import { ExternalFuture } from "../tasks/externalFuture.ts";
import type { Future } from "../tasks/kernel/future.ts";
import { Task } from "../tasks/kernel/task.ts";
import { PromiseFuture } from "../tasks/relay.ts";

/**
 * Returns whether everything that `loop` awaits from outside may itself be waiting for the loop,
 * like an async function that awaits a task.
 *
 * A promise doesn't reveal what it depends on, so this function counts waits. Code outside the loop
 * can wait for the loop only in ways that are recorded: through a promise for one of its futures,
 * or in the line of a primitive. Each recorded wait that can end may explain one of the loop's
 * external waits: the loop may be awaiting the code that waits. A wait for a future that itself
 * awaits promises can end once other waits explain those promises. Streams, processes and threads
 * don't wait for the loop, so this function returns false if the loop awaits one of them.
 */
export function outsideMayWaitFor(loop: Scheduler): boolean {
  const explained = new Set<PromiseFuture<unknown>>();
  let endable = 0;
  let rest = wantedBy(loop);
  for (let before = -1; before < endable; ) {
    before = endable;
    rest = rest.filter((promises) => {
      const missing = promises.filter((promise) => !explained.has(promise));
      if (explained.size + missing.length > endable) return true;
      for (const promise of missing) explained.add(promise);
      endable++;
      return false;
    });
  }
  return endable >= loop._external && !awaitsMoreThanPromises(loop);
}

function awaitsMoreThanPromises(loop: Scheduler): boolean {
  const seen = new Set<Future<unknown>>();
  for (const task of allTasks(loop)) {
    for (const each of pendingFrom<Future<unknown>>(task, awaitedBy, seen)) {
      if (each instanceof ExternalFuture && !(each instanceof PromiseFuture)) return true;
    }
  }
  return false;
}

/**
 * Returns, for each outside wait for `loop`, the promises that must settle before that wait can
 * end.
 */
function wantedBy(loop: Scheduler): readonly (readonly PromiseFuture<unknown>[])[] {
  const wanted: PromiseFuture<unknown>[][] = [];
  for (const { future } of outsideWaits as Iterable<{ future?: Future<unknown> }>) {
    // Without a future, the wait is in the line of a primitive.
    if (future === undefined) wanted.push([]);
    else if (future._loop === loop) wanted.push(promisesBehind(future));
  }
  return wanted.sort((a, b) => a.length - b.length);
}

/** Returns the promises that `future` waits for, directly or through other futures. */
function promisesBehind(future: Future<unknown>): PromiseFuture<unknown>[] {
  return [...pendingFrom(future, awaitedBy)].filter(
    (each): each is PromiseFuture<unknown> => each instanceof PromiseFuture,
  );
}

function awaitedBy(future: Future<unknown>): Iterable<Future<unknown>> {
  if (!(future instanceof Task)) return future._parts?.() ?? [];
  const { on } = future._inspect();
  return on === undefined ? [] : [on];
}
