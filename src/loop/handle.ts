import { describe } from "../lang/arguments.ts";
import { enterFlow, type Flow } from "./hosts/flow.ts";
import { keepInstances } from "./kept.ts";
import type { Runnable, Slots } from "./slots.ts";

/** A callback with any parameters. Its result is ignored. */
export type Callback<Args extends readonly unknown[]> = (...args: Args) => unknown;

/** The arguments of a callback without any. */
export const NO_ARGUMENTS: readonly unknown[] = [];
/** Stands for the arguments of a callback with only one. */
export const ONE_ARGUMENT: readonly unknown[] = [undefined];

/** Values of `_id` that are not ids. */
const GONE = 0;
const CANCELLED = -1;

/**
 * A callback that will run in the next turn. Returned by `loop.callSoon`. Like `asyncio.Handle`.
 */
export class Handle implements Runnable {
  static readonly _kept = /* @__PURE__ */ keepInstances(handlesToKeep);

  // Only declared, and not #private, because defining fields takes twice as much code. V8 would no
  // longer inline the constructor into programs that use many features, and would then create each
  // list of arguments.
  declare readonly _slots: Slots;
  declare _callback: Callback<unknown[]> | undefined;
  /** The first argument. */
  declare _argument: unknown;
  /** NO_ARGUMENTS, ONE_ARGUMENT, or all arguments. */
  declare _args: readonly unknown[];
  /** The host's context in which the callback runs; undefined for the loop's own. */
  declare _flow: Flow | undefined;
  /** The id of the slot while the callback waits; GONE once it runs, CANCELLED once cancelled. */
  declare _id: number;

  /**
   * Most callbacks have one argument or none, and then need no list.
   *
   * @internal
   */
  constructor(
    slots: Slots,
    callback: Callback<never>,
    argument: unknown,
    args: readonly unknown[],
    flow: Flow | undefined,
  ) {
    this._slots = slots;
    this._callback = callback as Callback<unknown[]>;
    this._argument = argument;
    this._args = args;
    this._flow = flow;
    this._id = GONE;
  }

  /**
   * Cancels the callback, and frees its slot immediately. If the callback has already run, only
   * changes what `cancelled()` returns.
   */
  cancel(): void {
    const id = this._id;
    this._id = CANCELLED;
    // The program may keep the handle, which must not keep the callback and its data alive.
    this._callback = undefined;
    this._argument = undefined;
    this._args = NO_ARGUMENTS;
    this._flow = undefined;
    // Released last, because a hook may cancel this handle again.
    if (id > GONE) this._slots.release(id);
  }

  /** Whether `cancel()` was called. */
  cancelled(): boolean {
    return this._id === CANCELLED;
  }

  _run(): boolean {
    this._slots.retire(this._id);
    this._id = GONE;
    const callback = this._callback as Callback<unknown[]>;
    const args = this._args;
    if (this._flow !== undefined) {
      const all = args === ONE_ARGUMENT ? [this._argument] : args;
      enterFlow(this._flow, callback, undefined, ...all);
    } else if (args === ONE_ARGUMENT) callback(this._argument);
    else if (args === NO_ARGUMENTS) callback();
    else callback(...args);
    return false;
  }

  /** Names the callback in messages. */
  _describe(): string {
    const callback = this._callback as { readonly _callback?: unknown } | undefined;
    return describe(callback?._callback ?? callback);
  }
}

/**
 * A callback that waits for its deadline. Returned by `loop.callLater` and `loop.callAt`. Like
 * `asyncio.TimerHandle`.
 */
export class TimerHandle extends Handle {
  readonly #when: number;

  /** @internal */
  constructor(
    slots: Slots,
    callback: Callback<never>,
    argument: unknown,
    args: readonly unknown[],
    flow: Flow | undefined,
    when: number,
  ) {
    super(slots, callback, argument, args, flow);
    this.#when = when;
  }

  /** Returns the deadline, in milliseconds of `loop.time()`. */
  when(): number {
    return this.#when;
  }
}

function handlesToKeep({ _slots: slots }: { readonly _slots: Slots }): readonly object[] {
  const nothing = () => undefined;
  // The deadline is not a whole number, because the engine stores whole numbers differently, and
  // deadlines are rarely whole.
  return [
    new Handle(slots, nothing, undefined, NO_ARGUMENTS, undefined),
    new TimerHandle(slots, nothing, undefined, NO_ARGUMENTS, undefined, 0.5),
  ];
}
