import { notePromise, outsideWaits } from "../../loop/ownPromises.ts";

/** The part of a future that a promise needs. */
interface Source<T> {
  done(): boolean;
  result(): T;
  _hasFailed(): boolean;
  _reason(): unknown;
  _addWaiter(waiter: { _notify(): void }): void;
}

/**
 * Returns a promise that settles as `future` does. If the future is done, the promise settles even
 * if no loop runs.
 */
export function promiseOf<T>(future: Source<T>): Promise<T> {
  const wait = { _notify: settle, future };
  let resolve: (value: T) => void;
  let reject: (reason: unknown) => void;
  const promise = new Promise<T>((...both) => {
    [resolve, reject] = both;
  });
  function settle(): void {
    outsideWaits.delete(wait);
    if (future._hasFailed()) reject(future._reason());
    else resolve(future.result());
  }
  if (future.done()) {
    settle();
  } else {
    future._addWaiter(wait);
    notePromise(promise, wait);
  }
  return promise;
}
