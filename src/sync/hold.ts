import { dispose } from "../loop/dispose.ts";
import { operation } from "../tasks/bareCall.ts";
import type { Coroutine } from "../tasks/coroutine.ts";

/** What is acquired and released. */
export interface Releasable {
  acquire(): Coroutine<true>;
  release(): void;
}

/** Acquires, and gives what releases at the end of a `using` block, once. */
export function hold(what: Releasable): Coroutine<Disposable> {
  return operation(holding(what));
}

function* holding(what: Releasable): Coroutine<Disposable> {
  yield* what.acquire();
  let isHeld = true;
  return {
    [dispose]() {
      if (isHeld) what.release();
      isHeld = false;
    },
  };
}
