// Promises that a loop settles itself, for clocks that don't advance by themselves.
//
// Such a clock stands still while the loop awaits something external. But a promise made from a
// future is settled by the loop itself, so a wait for that promise would never end if the clock
// stood still. While any loop has such a clock, each promise made from a future is recorded
// together with that future. While the promise is pending, it stands for outside code that waits
// for the loop.

/** Outside code that waits for a loop: for one of its futures, or in the line of a primitive. */
interface OutsideWait {
  readonly future?: object;
}

/** The outside code that waits for a loop at present. */
export const outsideWaits = /* @__PURE__ */ new Set<OutsideWait>();
const sources = /* @__PURE__ */ new WeakMap<object, OutsideWait>();

/** How many loops have a clock that doesn't advance by itself. */
let jumping = 0;

/** Adds (1) or removes (-1) a loop for which promises must be recorded. */
export function watchPromises(difference: 1 | -1): void {
  jumping += difference;
  if (jumping === 0) outsideWaits.clear();
}

/** Records that the loop will settle `promise`. */
export function notePromise(promise: object, wait: OutsideWait): void {
  if (jumping === 0) return;
  outsideWaits.add(wait);
  sources.set(promise, wait);
}

/**
 * Returns the future from which `promise` was made; undefined if none was recorded. From then on,
 * the promise no longer stands for outside code.
 */
export function takeSource(promise: object): object | undefined {
  if (jumping === 0) return undefined;
  const wait = sources.get(promise);
  if (wait !== undefined) outsideWaits.delete(wait);
  return wait?.future;
}
