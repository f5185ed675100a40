import { describe } from "./arguments.ts";
import type { Runnable, Slots } from "./slots.ts";

/** A callback of any parameters; what it returns is not looked at. */
export type Callback<Args extends readonly unknown[]> = (...args: Args) => unknown;

const NOTHING: readonly unknown[] = [];

/** What stands in place of an id. */
const GONE = 0;
const CANCELLED = -1;

/** A callback that waits for its turn. Made by `loop.callSoon`. Like `asyncio.Handle`. */
export class Handle implements Runnable {
  readonly #slots: Slots;
  #callback: Callback<unknown[]> | undefined;
  #args: readonly unknown[];
  /** The id of the slot while it waits; GONE once it ran, CANCELLED once it was cancelled. @internal */
  _id = GONE;

  /** @internal */
  constructor(slots: Slots, callback: Callback<never>, args: readonly unknown[]) {
    this.#slots = slots;
    this.#callback = callback as Callback<unknown[]>;
    // Most have none, and an empty list of its own would be a quarter of the handle.
    this.#args = args.length === 0 ? NOTHING : args;
  }

  /** Takes the callback back: it will not run, and its slot is free at once. Too late, it does nothing. */
  cancel(): void {
    if (this._id > GONE) this.#slots.release(this._id);
    this._id = CANCELLED;
    // Somebody may keep the handle; what the callback holds must not stay with it.
    this.#callback = undefined;
    this.#args = NOTHING;
  }

  /** Whether `cancel()` was called. */
  cancelled(): boolean {
    return this._id === CANCELLED;
  }

  /** @internal */
  _run(): boolean {
    this.#slots.retire(this._id);
    this._id = GONE;
    const callback = this.#callback as Callback<unknown[]>;
    const args = this.#args;
    // To spread a list costs more than the call, and mostly there is none or one.
    if (args.length === 0) callback();
    else if (args.length === 1) callback(args[0]);
    else callback(...args);
    return false;
  }

  /** Words for messages: what would have run. @internal */
  _describe(): string {
    return describe(this.#callback);
  }
}

/** A callback that waits for its time. Made by `loop.callLater` and `loop.callAt`. Like `asyncio.TimerHandle`. */
export class TimerHandle extends Handle {
  readonly #when: number;

  /** @internal */
  constructor(slots: Slots, callback: Callback<never>, args: readonly unknown[], when: number) {
    super(slots, callback, args);
    this.#when = when;
  }

  /** The instant at which it is due, in milliseconds of `loop.time()`. */
  when(): number {
    return this.#when;
  }
}
