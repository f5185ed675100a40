import { currentScheduler } from "../loop/current.ts";
import { ExternalFuture } from "../tasks/externalFuture.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import type { Future } from "../tasks/kernel/future.ts";

/** Tasks that wait for an event outside the loop. */
export class Waiters {
  #futures: Set<Future<void>> | undefined;

  /** Waits for the next `wake()`. Errors name the `caller`. */
  *wait(caller: string): Coroutine<void> {
    const future = new ExternalFuture<void>(currentScheduler(caller));
    this.#futures ??= new Set();
    this.#futures.add(future);
    try {
      yield* future;
    } finally {
      future.cancel();
      this.#futures?.delete(future);
    }
  }

  /** Wakes all waiting tasks, in the order in which they began to wait. */
  wake(): void {
    const futures = this.#futures;
    this.#futures = undefined;
    for (const future of futures ?? []) future._trySucceed();
  }
}
