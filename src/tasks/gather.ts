import { checkBoolean, checkOptions } from "../lang/arguments.ts";
import { type CancelledError, newCancelledError } from "../lang/errors.ts";
import { keepInstances } from "../loop/kept.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { type AwaitableLike, checkAwaitables, loopOfAwaitables } from "./awaitable.ts";
import { Derived } from "./derived.ts";
import { startAll } from "./ensureFuture.ts";
import { type CancelOutcome, type Passing, passOnCancellation } from "./kernel/cancelling.ts";
import { Future } from "./kernel/future.ts";

/** The result of awaiting an `A`. */
export type AwaitedBy<A> = A extends (...args: never) => infer R
  ? AwaitedBy<R>
  : A extends Generator<unknown, infer T, unknown>
    ? T
    : Awaited<A>;

/** The results of a list of awaitables, as a tuple. */
export type AwaitedAll<A extends readonly unknown[]> = {
  -readonly [K in keyof A]: AwaitedBy<A[K]>;
};

/**
 * Awaits all of `aws` concurrently. Returns a future of their results in the order of `aws`, typed
 * as a tuple. Like `asyncio.gather`.
 *
 * Coroutines start as tasks, in order. The gather fails with the first exception; the others of
 * `aws` continue, and their later exceptions count as retrieved. With `returnExceptions`,
 * exceptions are results. A repeated awaitable is awaited once, but a repeated function is called
 * each time.
 *
 * Cancelling the gather cancels everything in `aws` that is not done. If something else cancels one
 * of `aws`, the gather fails with that `CancelledError`, but is not cancelled itself.
 *
 * @throws TypeError if one of `aws` is not awaitable. Nothing is started then.
 * @example
 * const [user, posts] = yield* gather([fetchUser(id), fetchPosts(id)]);
 */
export function gather<const A extends readonly AwaitableLike<unknown>[]>(
  aws: A,
  options?: { readonly returnExceptions?: false | undefined },
): Future<AwaitedAll<A>>;
export function gather<const A extends readonly AwaitableLike<unknown>[]>(
  aws: A,
  options: { readonly returnExceptions: boolean },
): Future<{ -readonly [K in keyof A]: AwaitedBy<A[K]> | Error }>;
export function gather<T>(
  aws: Iterable<AwaitableLike<T>>,
  options?: { readonly returnExceptions?: boolean | undefined },
): Future<T[]>;
export function gather(
  aws: Iterable<AwaitableLike<unknown>>,
  options: { readonly returnExceptions?: boolean | undefined } = {},
): Future<unknown[]> {
  const all = checkAwaitables(aws);
  checkOptions(options);
  const { returnExceptions = false } = options;
  checkBoolean("returnExceptions", returnExceptions);
  const loop = loopOfAwaitables(all, "gather()");
  return new Gathering(loop, startAll(loop, all), returnExceptions);
}

class Gathering extends Derived<unknown[]> implements Passing {
  static override readonly _kept = /* @__PURE__ */ keepInstances(gatheringToKeep);

  readonly #children: readonly Future<unknown>[];
  readonly #returnExceptions: boolean;
  #pending = 0;
  #cancelled: string | undefined;

  constructor(loop: Scheduler, children: readonly Future<unknown>[], returnExceptions: boolean) {
    super(undefined, loop);
    this.#children = children;
    this.#returnExceptions = returnExceptions;
    for (const child of children) {
      if (child.done()) continue;
      this.#pending++;
      child._addWaiter(this);
    }
    for (const child of children) if (child.done()) this._propagateFailure(child);
    if (this.#pending === 0) this._end();
  }

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    return passOnCancellation(this, this.#children, message);
  }

  override _passesTo(): readonly Future<unknown>[] {
    return this.#children;
  }

  get _canStop(): boolean {
    return false;
  }

  _beginCancel(message: string | undefined): string | undefined {
    const before = this.#cancelled;
    // Set before the children are cancelled, because a plain future ends immediately, and the
    // gather may end with its first cancelled child.
    this.#cancelled = message ?? "The gather was cancelled";
    return before;
  }

  _endCancel({ before, isPassedOn }: CancelOutcome): boolean {
    if (!isPassedOn) this.#cancelled = before as string | undefined;
    return isPassedOn;
  }

  /** Called when a child is done. */
  _notify(child: Future<unknown>): void {
    this.#pending--;
    this._propagateFailure(child);
    if (this.#pending === 0) this._end();
  }

  override _describe(): string {
    return "Gather";
  }

  override _parts(): readonly Future<unknown>[] {
    return this.#children;
  }

  /** Fails the gather if `child` has failed and exceptions are not results. */
  _propagateFailure(child: Future<unknown>): void {
    if (!child._hasFailed()) return;
    const reason = child._reason();
    if (this.done() || this.#returnExceptions) return;
    if (child.cancelled() && this.#cancelled !== undefined) this._abandon(reason as CancelledError);
    else this._fail(reason);
  }

  _end(): void {
    if (this.done()) return;
    if (this.#cancelled !== undefined) return this._abandon(newCancelledError(this.#cancelled));
    this._succeed(
      this.#children.map((child) => (child._hasFailed() ? child._reason() : child.result())),
    );
  }
}

function gatheringToKeep(loop: Scheduler): readonly object[] {
  return [new Gathering(loop, [new Future(undefined, loop)], false)];
}
