import { checkOptions } from "../../lang/arguments.ts";
import { type Context, checkContext } from "../../loop/context.ts";
import { keepInstances } from "../../loop/kept.ts";
import { inheritedContext } from "../../loop/runnableContext.ts";
import type { Scheduler } from "../../loop/scheduler.ts";
import type { Notified } from "./waiters.ts";

/** A user's callback among the waiters of a future. */
export class DoneCallback<F extends { readonly _loop: Scheduler }> implements Notified<F> {
  static readonly _kept = /* @__PURE__ */ keepInstances(doneCallbackToKeep);

  readonly _callback: (future: never) => unknown;
  /** The callback, bound to its context. */
  readonly #run: (future: never) => unknown;

  constructor(callback: (future: never) => unknown, run: (future: never) => unknown) {
    this._callback = callback;
    this.#run = run;
  }

  _notify(future: F): void {
    // A closed loop doesn't run callbacks.
    if (!future._loop.isClosed()) future._loop._callSoon(this.#run, [future]);
  }
}

function doneCallbackToKeep(): readonly object[] {
  const nothing = () => undefined;
  return [new DoneCallback(nothing, nothing)];
}

/** Returns the context in `options`, by default the one that a new callback inherits. */
export function callbackContext(
  options: { readonly context?: Context | undefined } | undefined,
): Context | undefined {
  if (options === undefined) return inheritedContext();
  checkOptions(options);
  const { context } = options;
  if (context === undefined) return inheritedContext();
  checkContext(context);
  return context;
}
