// The call that a thread of an executor is running, and its signal.
//
// A thread receives no events while it computes. So a cancellation also sets a flag in shared
// memory, if that is available, and the signal checks the flag whenever it is read.

import { CancelledError, LookupError } from "../lang/errors.ts";
import { ContextVar } from "../loop/context.ts";
import { run } from "../program/run.ts";
import { isThenable } from "../tasks/awaitable.ts";
import { currentTask } from "../tasks/currentTask.ts";
import { type Coroutine, isCoroutine } from "../tasks/kernel/coroutine.ts";
import { withSignal } from "../tasks/withSignal.ts";
import { noteCoroutine, onlyServed } from "./servedCalls.ts";
import type { TaskLocation } from "./task.ts";

export type AnyFunction = (...args: readonly unknown[]) => unknown;

/** A call that shares its thread with others. */
export interface SharedCall {
  readonly signal: AbortSignal;
  /** Reports progress to the caller. */
  report(value: unknown): void;
}

let shared: ContextVar<SharedCall | undefined> | undefined;

/**
 * Returns the context variable that holds the call to which the current task or async function
 * belongs. The variable is created when a call first needs it, because promises may cost more once
 * a variable exists.
 */
export function sharedCall(): ContextVar<SharedCall | undefined> {
  shared ??= new ContextVar<SharedCall | undefined>("shared call", { default: undefined });
  return shared;
}

/** The call that this thread is running, if calls don't share the thread. There is at most one. */
let current: Work | undefined;

/**
 * Returns the signal of the current call, in a thread of an executor or in a worker of a fleet. The
 * signal aborts when the call is cancelled. The call then has a grace period to end, by default a
 * second. If the call has its thread to itself, the thread is terminated after that.
 *
 * A long computation should check `signal.aborted` from time to time. That works even while the
 * thread is blocked, in Node and on cross-origin isolated pages. A coroutine function need not
 * check, because its task is cancelled. Outside such calls, returns a signal that never aborts.
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
  return (shared?.get() ?? current)?.signal ?? new AbortController().signal;
}

/** A call that this thread is running. */
export class Work {
  readonly #isCancelled: () => boolean;
  readonly #onUsed: () => void;
  #controller: AbortController | undefined;
  #hasAborted = false;

  /**
   * @param isCancelled reads the flag in shared memory. Returns false without shared memory.
   * @param onUsed is called when the signal is used for the first time, and when the function
   * returns a promise. From then on, call `check()` whenever a cancellation may have arrived.
   */
  constructor(isCancelled: () => boolean, onUsed: () => void = () => undefined) {
    this.#isCancelled = isCancelled;
    this.#onUsed = onUsed;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      makeLive(this.#controller.signal, () => this.check());
      this.#onUsed();
      this.check();
    }
    return this.#controller.signal;
  }

  /** Aborts the signal if the flag is set. */
  check(): void {
    if (this.#isCancelled()) this.cancel();
  }

  cancel(): void {
    if (this.#hasAborted) return;
    // Set first, because some platforms read `aborted` while they abort, which calls `check` again.
    this.#hasAborted = true;
    this.#controller ??= new AbortController();
    this.#controller.abort(new CancelledError("The call was cancelled"));
  }

  /** Calls the function. Returns its result, or a promise of it. */
  perform(fn: AnyFunction, args: readonly unknown[]): unknown {
    current = this;
    const made = fn(...args);
    if (isCoroutine(made)) return runServed(this.signal, made as Coroutine<unknown>);
    if (isThenable(made)) this.#onUsed();
    return made;
  }
}

/** Runs the coroutine of this thread's call on a new loop. */
export function runServed(signal: AbortSignal, coro: Coroutine<unknown>): Promise<unknown> {
  noteCoroutine(coro);
  const main = function* servedCall(): Coroutine<unknown> {
    const call = onlyServed();
    if (call !== undefined) call.task = currentTask();
    return yield* withSignal(signal, coro);
  };
  return run(main, { handleSigint: false });
}

/** Loaded functions, by name and then by the URL of the module. */
const functions = /* @__PURE__ */ new Map<string, Map<string, AnyFunction>>();

/** Returns the function at a location, if its module is already loaded. */
export function knownFunction({ url, name }: TaskLocation): AnyFunction | undefined {
  return functions.get(name)?.get(url);
}

/** Imports the function at a location. @throws LookupError if the module does not export it. */
export async function loadFunction({ url, name }: TaskLocation): Promise<AnyFunction> {
  const module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ url)) as object;
  const fn: unknown = Reflect.get(module, name);
  if (typeof fn !== "function") {
    throw new LookupError(`The module ${url} does not export a function named \`${name}\``);
  }
  const known = functions.get(name) ?? new Map<string, AnyFunction>();
  functions.set(name, known.set(url, fn as AnyFunction));
  return fn as AnyFunction;
}

/** Makes `aborted` and `throwIfAborted` call `check` first. */
function makeLive(signal: AbortSignal, check: () => void): void {
  Object.defineProperties(signal, {
    aborted: {
      get: () => {
        check();
        return abortedOf(signal);
      },
    },
    throwIfAborted: {
      value: () => {
        check();
        AbortSignal.prototype.throwIfAborted.call(signal);
      },
    },
  });
}

function abortedOf(signal: AbortSignal): boolean {
  return Reflect.get(AbortSignal.prototype, "aborted", signal) as boolean;
}
