import { checkBoolean, checkOptions } from "../loop/arguments.ts";
import { type CancelledError, newCancelledError } from "../loop/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { type AwaitableLike, checkAwaitables, loopFor, startAll } from "./awaitable.ts";
import { type Passing, passOn, type Told } from "./cancelling.ts";
import { Derived } from "./derived.ts";
import type { Future } from "./future.ts";

/** What awaiting an `A` gives. */
export type AwaitedBy<A> = A extends (...args: never) => infer R
  ? AwaitedBy<R>
  : A extends Generator<unknown, infer T, unknown>
    ? T
    : Awaited<A>;

/** The results of a list of awaitables, place by place. */
export type AwaitedAll<A extends readonly unknown[]> = {
  -readonly [K in keyof A]: AwaitedBy<A[K]>;
};

/**
 * Awaits all of `aws` at once. Gives their results in the order of `aws`, typed place by place. Like `asyncio.gather`.
 *
 * Coroutines start as tasks, in order. The first exception goes to whoever awaits the gather; the others go on, and what
 * they throw later counts as retrieved. With `returnExceptions` exceptions are results. One awaitable that is given
 * twice is awaited once.
 *
 * Cancelling the gather cancels all that are not done. A child that is cancelled by somebody else is an error like any
 * other: the gather fails with its `CancelledError`, and is not cancelled itself.
 *
 * @throws TypeError if one of `aws` is not awaitable; nothing is started then.
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
  const loop = loopFor(all, "gather()");
  return new Gathering(loop, startAll(loop, all), returnExceptions);
}

class Gathering extends Derived<unknown[]> implements Passing {
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
    for (const child of children) if (child.done()) this._look(child);
    if (this.#pending === 0) this._end();
  }

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    return passOn(this, this.#children, message);
  }

  /** @internal */
  override _passesTo(): readonly Future<unknown>[] {
    return this.#children;
  }

  /** @internal */
  get _canStop(): boolean {
    return false;
  }

  /** @internal */
  _beginCancel(message: string | undefined): string | undefined {
    const before = this.#cancelled;
    // The gather ends with the first child that ends cancelled, which a bare future does at once, or with the last one.
    this.#cancelled = message ?? "The gather was cancelled";
    return before;
  }

  /** @internal */
  _endCancel({ before, isPassedOn }: Told): boolean {
    if (!isPassedOn) this.#cancelled = before as string | undefined;
    return isPassedOn;
  }

  /** A child is done. @internal */
  _notify(child: Future<unknown>): void {
    this.#pending--;
    this._look(child);
    if (this.#pending === 0) this._end();
  }

  override _describe(): string {
    return "Gather";
  }

  override _parts(): readonly Future<unknown>[] {
    return this.#children;
  }

  /** Fails with the first child that does, unless exceptions are results. @internal */
  _look(child: Future<unknown>): void {
    if (!child._hasFailed()) return;
    const reason = child._reason();
    if (this.done() || this.#returnExceptions) return;
    if (child.cancelled() && this.#cancelled !== undefined) this._abandon(reason as CancelledError);
    else this._fail(reason);
  }

  /** @internal */
  _end(): void {
    if (this.done()) return;
    if (this.#cancelled !== undefined) return this._abandon(newCancelledError(this.#cancelled));
    this._succeed(
      this.#children.map((child) => (child._hasFailed() ? child._reason() : child.result())),
    );
  }
}
