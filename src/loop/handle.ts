import { describe } from "../lang/arguments.ts";
import { enterFlow, type Flow } from "./hosts/flow.ts";
import { keepInstances } from "./kept.ts";
import type { Runnable, Slots } from "./slots.ts";

/** A callback with any parameters. Its result is ignored. */
export type Callback<Args extends readonly unknown[]> = (...args: Args) => unknown;

/** The arguments of a callback without any. */
const NOTHING: unknown[] = [];
/** Stands for the arguments of a callback with only one. */
const ONE: unknown[] = [undefined];

/** Values of `_id` that are not ids. */
const GONE = 0;
const CANCELLED = -1;

/**
 * A callback that will run in the next turn. Returned by `loop.callSoon`. Like `asyncio.Handle`.
 */
export class Handle implements Runnable {
  static readonly _kept = /* @__PURE__ */ keepInstances(handlesToKeep);

  readonly #slots: Slots;
  #callback: Callback<unknown[]> | undefined;
  /** The only argument, if there is one. */
  #argument: unknown;
  #args: unknown[];
  /** The host's context in which the callback runs; undefined for the loop's own. */
  #flow: Flow | undefined;
  /** The id of the slot while the callback waits; GONE once it runs, CANCELLED once cancelled. */
  _id = GONE;

  /** @internal */
  constructor(
    slots: Slots,
    callback: Callback<never>,
    args: readonly unknown[],
    flow: Flow | undefined,
  ) {
    this.#slots = slots;
    this.#callback = callback as Callback<unknown[]>;
    // Most callbacks have one argument or none, and then need no list. A longer list is copied here,
    // element by element, because the engine doesn't create `args` if nothing else refers to it.
    const { length } = args;
    this.#argument = length === 1 ? args[0] : undefined;
    let list: unknown[] = length === 0 ? NOTHING : ONE;
    if (length > 1) {
      list = [];
      for (let i = 0; i < length; i++) list.push(args[i]);
    }
    this.#args = list;
    this.#flow = flow;
  }

  /**
   * Cancels the callback, and frees its slot immediately. If the callback has already run, only
   * changes what `cancelled()` returns.
   */
  cancel(): void {
    const id = this._id;
    this._id = CANCELLED;
    // The program may keep the handle, which must not keep the callback and its data alive.
    this.#callback = undefined;
    this.#argument = undefined;
    this.#args = NOTHING;
    this.#flow = undefined;
    // Released last, because a hook may cancel this handle again.
    if (id > GONE) this.#slots.release(id);
  }

  /** Whether `cancel()` was called. */
  cancelled(): boolean {
    return this._id === CANCELLED;
  }

  _run(): boolean {
    this.#slots.retire(this._id);
    this._id = GONE;
    const callback = this.#callback as Callback<unknown[]>;
    const args = this.#args;
    if (this.#flow !== undefined) {
      const all = args === ONE ? [this.#argument] : args;
      enterFlow(this.#flow, callback, undefined, ...all);
    } else if (args === ONE) callback(this.#argument);
    else if (args === NOTHING) callback();
    else callback(...args);
    return false;
  }

  /** Names the callback in messages. */
  _describe(): string {
    const callback = this.#callback as { readonly _callback?: unknown } | undefined;
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
    args: readonly unknown[],
    flow: Flow | undefined,
    when: number,
  ) {
    super(slots, callback, args, flow);
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
    new Handle(slots, nothing, NOTHING, undefined),
    new TimerHandle(slots, nothing, NOTHING, undefined, 0.5),
  ];
}
