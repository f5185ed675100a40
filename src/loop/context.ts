// Context variables: values that follow the tasks.
//
// Nothing is entered or left when a task takes a step: whose turn it is says which
// context holds, and it is looked up when a variable is asked. So a loop whose
// programs use no variable pays nothing, and what a task pays is paid at its start.
//
// A context never changes the map that holds its values but takes another one, and
// so to copy a context is to copy one reference.

import { checkFunction, checkOptions, checkString, describe } from "./arguments.ts";
import { LookupError, RuntimeError } from "./errors.ts";
import { enterFlow, type FlowStorage, flow, newFlowStorage } from "./hosts/asyncContext.ts";
import { runningScheduler, type Scheduler } from "./scheduler.ts";
import type { Runnable } from "./slots.ts";

type Values = ReadonlyMap<ContextVar<unknown>, unknown>;

const NO_VALUES: Values = new Map();

/** Whether any context holds anything: until then nobody has to ask for one. */
export const contexts = { inUse: false };

/** The context of `context.run()`, and during whose turn that was called: it does not hold for others. */
let entered: Context | undefined;
let enteredBy: Runnable | Scheduler | undefined;

/** What holds for the turn of a callback: what it was bound to, or has set itself. */
const ofCallbacks = /* @__PURE__ */ new WeakMap<Runnable, Context>();

/**
 * What holds outside of every loop: for each asynchronous flow of the host where it can tell them apart, else for all. A
 * flow goes on from the one that started it, so a value that is set takes another context and leaves those flows alone
 * that have started already.
 */
let outermost: Context | undefined;
let flows: FlowStorage<Context> | undefined;

/** The values of all context variables, as one thing. Made by `copyContext()`, or empty. Like Python's `contextvars.Context`. */
export class Context {
  #values: Values = NO_VALUES;
  #isEntered = false;
  /** What tokens are of: outside of loops a context and those that took its place are one. @internal */
  _identity: object = this;

  /**
   * Calls `callback(...args)` in this context, and gives what it returns. What it sets stays in this context.
   *
   * It holds for the call itself: a coroutine that the callback makes runs in the context of the task that awaits it.
   *
   * @throws RuntimeError if the context is entered already.
   */
  run<Args extends unknown[], R>(callback: (...args: Args) => R, ...args: Args): R {
    checkFunction("callback", callback);
    if (this.#isEntered || currentContext() === this) {
      throw new RuntimeError("The context is entered already");
    }
    const outer = entered;
    const outerBy = enteredBy;
    entered = this;
    enteredBy = whoRuns();
    this.#isEntered = true;
    try {
      return callback(...args);
    } finally {
      this.#isEntered = false;
      entered = outer;
      enteredBy = outerBy;
    }
  }

  /** A context of its own with the same values, at the cost of one reference. */
  copy(): Context {
    const copy = new Context();
    copy.#values = this.#values;
    return copy;
  }

  /** A copy that takes its place. @internal */
  _successor(): Context {
    const successor = this.copy();
    successor._identity = this._identity;
    return successor;
  }

  /** How many variables have a value here. */
  get size(): number {
    return this.#values.size;
  }

  /** Whether `variable` has a value here. Its default does not count. */
  has(variable: ContextVar<unknown>): boolean {
    return this.#values.has(variable);
  }

  /** The value of `variable` here, else `fallback`. Its default does not count. */
  get<T>(variable: ContextVar<T>): T | undefined;
  get<T, F>(variable: ContextVar<T>, fallback: F): T | F;
  get(variable: ContextVar<unknown>, fallback?: unknown): unknown {
    return this.#values.has(variable) ? this.#values.get(variable) : fallback;
  }

  /** The variables that have a value here. */
  keys(): IterableIterator<ContextVar<unknown>> {
    return this.#values.keys();
  }

  /** Their values. */
  values(): IterableIterator<unknown> {
    return this.#values.values();
  }

  /** Both. */
  entries(): IterableIterator<[ContextVar<unknown>, unknown]> {
    return this.#values.entries();
  }

  /** As `entries()`. */
  [Symbol.iterator](): IterableIterator<[ContextVar<unknown>, unknown]> {
    return this.entries();
  }

  /** @internal */
  _set(variable: ContextVar<unknown>, value: unknown): void {
    contexts.inUse = true;
    this.#values = new Map(this.#values).set(variable, value);
  }

  /** @internal */
  _delete(variable: ContextVar<unknown>): void {
    const values = new Map(this.#values);
    values.delete(variable);
    this.#values = values;
  }
}

/** Stands for "there was no value". */
const NONE = Symbol("none");

/** What `ContextVar.set` gives, so that `reset` can undo it. Like Python's `contextvars.Token`. */
export class Token<T> {
  /** The variable that was set. */
  readonly variable: ContextVar<T>;
  /** @internal */
  readonly _context: Context;
  /** @internal */
  readonly _old: T | typeof NONE;
  /** @internal */
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
 * A variable whose value each task has of its own. Like Python's `contextvars.ContextVar`.
 *
 * A task starts with a copy of the values that held where it was made, and a callback with those that held where it was
 * scheduled. What either sets, others do not see.
 *
 * Setting copies the list of all values: it is meant for some dozens of variables, as a request's id or its user.
 *
 * @example
 * const requestId = new ContextVar<string>("requestId");
 * requestId.set("a1");
 * const log = () => console.log(requestId.get());
 */
export class ContextVar<T> {
  /** Shown in errors. */
  readonly name: string;
  readonly #default: T | typeof NONE;

