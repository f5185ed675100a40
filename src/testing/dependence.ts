import { outsideWaits } from "../loop/ownPromises.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type { Future } from "../tasks/future.ts";
import { PromiseFuture } from "../tasks/relay.ts";
import { Task } from "../tasks/task.ts";

/**
 * Whether all that `loop` waits for outside may itself wait for the loop, as an async function does that awaits a task.
 *
 * Nobody can see what a promise waits for. But whoever waits for the loop from outside has asked it for a promise. So each
 * such wait may be what one promise is waiting for, unless it ends in a wait for a promise itself.
 */
export function mayDependOn(loop: Scheduler): boolean {
  let left = loop._external;
  for (const { future } of outsideWaits) {
    if (future === undefined) left--;
    else if ((future as Future<unknown>)._loop === loop && !endsOutside(future as never)) left--;
  }
  return left <= 0;
}

function endsOutside(future: Future<unknown>): boolean {
  const seen = new Set<Future<unknown>>();
  const rest = [future];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (next.done() || seen.has(next)) continue;
    seen.add(next);
    if (next instanceof PromiseFuture) return true;
    if (next instanceof Task) {
      const { on } = next._waits();
      if (on !== undefined) rest.push(on);
    } else {
      rest.push(...(next._parts?.() ?? []));
    }
  }
  return false;
}
