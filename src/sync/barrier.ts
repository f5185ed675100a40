import { checkCount } from "../lang/arguments.ts";
import type { Coroutine } from "../tasks/kernel/coroutine.ts";
import { asCoroutine, Immediate, LazyCall, procedure, type Wait } from "../tasks/lazyCall.ts";
import { Binding } from "./binding.ts";
import { BrokenBarrierError } from "./errors.ts";
import { WaitQueue } from "./waitQueue.ts";

/**
 * Lets a fixed number of tasks wait for each other, round after round. Like `asyncio.Barrier`.
 *
 * The last task to arrive releases all of them at once, so a later `reset()` or `abort()` in the
 * same turn doesn't affect them, and the next arrival belongs to the next round. (In asyncio, a
 * barrier admits no new task until all released tasks have left.)
 *
 * Belongs to the loop of the first task that waits for it.
 */
export class Barrier {
  readonly #parties: number;
  readonly #waiters = new WaitQueue<number>(this, "Barrier", new Binding("Barrier"));
  #isBroken = false;

  /**
   * @param parties how many tasks must arrive to release all of them.
   * @throws TypeError or RangeError unless `parties` is an integer >= 1 or Infinity.
   */
  constructor(parties: number) {
    checkCount("parties", parties, 1);
    this.#parties = parties;
  }

  /** How many tasks must arrive. */
  get parties(): number {
    return this.#parties;
  }

  /** How many tasks are waiting. */
  get nWaiting(): number {
    return this.#waiters.length;
  }

  /** Whether the barrier was aborted, and not reset since. */
  get broken(): boolean {
    return this.#isBroken;
  }

  /**
   * Waits until `parties` tasks have arrived. Returns a distinct index to each, from 0 to `parties
   * - 1`: the last to arrive gets the highest, and does not suspend.
   *
   * A cancelled task leaves, and another one must arrive in its place.
   *
   * @throws BrokenBarrierError if the barrier is broken, or is aborted or reset during the wait.
   * @throws RuntimeError if the task must wait, and the barrier belongs to another loop.
   */
  wait(): Coroutine<number> {
    return asCoroutine(new Arrive(this));
  }

  /** Waits for the others, or releases all of them if this arrival is the last. */
  _arrive(): Wait<number> {
    if (this.#isBroken) throw broken("is broken. Call `reset()` first");
    if (this.#waiters.length + 1 < this.#parties) return this.#waiters.wait();
    let index = 0;
    while (this.#waiters.handOver(index)) index++;
    return new Immediate(index);
  }

  /**
   * Fails all waiting tasks with a BrokenBarrierError, and makes the barrier usable again. Does not
   * suspend.
   */
  reset(): Coroutine<void> {
    return procedure(this.#end(false, "was reset"));
  }

  /**
   * Breaks the barrier: all waiting tasks, and those that arrive before a `reset()`, fail with a
   * BrokenBarrierError. Does not suspend.
   */
  abort(): Coroutine<void> {
    return procedure(this.#end(true, "was aborted"));
  }

  *#end(isBroken: boolean, how: string): Coroutine<void> {
    this.#isBroken = isBroken;
    this.#waiters.fail(() => broken(how));
  }
}

/** The coroutine of `wait()`. */
class Arrive extends LazyCall<number> {
  declare readonly _barrier: Barrier;

  constructor(barrier: Barrier) {
    super();
    this._barrier = barrier;
  }

  override get _resource(): object {
    return this._barrier;
  }

  override _start(): Wait<number> {
    return this._barrier._arrive();
  }
}

function broken(how: string): BrokenBarrierError {
  return new BrokenBarrierError(`The barrier ${how}`);
}
