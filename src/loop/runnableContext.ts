// Lets tasks and callbacks inherit a context, and run in it.

import {
  Context,
  callbackContexts,
  contexts,
  currentContext,
  currentRunnable,
  enterContext,
  runnableOrLoop,
} from "./context.ts";
import { currentFlow } from "./hosts/asyncContext.ts";
import { enterFlow, type Flow } from "./hosts/flow.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Runnable } from "./slots.ts";

/**
 * A function that calls `_callback` in the contexts it was bound to. Reports show `_callback`
 * instead of the wrapper.
 */
type Wrapper<Args extends unknown[]> = ((...args: Args) => unknown) & { _callback?: unknown };

/**
 * Returns the context for a task or callback that is created now; undefined if it would be empty.
 */
export function inheritedContext(): Context | undefined {
  if (!contexts.inUse) return undefined;
  const context = currentContext();
  return context === undefined || context.size === 0 ? undefined : context.copy();
}

/**
 * Returns the flow for a task or callback that is created now; undefined for the loop's own
 * context.
 */
export function inheritedFlow(loop: Scheduler): Flow | undefined {
  // Not `(loop._snapshot ?? currentFlow)()`, which engines do not compile into the caller.
  return loop._snapshot === undefined ? currentFlow() : loop._snapshot();
}

/** Returns `callback`, bound to a copy of the current context. For calls in later turns. */
export function bindInherited<Args extends unknown[]>(
  callback: (...args: Args) => unknown,
): (...args: Args) => unknown {
  // Checked here too, because this is small enough for engines to inline it everywhere.
  return contexts.inUse ? bindVariables(callback, inheritedContext()) : callback;
}

/** Returns `callback`, bound to a copy of the current context and to the host's current context. */
export function bindCurrentContext<Args extends unknown[]>(
  loop: Scheduler,
  callback: (...args: Args) => unknown,
): (...args: Args) => unknown {
  return bindContext(loop, callback, inheritedContext());
}

/**
 * Returns `callback`, bound to `context` and to the host's current context. For calls in later
 * turns.
 */
export function bindContext<Args extends unknown[]>(
  loop: Scheduler,
  callback: (...args: Args) => unknown,
  context: Context | undefined,
): (...args: Args) => unknown {
  const inContext = bindVariables(callback, context);
  const flow = inheritedFlow(loop);
  if (flow === undefined) return inContext;
  return named(callback, (...args: Args) => enterFlow(flow, inContext, undefined, ...args));
}

/** Returns `callback`, bound to `context` if there is one. For calls in later turns. */
function bindVariables<Args extends unknown[]>(
  callback: (...args: Args) => unknown,
  context: Context | undefined,
): (...args: Args) => unknown {
  return context === undefined ? callback : named(callback, withContext(context, callback));
}

/** Makes reports show `callback` instead of `wrapper`. */
function named<Args extends unknown[]>(
  callback: (...args: Args) => unknown,
  wrapper: Wrapper<Args>,
): Wrapper<Args> {
  wrapper._callback = callback;
  return wrapper;
}

/**
 * Returns a function that calls `callback` in `context`. If `callback` throws, the error is
 * reported in `context` too.
 */
function withContext<Args extends unknown[]>(
  context: Context,
  callback: (...args: Args) => unknown,
): (...args: Args) => unknown {
  return (...args) => {
    setRunnableContext(context);
    return callback(...args);
  };
}

/**
 * Makes `context` the current one until the running callback ends. Has no effect while a task is
 * running.
 */
export function setRunnableContext(context: Context): void {
  const runnable = currentRunnable();
  if (runnable !== undefined) callbackContexts.set(runnable, context);
}

/** Calls `callback` in the context of a task or handle, even one that has ended. */
export function runInContextOf(owner: unknown, callback: () => void): void {
  if (!contexts.inUse || owner === undefined || owner === null || runnableOrLoop() === owner) {
    return callback();
  }
  const { _context: own } = owner as Partial<Runnable>;
  enterContext(
    (own as Context | undefined) ?? callbackContexts.get(owner as Runnable) ?? new Context(),
    callback,
  );
}
