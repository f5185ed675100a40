// Keeps OpenTelemetry's active context in a context variable, so that each task has its own
// context, and no step needs to enter or leave one.
//
// Code outside loops sees the variable too. An async function that a task calls continues outside
// the task. For such functions, the context is also kept in `outside`, a storage of the host.

import { type Context, type ContextManager, ROOT_CONTEXT } from "@opentelemetry/api";
import { ContextVar, currentContext, currentRunnable } from "../loop/context.ts";
import { newFlowStorage } from "../loop/hosts/asyncContext.ts";

const variable = /* @__PURE__ */ new ContextVar<Context | undefined>("OpenTelemetry", {
  default: undefined,
});
const outside = /* @__PURE__ */ newFlowStorage<Context | undefined>();

/**
 * Returns the context that was set for the running task or callback or, outside of both, for the
 * running code. Undefined if none was set.
 */
export function ownContext(): Context | undefined {
  const isInLoop = currentRunnable() !== undefined;
  return (isInLoop ? undefined : outside?.getStore()) ?? variable.get();
}

/** Makes `context` the active one. Returns a function that restores the previous one. */
export function enterOwnContext(context: Context): () => void {
  const token = variable.set(context);
  return () => {
    // A closing loop closes its tasks' generators outside their contexts, where the token can't be
    // reset.
    if (currentContext()?._identity === token._context._identity) variable.reset(token);
  };
}

type Callback = (this: unknown, ...args: unknown[]) => unknown;

/** The methods of event emitters that add a listener. */
const LISTENER_METHODS = [
  "on",
  "addListener",
  "prependListener",
  "once",
  "prependOnceListener",
] as const;

type Method = (...args: unknown[]) => unknown;
type Emitter = Record<(typeof LISTENER_METHODS)[number] | "removeListener", Method>;

/**
 * A context manager for OpenTelemetry that supports tasks. Each task has its own active context,
 * and starts with the context of the code that created it. Callbacks start with the context of the
 * code that scheduled them. Outside loops, the context follows async functions, as with
 * `AsyncLocalStorageContextManager`.
 *
 * An async function that a coroutine calls is in the context of the task until its first `await`,
 * and beyond that only if it was called by `context.with(context.active(), fn)`.
 *
 * @example
 * const sdk = new NodeSDK({ contextManager: new TaskContextManager() });
 * sdk.start();
 */
export class TaskContextManager implements ContextManager {
  /**
   * Returns the context of the running task or callback; outside of both, the context of the
   * caller's flow. Returns the root context if none was set.
   */
  active(): Context {
    return ownContext() ?? ROOT_CONTEXT;
  }

  /**
   * Calls `fn` in `context`, and returns its result. Tasks and callbacks that it creates, and async
   * functions that it calls, keep that context. A coroutine that it returns doesn't, because the
   * coroutine runs later: use `withSpan` instead.
   */
  with<Args extends unknown[], F extends (...args: Args) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: Args
  ): ReturnType<F> {
    const leave = enterOwnContext(context);
    const call = () => fn.apply(thisArg, args);
    try {
      return outside === undefined ? call() : outside.run(context, call);
    } finally {
      leave();
    }
  }

  /**
   * If `target` is a function, returns a function that calls it in `context`. If `target` is an
   * event emitter, returns it, and listeners added from now on are called in that context. Returns
   * anything else unchanged.
   */
  bind<T>(context: Context, target: T): T {
    if (typeof target === "function") return this.#bind(context, target as Callback) as T;
    if (isEmitter(target)) this.#bindListeners(context, target);
    return target;
  }

  /** Does nothing: the manager works once it is registered. */
  enable(): this {
    return this;
  }

  /** Does nothing: tasks keep the contexts that were set. */
  disable(): this {
    return this;
  }

  #bind(context: Context, callback: Callback): Callback {
    const manager = this;
    function bound(this: unknown, ...args: unknown[]): unknown {
      return manager.with(context, callback, this, ...args);
    }
    // Some frameworks distinguish handlers by the number of their parameters.
    Object.defineProperty(bound, "length", { value: callback.length, configurable: true });
    return bound;
  }

  #bindListeners(context: Context, emitter: Emitter): void {
    const { on, prependListener } = emitter;
    for (const name of LISTENER_METHODS) {
      const add = name.startsWith("prepend") ? prependListener : on;
      const value = (event: unknown, listener: Callback) => {
        // Let the emitter throw its own error.
        if (typeof listener !== "function") return add.call(emitter, event, listener);
        const bound = this.#bind(context, listener);
        function once(this: unknown, ...args: unknown[]): unknown {
          emitter.removeListener(event, once);
          return bound.apply(this, args);
        }
        const wrapper = /once/i.test(name) ? once : bound;
        // Emitters use this property to find and to show the wrapped listener.
        return add.call(emitter, event, Object.assign(wrapper, { listener }));
      };
      Object.defineProperty(emitter, name, { value, configurable: true, writable: true });
    }
  }
}

function isEmitter(value: unknown): value is Emitter {
  const { removeListener, prependOnceListener } = (value ?? {}) as Partial<Emitter>;
  return typeof removeListener === "function" && typeof prependOnceListener === "function";
}
