import type { CancelledError } from "../lang/errors.ts";
import type { AwaitableLike } from "./awaitable.ts";
import { Derived } from "./derived.ts";
import { ensureFuture } from "./ensureFuture.ts";
import type { Future } from "./kernel/future.ts";

/**
 * Returns a future of `aw` whose cancellation doesn't affect `aw`. Like `asyncio.shield`.
 *
 * A coroutine starts as a task, which the loop keeps until it is done. The returned future
 * completes as `aw` does, and is cancelled if `aw` is cancelled by others. If `aw` fails after the
 * returned future was cancelled, the error of `aw` is reported, unless something else awaits `aw`.
 * If `aw` is a future that is already done, returns `aw` itself.
 *
 * @throws TypeError if `aw` is not awaitable.
 * @example
 * yield* shield(save(draft)); // a cancellation ends the wait, not the saving
 */
export function shield<T>(aw: AwaitableLike<T>): Future<T> {
  const inner = ensureFuture(aw);
  return inner.done() ? inner : new Shield(inner);
}

class Shield<T> extends Derived<T> {
  readonly #inner: Future<T>;

  constructor(inner: Future<T>) {
    super(undefined, inner._loop);
    this.#inner = inner;
    inner._addWaiter(this);
  }

  /** Called when `aw` is done. */
  _notify(): void {
    const inner = this.#inner;
    if (this.done()) return;
    if (!inner._hasFailed()) this._succeed(inner.result());
    else if (inner.cancelled()) this._abandon(inner._reason() as CancelledError);
    else this._fail(inner._reason());
  }

  override _abandon(error: CancelledError): void {
    super._abandon(error);
    this.#inner._removeWaiter(this);
  }

  override _describe(): string {
    return "Shield";
  }

  override _parts(): readonly Future<unknown>[] {
    return [this.#inner];
  }
}
