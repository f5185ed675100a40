import { checkTime } from "../loop/arguments.ts";
import type { CancelledError } from "../loop/errors.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import type { Runnable } from "../loop/slots.ts";
import { BareCall, type Wait } from "./bareCall.ts";
import type { Coroutine } from "./coroutine.ts";
import { currentScheduler, Future } from "./future.ts";

/**
 * Waits for `delay` milliseconds, and gives `result`. Others run meanwhile. Like `asyncio.sleep`.
 *
 * Never wakes early; how late depends on the host and on what else is ready. A delay of 0 or less gives way once, as a
 * bare `yield` does; Infinity sleeps until it is cancelled. A cancel takes the timer out at once.
 *
 * Unlike asyncio's, which counts seconds.
 *
 * @throws TypeError if `delay` is not a number. @throws RangeError if it is NaN.
 */
export function sleep(delay: number): Coroutine<void>;
export function sleep<T>(delay: number, result: T): Coroutine<T>;
export function sleep(delay: number, result?: unknown): Coroutine<unknown> {
  checkTime("delay", delay);
  return new Sleep(delay, result) as unknown as Coroutine<unknown>;
}

class Sleep extends BareCall<unknown> {
  declare readonly _delay: number;
  declare readonly _result: unknown;

  constructor(delay: number, result: unknown) {
    super();
    this._delay = delay;
    this._result = result;
  }

  override _start(): Wait<unknown> {
    if (this._delay <= 0) return giveWay(this._result);
    return new Alarm(currentScheduler("sleep()"), this._delay, this._result);
  }
}

function* giveWay(result: unknown): Coroutine<unknown> {
  yield;
  return result;
}

/** A timer that is the future of its own end. */
class Alarm extends Future<unknown> implements Runnable {
  /** The slot of its timer; 0, which is nobody's, if it is never to come. */
  readonly #id: number;
  readonly #result: unknown;

  constructor(loop: Scheduler, delay: number, result: unknown) {
    super(undefined, loop);
    this.#result = result;
    this.#id = delay === Infinity ? 0 : loop._startTimer(this, loop.time() + delay);
  }

  /** It is time. @internal */
  _run(): boolean {
    this._loop._slots.retire(this.#id);
    this._succeed(this.#result);
    return false;
  }

  override _abandon(error: CancelledError): void {
    if (this.#id !== 0) this._loop._slots.stopTimer(this.#id);
    super._abandon(error);
  }

  override throw(error: unknown): never {
    this._leave();
    throw error;
  }

  /** The iterator's end, for a coroutine that is closed while it waits. */
  return(value?: unknown): IteratorReturnResult<unknown> {
    this._leave();
    return { done: true, value };
  }

  /** A coroutine that goes on without it needs no timer any more. @internal */
  _leave(): void {
    if (!this.done()) this.cancel();
  }

  override _describe(): string {
    return "Sleep";
  }
}
