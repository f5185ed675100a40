// Context variables: values that follow tasks and callbacks.
//
// Nothing is entered or left when a task takes a step. `ContextVar.get` looks up which task or
// callback is running, and uses its context. Programs without context variables therefore pay
// nothing.
//
// A context never modifies the map of its values, but replaces it. Copying a context is copying one
// reference.
//
// runnableContext.ts lets tasks and callbacks inherit a context.
//
// Variables, tokens and contexts share the map, so this file has over 300 lines. Most of them are
// documentation.

import { checkFunction, checkOptions, checkString, wrongType } from "../lang/arguments.ts";
import { LookupError, RuntimeError } from "../lang/errors.ts";
import { runningScheduler } from "./current.ts";
import { type FlowStorage, newFlowStorage } from "./hosts/asyncContext.ts";
import { checkNoOtherCopy } from "./registry.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Runnable } from "./slots.ts";

type Values = ReadonlyMap<ContextVar<unknown>, unknown>;

const NO_VALUES: Values = new Map();

/** Whether any variable was ever set. Until then, nothing needs to look for a context. */
export const contexts = { inUse: false };

/**
 * The context that `context.run()` entered, and where it was entered: the running task or callback;
 * between two of them, the running loop; outside every loop, undefined. Code elsewhere doesn't see
 * this context.
 */
let entered: Context | undefined;
let enteredIn: Runnable | Scheduler | undefined;

/** The contexts of callbacks: inherited, or created by the callback's first `set`. */
export const callbackContexts = /* @__PURE__ */ new WeakMap<Runnable, Context>();

/**
 * The context outside every loop. If the host has asynchronous contexts, each flow has its own
 * context in `flows`. A flow inherits the context of the flow that started it. Setting a value
 * replaces the context instead of changing it, so that flows that have already started don't see
 * the value. The first variable creates `flows`. Before Node 24, promises cost more from then on.
 */
let outermost: Context | undefined;
let flows: FlowStorage<Context> | undefined;

/**
 * The values of all context variables. Created by `copyContext()`; `new Context()` is empty. Like
 * Python's `contextvars.Context`.
 */
export class Context {
  _values: Values = NO_VALUES;
  /**
   * While `run` calls a callback: the context of the async work that the callback leaves running
   * outside loops. It gets the values that this callback sets, but not those that the callbacks of
   * later calls of `run` set.
   */
  _flow: Context | undefined;
  /**
   * Identifies the context, so that `reset` can check that a token belongs to it. Outside of loops,
   * a context and its replacements share one identity.
   */
  _identity: object = this;

  /**
   * Calls `callback(...args)` in this context, and returns its result. Values that the callback
   * sets stay in this context.
   *
   * The context applies only to the call itself. A coroutine that the callback returns runs in the
   * context of the task that awaits it.
   *
   * An async function that is called outside loops keeps these values after it has awaited
   * something. Values that it sets from then on are visible to itself and to what it calls, but
   * don't change this context. This needs `AsyncLocalStorage` (Node, Bun, Deno, workerd). In
   * browsers and inside loops, the context applies only until the first `await`.
   *
   * @throws RuntimeError if the context is already entered.
   * @example
   * const requestId = new ContextVar<string>("requestId");
   * const handle = (id: string) =>
   *   copyContext().run(async () => {
   *     requestId.set(id);
   *     await Promise.resolve();
   *     return requestId.get(); // its own id, whatever other requests set
   *   });
   */
  run<Args extends unknown[], R>(callback: (...args: Args) => R, ...args: Args): R {
    checkFunction("callback", callback);
    if (this._flow !== undefined || currentContext() === this) {
      throw new RuntimeError("The context is already entered");
    }
    const call = () => enterContext(this, () => callback(...args));
    this._flow = this._successor();
    try {
      return flows === undefined || currentRunnable() !== undefined
        ? call()
        : flows.run(this._flow, call);
    } finally {
      this._flow = undefined;
    }
  }

  /** Returns an independent context with the same values. Takes constant time. */
  copy(): Context {
    const copy = new Context();
    copy._values = this._values;
    return copy;
  }

