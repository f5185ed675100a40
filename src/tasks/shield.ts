import type { CancelledError } from "../loop/errors.ts";
import { type AwaitableLike, ensureFuture } from "./awaitable.ts";
import { Derived } from "./derived.ts";
import type { Future } from "./future.ts";

/**
 * Protects what is awaited: cancelling the future that this gives leaves `aw` alone. Like `asyncio.shield`.
 *
 * A coroutine starts as a task, which the loop keeps until it is done. The future ends as `aw` does, cancelled if `aw`
 * is cancelled by somebody else. What `aw` throws after the future was cancelled is reported, if nobody else awaits it.
 * A future that is done already is given as it is.
 *
 * @throws TypeError if `aw` is not awaitable.
 * @example
 * yield* shield(save(document)); // a cancel ends the wait, not the saving
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

  /** What is shielded is done. @internal */
  _notify(): void {
    const inner = this.#inner;
    if (this.done()) return;
    if (!inner._hasFailed()) this._succeed(inner.result());
    else if (inner.cancelled()) this._abandon(inner._reason() as CancelledError);
    else this._fail(inner._reason());
  }

  /** @internal */
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
