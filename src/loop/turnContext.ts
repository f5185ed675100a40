// Lets tasks and callbacks inherit a context, and run in it.

import {
  Context,
  callbackContexts,
  contexts,
  currentContext,
  currentRunnable,
  currentTurn,
  enterContext,
} from "./context.ts";
import { runningScheduler } from "./current.ts";
import { currentFlow, enterFlow, flow } from "./hosts/asyncContext.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Runnable } from "./slots.ts";

/** A function that calls a callback in its contexts. Reports show `_callback`. */
type Wrapper<Args extends unknown[]> = ((...args: Args) => unknown) & { _callback?: unknown };

/**
 * Returns the context for a task or callback that is created now; undefined if it would be empty.
 */
export function inheritedContext(): Context | undefined {
  if (!contexts.inUse) return undefined;
  const context = currentContext();
  return context === undefined || context.size === 0 ? undefined : context.copy();
}

/** Returns `callback`, bound to the current contexts. */
export function bindCurrentContext<Args extends unknown[]>(
  loop: Scheduler,
  callback: (...args: Args) => unknown,
): (...args: Args) => unknown {
  // Inside of a loop there is usually nothing to bind to.
  return contexts.inUse ||
    loop._snapshot !== undefined ||
    flow.current !== undefined ||
    runningScheduler() === undefined
    ? bindContext(loop, callback, inheritedContext())
    : callback;
}

/**
 * Returns `callback`, to be called in a later turn in `context` and in the host's current context.
 */
export function bindContext<Args extends unknown[]>(
  loop: Scheduler,
  callback: (...args: Args) => unknown,
  context: Context | undefined,
): (...args: Args) => unknown {
  const boundFlow = (loop._snapshot ?? currentFlow)();
  if (context === undefined && boundFlow === undefined) return callback;
  const inContext = context === undefined ? callback : inTurnWith(context, callback);
  const wrapper: Wrapper<Args> =
    boundFlow === undefined
      ? inContext
      : (...args: Args) => enterFlow(boundFlow, inContext, undefined, ...args);
  wrapper._callback = callback;
  return wrapper;
}

/**
 * Returns a function that calls `callback` with `context` for its whole turn, including the report
 * of an error.
 */
function inTurnWith<Args extends unknown[]>(
  context: Context,
  callback: (...args: Args) => unknown,
): (...args: Args) => unknown {
  return (...args) => {
    setTurnContext(context);
    return callback(...args);
  };
}

/**
 * Makes `context` the current one until the running callback ends. Has no effect while a task is
 * running.
 */
export function setTurnContext(context: Context): void {
  const runnable = currentRunnable();
  if (runnable !== undefined) callbackContexts.set(runnable, context);
}

/** Calls `callback` in the context of a task or handle, even if that has ended. */
export function runInContextOf(owner: unknown, callback: () => void): void {
  if (!contexts.inUse || owner === undefined || owner === null || currentTurn() === owner) {
    return callback();
  }
  const { _context: own } = owner as Partial<Runnable>;
  enterContext(
    (own as Context | undefined) ?? callbackContexts.get(owner as Runnable) ?? new Context(),
    callback,
  );
}