  /** Returns a copy with the same identity, to replace this context. */
  _successor(): Context {
    const successor = this.copy();
    successor._identity = this._identity;
    return successor;
  }

  /** The number of variables that have a value here. */
  get size(): number {
    return this._values.size;
  }

  /** Whether `variable` has a value here. Its default doesn't count. */
  has(variable: ContextVar<unknown>): boolean {
    return this._values.has(variable);
  }

  /**
   * Returns the value of `variable` here, otherwise `fallback`. The variable's default doesn't
   * count.
   */
  get<T>(variable: ContextVar<T>): T | undefined;
  get<T, F>(variable: ContextVar<T>, fallback: F): T | F;
  get(variable: ContextVar<unknown>, fallback?: unknown): unknown {
    return this._values.has(variable) ? this._values.get(variable) : fallback;
  }

  /** Returns the variables that have a value here. */
  keys(): IterableIterator<ContextVar<unknown>> {
    return this._values.keys();
  }

  /** Returns the values, in the order of `keys()`. */
  values(): IterableIterator<unknown> {
    return this._values.values();
  }

  /** Returns pairs of a variable and its value, in the order of `keys()`. */
  entries(): IterableIterator<[ContextVar<unknown>, unknown]> {
    return this._values.entries();
  }

  /** The same as `entries()`. */
  [Symbol.iterator](): IterableIterator<[ContextVar<unknown>, unknown]> {
    return this.entries();
  }
}

/** Stands for the absence of a value, because `undefined` is a value. */
const NONE = Symbol("none");

/** Returned by `ContextVar.set`, for `reset`. Like Python's `contextvars.Token`. */
export class Token<T> {
  /** The variable that was set. */
  readonly variable: ContextVar<T>;
  readonly _context: Context;
  readonly _old: T | typeof NONE;
  _used = false;

  /** @internal */
  constructor(variable: ContextVar<T>, context: Context, old: T | typeof NONE) {
    this.variable = variable;
    this._context = context;
    this._old = old;
  }

  /** The value before `set`; undefined if there was none. */
  get oldValue(): T | undefined {
    return this._old === NONE ? undefined : (this._old as T);
  }
}

/**
 * A variable that has a separate value in each task. Like Python's `contextvars.ContextVar`.
 *
 * A task starts with a copy of the values that are visible where it is created, and a callback with
 * a copy of those that are visible where it is scheduled. Values that a task or callback sets are
 * invisible to others.
 *
 * An async function or async generator that a coroutine calls runs outside the loop once it has
 * awaited something. From then on, it sees the values of the code outside loops that called `run`
 * or `toAsync`, and not those that the task has set. Pass it what it needs as arguments.
 *
 * Setting a variable copies the list of all values. Context variables are meant for a few dozen
 * values per program, such as a request's id or its user.
 *
 * @example
 * const requestId = new ContextVar<string>("requestId");
 * requestId.set("a1");
 * const log = () => console.log(requestId.get());
 */
export class ContextVar<T> {
  /** The name that error messages show. */
  readonly name: string;
  readonly #default: T | typeof NONE;

  /**
   * @param options.default the value while none is set. An explicit `undefined` is a default too,
   * like Python's `default=None`.
   * @throws TypeError if `name` is not a string.
   */
  constructor(name: string, options: { readonly default?: T | undefined } = {}) {
    checkString("name", name);
    checkOptions(options);
    flows ??= newFlowStorage();
    this.name = name;
    this.#default = "default" in options ? (options.default as T) : NONE;
  }

