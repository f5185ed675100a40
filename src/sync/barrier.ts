import { checkCount } from "../loop/arguments.ts";
import { BareCall, Prompt, type Wait } from "../tasks/bareCall.ts";
import type { Coroutine } from "../tasks/coroutine.ts";
import { Binding } from "./binding.ts";
import { BrokenBarrierError } from "./errors.ts";
import { WaitQueue } from "./waitQueue.ts";

/**
 * Has a number of tasks wait for each other, again and again. Like `asyncio.Barrier`.
 *
 * Who was let through is through: a `reset()` or `abort()` of the same turn is only for those who wait, and who comes
 * next belongs to the next round. (Unlike asyncio's, which lets nobody in before all have left.)
 *
 * It belongs to the loop on which somebody waited for it first.
 */
export class Barrier {
  readonly #parties: number;
  readonly #waiters = new WaitQueue<number>(this, "Barrier", new Binding("Barrier"));
  #isBroken = false;

  /**
   * @param parties how many have to come before all go on.
   * @throws TypeError or RangeError unless `parties` is a whole number >= 1, or Infinity.
   */
  constructor(parties: number) {
    checkCount("parties", parties, 1);
    this.#parties = parties;
  }

  /** How many have to come. */
  get parties(): number {
    return this.#parties;
  }

  /** How many wait. */
  get nWaiting(): number {
    return this.#waiters.length;
  }

  /** Whether it was aborted, and not reset since. */
  get broken(): boolean {
    return this.#isBroken;
  }

  /**
   * Waits until `parties` tasks wait, then lets all of them through. Gives each another number from 0 to `parties - 1`,
   * by order of arrival; the last to come does not suspend.
   *
   * A cancelled task only leaves, and one more has to come.
   *
   * @throws BrokenBarrierError if the barrier is broken, or is aborted or reset meanwhile.
   * @throws RuntimeError if it would have to wait, and others waited on another loop before.
   */
  wait(): Coroutine<number> {
    return new Arrive(this) as unknown as Coroutine<number>;
  }

  /** Has a task wait for the others, or lets all of them through. @internal */
  _arrive(): Wait<number> {
    if (this.#isBroken) throw broken("is broken. Reset it first");
    if (this.#waiters.length + 1 < this.#parties) return this.#waiters.wait();
    let index = 0;
    while (this.#waiters.handOver(index)) index++;
    return new Prompt(index);
  }

  /** Has those who wait fail with a `BrokenBarrierError`, and makes the barrier as new. Does not suspend. */
  *reset(): Coroutine<void> {
    this.#isBroken = false;
    this.#waiters.fail(() => broken("was reset"));
  }

  /**
   * Breaks the barrier: who waits, and who comes before a `reset()`, fails with a `BrokenBarrierError`. Does not
   * suspend.
   */
  *abort(): Coroutine<void> {
    this.#isBroken = true;
    this.#waiters.fail(() => broken("was aborted"));
  }
}

/** The coroutine of `wait()`. */
class Arrive extends BareCall<number> {
  declare readonly _barrier: Barrier;

  constructor(barrier: Barrier) {
    super();
    this._barrier = barrier;
  }

  override get _source(): object {
    return this._barrier;
  }

  override _start(): Wait<number> {
    return this._barrier._arrive();
  }
}

function broken(how: string): BrokenBarrierError {
  return new BrokenBarrierError(`The barrier ${how}`);
}