  /**
   * @param options.default the value where none is set. `undefined` counts as given, as Python's `default=None` does.
   * @throws TypeError if `name` is not a string.
   */
  constructor(name: string, options: { readonly default?: T | undefined } = {}) {
    checkString("name", name);
    checkOptions(options);
    this.name = name;
    this.#default = "default" in options ? (options.default as T) : NONE;
  }

  /**
   * The value in the current context; else `fallback`, if one is given; else the variable's default.
   *
   * @throws LookupError if there is none of the three.
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

  /** Sets it in the current context. The token undoes that. */
  set(value: T): Token<T> {
    const context = ownContext();
    const token = new Token<T>(this, context, context.has(this) ? (context.get(this) as T) : NONE);
    context._set(this, value);
    return token;
  }

  /**
   * Puts the value back that was there before the `set` that gave `token`. A token works once, in the context it is of.
   *
   * @throws TypeError if it is no token. @throws RangeError if it is of another variable or another context.
   * @throws RuntimeError if it was used before.
   */
  reset(token: Token<T>): void {
    if (!(token instanceof Token)) {
      throw new TypeError(`Expected \`token\` to be what \`set\` returned, got ${describe(token)}`);
    }
    if (token._used) throw new RuntimeError("The token has been used once already");
    if (token.variable !== this) {
      throw new RangeError(
        `The token was made by another variable, ${JSON.stringify(token.variable.name)}`,
      );
    }
    if (token._context._identity !== currentContext()?._identity) {
      throw new RangeError("The token was made in another context");
    }
    token._used = true;
    const context = ownContext();
    if (token._old === NONE) context._delete(this);
    else context._set(this, token._old);
  }
}

/** A copy of the current context. Like Python's `contextvars.copy_context`. */
export function copyContext(): Context {
  return currentContext()?.copy() ?? new Context();
}

/** What a task or a callback that is made now gets; undefined while no context holds anything. */
export function inheritedContext(): Context | undefined {
  if (!contexts.inUse) return undefined;
  const context = currentContext();
  return context === undefined || context.size === 0 ? undefined : context.copy();
}

/** `callback` for a later turn of `loop`: it runs in `context`, and in what the host keeps of its own. */
export function bound<Args extends unknown[]>(
  loop: Scheduler,
  callback: (...args: Args) => unknown,
  context: Context | undefined,
): (...args: Args) => unknown {
  const within = loop._snapshot?.() ?? flow.within;
  if (context === undefined && within === undefined) return callback;
  const inContext = context === undefined ? callback : inTurnWith(context, callback);
  const wrapper =
    within === undefined
      ? inContext
      : (...args: Args) => enterFlow(within, () => inContext(...args));
  // Reports name the callback and not the wrapper.
  return Object.defineProperty(wrapper, "name", { value: callback.name });
}

/** `callback` in a turn of its own, for which `context` holds: for reports of what it throws too. */
function inTurnWith<Args extends unknown[]>(
  context: Context,
  callback: (...args: Args) => unknown,
): (...args: Args) => unknown {
  return (...args) => {
    holdForTurn(context);
    return callback(...args);
  };
}

/** Has `context` hold until the end of this turn, if it is that of a callback or a timer. */
export function holdForTurn(context: Context): void {
  const runnable = runningScheduler()?._slots.current;
  if (runnable !== undefined) ofCallbacks.set(runnable, context);
}

/** Calls `report` in the context of the task or handle that it is about, even if that has ended. */
export function reportIn(owner: object, report: () => void): void {
  const runs = whoRuns();
  if (!contexts.inUse || runs === owner) return report();
  const outer = entered;
  const outerBy = enteredBy;
  const { _context: own } = owner as Partial<Runnable>;
  entered = (own as Context | undefined) ?? ofCallbacks.get(owner as Runnable) ?? new Context();
  enteredBy = runs;
  try {
    report();
  } finally {
    entered = outer;
    enteredBy = outerBy;
  }
}

/** @throws TypeError unless `value` is a context */
export function checkContext(value: unknown): void {
  if (!(value instanceof Context)) {
    throw new TypeError(`Expected \`context\` to be a Context, got ${describe(value)}`);
  }
}

function whoRuns(): Runnable | Scheduler | undefined {
  const loop = runningScheduler();
  return loop?._slots.current ?? loop;
}

/** Where variables are looked up now; undefined while there is nothing to be found. */
function currentContext(): Context | undefined {
  const loop = runningScheduler();
  const runnable = loop?._slots.current;
  if (entered !== undefined && enteredBy === (runnable ?? loop)) return entered;
  if (runnable === undefined) return flows === undefined ? outermost : flows.getStore();
  return "_context" in runnable ? (runnable._context as Context) : ofCallbacks.get(runnable);
}

/** The same to set something in. */
function ownContext(): Context {
  const known = currentContext();
  const runnable = runningScheduler()?._slots.current;
  if (runnable === undefined && (known === undefined || known !== entered)) return ownFlow(known);
  if (known !== undefined) return known;
  const made = new Context();
  if ("_context" in (runnable as Runnable)) (runnable as Runnable)._context = made;
  else ofCallbacks.set(runnable as Runnable, made);
  return made;
}

/** The same outside of every loop, where `known` holds. */
function ownFlow(known: Context | undefined): Context {
  flows ??= newFlowStorage();
  if (flows === undefined) {
    outermost ??= new Context();
    return outermost;
  }
  const made = known?._successor() ?? new Context();
  flows.enterWith(made);
  return made;
}
