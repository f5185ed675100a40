import type { Scheduler } from "../loop/scheduler.ts";
import type { Coroutine, Suspension } from "./kernel/coroutine.ts";
import { Future, PENDING, RESULT, SETS_FIELDS } from "./kernel/future.ts";

/**
 * A future completed by something outside the loop. While it is pending, a virtual clock stands
 * still.
 */
export class ExternalFuture<T> extends Future<T> {
  constructor(loop: Scheduler) {
    super(SETS_FIELDS);
    this._loop = loop;
    this._state = PENDING;
    this._outcome = undefined;
    this._waiting = undefined;
    loop._external++;
  }

  override _succeed(value: T): void {
    this._finish(RESULT, value);
  }

  override _finish(state: number, outcome: unknown): void {
    this._loop._external--;
    super._finish(state, outcome);
  }
}

/** Awaits `aw`, which something outside the loop completes. */
export function* awaitExternal<T>(
  loop: Scheduler,
  aw: { [Symbol.iterator](): Iterator<Suspension, T, undefined> },
): Coroutine<T> {
  loop._external++;
  try {
    return yield* aw;
  } finally {
    loop._external--;
  }
}