  /**
   * Returns the value in the current context. If there is none, returns `fallback` if one is given,
   * and otherwise the variable's default.
   *
   * @throws LookupError if there is no value, no `fallback` and no default.
   */
  get(): T;
  get<F>(fallback: F): T | F;
  get(...fallback: unknown[]): unknown {
    const context = contexts.inUse ? currentContext() : undefined;
    if (context?.has(this)) return context.get(this);
    if (fallback.length > 0) return fallback[0];
    if (this.#default !== NONE) return this.#default;
    throw new LookupError(
      `The context variable ${JSON.stringify(this.name)} has no value here, and no default`,
    );
  }

  /** Sets the value in the current context. Pass the returned token to `reset` to undo this. */
  set(value: T): Token<T> {
    const context = writableContext();
    const token = new Token<T>(this, context, context.has(this) ? (context.get(this) as T) : NONE);
    change(context, this, value);
    return token;
  }

  /**
   * Restores the value that was there before the `set` that returned `token`. A token works once,
   * and only in the context of that `set`.
   *
   * @throws TypeError if `token` is not a token. @throws RangeError if it belongs to another
   * variable or another context. @throws RuntimeError if it was used before.
   */
  reset(token: Token<T>): void {
    if (!(token instanceof Token)) {
      throw wrongType("token", "a Token", token);
    }
    if (token._used) throw new RuntimeError("The token has already been used");
    if (token.variable !== this) {
      throw new RangeError(
        `The token belongs to another variable, ${JSON.stringify(token.variable.name)}`,
      );
    }
    if (token._context._identity !== currentContext()?._identity) {
      throw new RangeError("The token belongs to another context");
    }
    token._used = true;
    change(writableContext(), this, token._old);
  }
}

/** Returns a copy of the current context. Like Python's `contextvars.copy_context`. */
export function copyContext(): Context {
  return currentContext()?.copy() ?? new Context();
}

/** Calls `callback` in `context`. */
export function enterContext<R>(context: Context, callback: () => R): R {
  const outer = entered;
  const outerIn = enteredIn;
  entered = context;
  enteredIn = runnableOrLoop();
  try {
    return callback();
  } finally {
    entered = outer;
    enteredIn = outerIn;
  }
}

/** @throws TypeError unless `value` is a context */
export function checkContext(value: unknown): void {
  if (!(value instanceof Context)) {
    throw wrongType("context", "a Context", value);
  }
}

/**
 * Returns the running task or callback; between two of them, the running loop; outside every loop,
 * undefined.
 */
export function runnableOrLoop(): Runnable | Scheduler | undefined {
  return currentRunnable() ?? runningScheduler();
}

/** Returns the running task or callback; undefined between two of them and outside every loop. */
export function currentRunnable(): Runnable | undefined {
  return runningScheduler()?._slots.current;
}

/** Returns the current context, or undefined if there is none, which means that no value is set. */
export function currentContext(): Context | undefined {
  const runnable = currentRunnable();
  if (entered !== undefined && enteredIn === runnableOrLoop()) return entered;
  if (runnable === undefined) return flows === undefined ? outermost : flows.getStore();
  return "_context" in runnable ? (runnable._context as Context) : callbackContexts.get(runnable);
}

/** Returns the current context, for setting a value. Creates one if there is none. */
function writableContext(): Context {
  const known = currentContext();
  const runnable = currentRunnable();
  if (runnable === undefined && (known === undefined || known !== entered)) {
    return writableOutermost(known);
  }
  if (known !== undefined) return known;
  const created = new Context();
  if ("_context" in (runnable as Runnable)) (runnable as Runnable)._context = created;
  else callbackContexts.set(runnable as Runnable, created);
  return created;
}

/** Sets `variable` in `context`, or removes it if `value` is NONE. */
function change(context: Context, variable: ContextVar<unknown>, value: unknown): void {
  const values = new Map(context._values);
  if (value === NONE) values.delete(variable);
  else values.set(variable, value);
  contexts.inUse = true;
  context._values = values;
  if (context._flow !== undefined) context._flow._values = values;
}

/**
 * Returns the context outside every loop, for setting a value. If the host has asynchronous
 * contexts, this is a new context, which replaces `known` in the current flow.
 */
function writableOutermost(known: Context | undefined): Context {
  if (runningScheduler() === undefined) checkNoOtherCopy("The ContextVar");
  if (flows === undefined) {
    outermost ??= new Context();
    return outermost;
  }
  const created = known?._successor() ?? new Context();
  flows.enterWith(created);
  return created;
}
