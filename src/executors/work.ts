// In a thread of an executor: the call that it works on, and the signal of that.
//
// A thread that computes hears nothing: no event arrives before it is done. So whoever cancels also leaves a mark in memory
// that both share, where there is such a thing, and the signal looks there whenever it is asked.

import { CancelledError, LookupError } from "../loop/errors.ts";
import { run } from "../run.ts";
import { isThenable } from "../tasks/awaitable.ts";
import { type Coroutine, isCoroutine } from "../tasks/coroutine.ts";
import { withSignal } from "../tasks/withSignal.ts";
import type { Place } from "./task.ts";

export type AnyFunction = (...args: readonly unknown[]) => unknown;

/** One at a time, so one is enough. */
let current: Work | undefined;

/**
 * The signal of the call that this thread works on: it aborts when that is cancelled. After that the call has a time of
 * grace to end, by default a second, until its thread is terminated.
 *
 * A function that computes for long asks `signal.aborted` from time to time: it tells even while the thread is blocked,
 * in Node and on pages that are cross-origin isolated. A coroutine function need not ask: its task is cancelled. Outside of an
 * executor's threads it gives a signal that never aborts.
 *
 * @example
 * export const search = defineTask(import.meta.url, "search", (from: number, to: number) => {
 *   const signal = threadSignal();
 *   for (let n = from; n < to; n++) {
 *     if (n % 10_000 === 0) signal.throwIfAborted();
 *     if (isPerfect(n)) return n;
 *   }
 * });
 */
export function threadSignal(): AbortSignal {
  return current?.signal ?? new AbortController().signal;
}

/** A call that this thread works on. */
export class Work {
  readonly #isCancelled: () => boolean;
  readonly #onAsked: () => void;
  #controller: AbortController | undefined;
  #hasAborted = false;

  /**
   * @param isCancelled tells, if it can, while this thread computes.
   * @param onAsked is called before the signal is used: `look()` has to be called from then on.
   */
  constructor(isCancelled: () => boolean, onAsked: () => void = () => undefined) {
    this.#isCancelled = isCancelled;
    this.#onAsked = onAsked;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      makeLive(this.#controller.signal, () => this.look());
      this.#onAsked();
      this.look();
    }
    return this.#controller.signal;
  }

  /** Looks whether somebody has cancelled it. */
  look(): void {
    if (this.#isCancelled()) this.cancel();
  }

  cancel(): void {
    if (this.#hasAborted) return;
    // First: some platforms read `aborted` while they abort, and that looks again.
    this.#hasAborted = true;
    this.#controller ??= new AbortController();
    this.#controller.abort(new CancelledError("The call was cancelled"));
  }

  /** Calls the function. Gives what it gives in the end, or a promise of that. */
  perform(fn: AnyFunction, args: readonly unknown[]): unknown {
    current = this;
    const made = fn(...args);
    if (isCoroutine(made)) {
      return run(withSignal(this.signal, made as Coroutine<unknown>), { handleSigint: false });
    }
    if (isThenable(made)) this.#onAsked();
    return made;
  }
}

/** By name, and then by the URL of the module. */
const functions = /* @__PURE__ */ new Map<string, Map<string, AnyFunction>>();

/** The function at a place, if its module was loaded before. */
export function knownFunction({ url, name }: Place): AnyFunction | undefined {
  return functions.get(name)?.get(url);
}

/** Loads the function at a place. @throws LookupError if nothing of that name is exported there */
export async function loadFunction({ url, name }: Place): Promise<AnyFunction> {
  const module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ url)) as object;
  const fn: unknown = Reflect.get(module, name);
  if (typeof fn !== "function") {
    throw new LookupError(`The module ${url} exports no function by the name \`${name}\``);
  }
  const known = functions.get(name) ?? new Map<string, AnyFunction>();
  functions.set(name, known.set(url, fn as AnyFunction));
  return fn as AnyFunction;
}

/** Has a signal look before it answers. */
function makeLive(signal: AbortSignal, look: () => void): void {
  Object.defineProperties(signal, {
    aborted: {
      get: () => {
        look();
        return abortedOf(signal);
      },
    },
    throwIfAborted: {
      value: () => {
        look();
        AbortSignal.prototype.throwIfAborted.call(signal);
      },
    },
  });
}

function abortedOf(signal: AbortSignal): boolean {
  return Reflect.get(AbortSignal.prototype, "aborted", signal) as boolean;
}
