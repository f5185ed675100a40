import type { Coroutine } from "../tasks/coroutine.ts";
import { currentScheduler, Future } from "../tasks/future.ts";

/** Tasks that wait for something that happens outside of the loop. */
export class Waiters {
  #futures: Set<Future<void>> | undefined;

  /** Waits for the next `wake()`. `what` names the caller in errors. */
  *wait(what: string): Coroutine<void> {
    const loop = currentScheduler(what);
    const future = new Future<void>(undefined, loop);
    this.#futures ??= new Set();
    this.#futures.add(future);
    loop._external++;
    try {
      yield* future;
    } finally {
      loop._external--;
      this.#futures?.delete(future);
    }
  }

  /** Wakes all who wait, in the order in which they began. */
  wake(): void {
    const futures = this.#futures;
    this.#futures = undefined;
    if (futures === undefined) return;
    for (const future of futures) if (!future.done()) future._succeed();
  }
}
