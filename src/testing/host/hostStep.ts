// Steps of a run's loop that resume async code. Because they are steps of the loop, one policy
// chooses among them and the loop's tasks.

import type { Runnable } from "../../loop/slots.ts";
import type { EventLoop } from "../../program/eventLoop.ts";
import type { Lane } from "../exploringCore.ts";

/** A step that resumes async code. */
export abstract class HostStep implements Runnable {
  /**
   * Steps in the same lane run in the order in which they were scheduled. A step without a lane may
   * overtake any other step.
   */
  readonly lane: Lane | undefined;
  /** Where the program created the step. Known only in runs that are observed. */
  readonly place: string | undefined;
  protected readonly loop: EventLoop;
  #id = 0;

  constructor(loop: EventLoop, lane: Lane | undefined, place: string | undefined) {
    this.loop = loop;
    this.lane = lane;
    this.place = place;
  }

  /** Whether the step is scheduled and has not run yet. */
  get isPending(): boolean {
    return this.#id !== 0;
  }

  /** Makes the step ready, or schedules it for `when`. */
  schedule(when?: number): void {
    this.#id = when === undefined ? this.loop._startNow(this) : this.loop._startTimer(this, when);
  }

  unschedule(): void {
    const id = this.#id;
    this.#id = 0;
    if (id !== 0) this.loop._slots.release(id);
  }

  _run(): boolean {
    this.loop._slots.retire(this.#id);
    this.#id = 0;
    this.proceed();
    return false;
  }

  protected abstract proceed(): void;
  /** Returns the step's name in reports. */
  abstract _describe(): string;

  /** Returns `name`, with the place where the program created the step if that is known. */
  protected at(name: string): string {
    return this.place === undefined ? name : `${name} in ${this.place}`;
  }
}

/** A step that may run at any time up to its limit, even though it is ready now. */
export abstract class PatientStep extends HostStep {
  /** The latest time at which the step runs, in milliseconds of the loop's clock. */
  readonly limit: number;
  readonly #settle: () => void;

  constructor(loop: EventLoop, place: string | undefined, limit: number, settle: () => void) {
    super(loop, undefined, place);
    this.limit = limit;
    this.#settle = settle;
    this.schedule();
  }

  protected proceed(): void {
    this.#settle();
  }
}

/** An await that resumes only when the policy chooses it, after all microtasks have run. */
export class DelayedAwait extends PatientStep {
  _describe(): string {
    return this.at("the await");
  }
}

/** The completion of a call to `io`. */
export class ExternalCall extends PatientStep {
  _describe(): string {
    return this.at("the external call");
  }
}
