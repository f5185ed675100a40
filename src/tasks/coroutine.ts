// Coroutines, and how a task resumes the innermost of them in O(1).
//
// The engine resumes a chain of `yield*` by walking it from the outside in. A
// decorated coroutine spares the walk. What its `yield*` iterates is a Call:
//
//   main ──yield*──> Call a ──yield*──> Call b ──yield*──> Call c ─ suspends
//
// A call runs inline, on the caller's native stack, and a call that never
// suspends costs little more than a plain generator. When one suspends, the
// result that its generator gave goes outward through every `yield*` of the
// chain, and each Call on the way links itself to the one inside it:
//
//   c._caller = b, b._caller = a           chain.inner = c, chain.outer = a
//
// The task finds the chain when the result reaches it. A short one that suspends
// for the first time it leaves to the engine; else it takes it over, and from
// then on resumes c directly. When c is done, the task resumes b, whose `yield*`
// asks Call c for its next result and gets its outcome.
//
// The result object is the proof that a chain belongs to the step that just
// ended: `yield*` passes it on untouched, and each suspension makes a new one. So
// a generator that is driven by hand in the middle (whose result ends there)
// leaves a chain that nobody takes over, and is resumed by the engine's own walk.

import { wrongType } from "../loop/arguments.ts";
import { InvalidStateError } from "../loop/errors.ts";
import { placeOfCall, places, type WaitingPlace } from "../loop/places.ts";

/**
 * What a coroutine yields while it waits: nothing at a bare `yield`, else something that only the library makes. The name
 * of the property is what a compiler says of a forgotten star.
 */
export type Suspension = undefined | { readonly [FORGOTTEN_STAR]: true };

declare const FORGOTTEN_STAR: "forgot the star? write `yield* ...`, and `yield* fromPromise(...)` for a promise";

/**
 * A coroutine that returns a `T`: what calling a generator function gives.
 *
 * @example
 * function* double(n: number): Coroutine<number> {
 *   yield* sleep(10);
 *   return 2 * n;
 * }
 */
export type Coroutine<T> = Generator<Suspension, T, undefined>;

/** A function that returns a coroutine. */
export type CoroutineFunction<Args extends readonly unknown[] = never, T = unknown> = (
  ...args: Args
) => Generator<unknown, T, unknown>;

export type Result = IteratorResult<unknown, unknown>;
export type AnyGenerator = Generator<unknown, unknown, unknown>;

const generatorPrototype: AnyGenerator = Object.getPrototypeOf(
  Object.getPrototypeOf(
    (function* () {
      // only its prototype is wanted
    })(),
  ),
);

/**
 * What generators are instances of. To look a property up costs many times as much on the generator of a function that
 * was made just now, as that of most blocks is: the engine has not seen its prototype before.
 */
const Generated = /* @__PURE__ */ instancesOf(generatorPrototype);

// Taken once: to look `next` up on generators of many functions would be megamorphic.
const next = generatorPrototype.next as (this: AnyGenerator, value?: unknown) => Result;
const raise = generatorPrototype.throw as (this: AnyGenerator, error: unknown) => Result;
const close = generatorPrototype.return as (this: AnyGenerator, value: unknown) => Result;

/** Resumes a generator. */
export function resume(generator: AnyGenerator): Result {
  return next.call(generator);
}

/** Throws into a generator, where it is suspended. */
export function resumeWithError(generator: AnyGenerator, error: unknown): Result {
  return raise.call(generator, error);
}

/** How many calls may nest on the native stack before the next one is started by the task, on a stack of its own. */
const DEEPEST_INLINE = 64;

/** How many calls a short chain has: so many the engine walks faster than the task takes them over and gives them back. */
const SHORT = 2;

/** What calls leave for the task. One step at a time, so one is enough. */
export const chain = {
  /** The result with which the chain suspended. */
  result: undefined as Result | undefined,
  inner: undefined as Call | undefined,
  outer: undefined as Call | undefined,
  length: 0,
  /** Whether the inner call suspends not for the first time, or waits to be started by the task. */
  isRepeated: false,
  /** How many calls are on the native stack. */
  depth: 0,
};

/** What a call threw, in place of a result. */
export class Thrown {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Where calls were awaited, in debug mode. */
export const awaitedAt = /* @__PURE__ */ new WeakMap<Call, WaitingPlace | undefined>();

const FRESH = 0;
const AWAITED = 1;
const DONE = 2;

/** A coroutine object that is not the engine's own generator, but is one to the rest of the world. */
export abstract class CoroutineObject {
  /** Begins it as the body of a task, which resumes what this returns. @internal */
  abstract _begin(): Call;

  /** @throws InvalidStateError if it is awaited already. @internal */
  abstract _checkFresh(): void;
}

/** One call of a decorated coroutine. It is a generator object to whoever drives it by hand. */
export class Call {
  /** The generator that runs the body. */
  readonly _generator: AnyGenerator;
  /** The call that awaits this one, or undefined for the body of the task itself. Set while this one is suspended. */
  _caller: Call | undefined;
  /** Whether the body has begun. */
  _begun = false;
  /** How it ended, from when the task saw that until the caller's `yield*` asks. */
  _outcome: Result | Thrown | undefined;
  #state = FRESH;
  #hasSuspended = false;

  constructor(generator: AnyGenerator) {
    this._generator = generator;
  }

  /** Called by `yield*`, once. */
  [Symbol.iterator](): this {
    return this._iterate(this[Symbol.iterator]);
  }

  /** Begins to be awaited by whoever called `callee`. */
  _iterate(callee: unknown): this {
    this._claim();
    if (places.watchers > 0) awaitedAt.set(this, placeOfCall(callee));
    return this;
  }

  /** Marks that somebody awaits this call now. */
  _claim(): void {
    this._checkFresh();
    this.#state = AWAITED;
  }

  /** @throws InvalidStateError if somebody awaits this call, or did */
  _checkFresh(): void {
    if (this.#state !== FRESH) throw awaitedBefore();
  }

  /** The coroutine object that its user knows. */
  get _coro(): object {
    return this;
  }

  /** Marks it as the body of a task, which resumes it from the start. */
  _begin(): this {
    this._claim();
    this._begun = true;
    return this;
  }

  next(sent?: unknown): Result {
    const outcome = this._outcome;
    if (outcome !== undefined) {
      this._outcome = undefined;
      // Through next() too: a wrapper iterator need not have throw().
      if (outcome instanceof Thrown) throw outcome.error;
      return outcome;
    }
    const { depth } = chain;
    if (!this._begun) {
      if (depth >= DEEPEST_INLINE) {
        // Once: who asks again is not a task but drives by hand, and gets it on this stack.
        if (!this.#hasSuspended) return this._suspend({ done: false, value: undefined });
        chain.depth = 0;
      }
      this._begun = true;
    }
    let result: Result;
    chain.depth++;
    try {
      result = next.call(this._generator, sent);
    } finally {
      chain.depth = depth;
    }
    return result.done ? this._end(result) : this._suspend(result);
  }

  throw(error: unknown): Result {
    const result = raise.call(this._generator, error);
    return result.done ? this._end(result) : this._suspend(result);
  }

  return(value: unknown): Result {
    const result = close.call(this._generator, value);
    return result.done ? this._end(result) : this._suspend(result);
  }

  /** Sees how it ended, where it is the task that resumed it: gives what its caller is told. @internal */
  _settle(outcome: Result | Thrown): Result | Thrown {
    return outcome;
  }

  /** @internal */
  _end(result: Result): Result {
    this.#state = DONE;
    return result;
  }

  /** @internal */
  _suspend(result: Result): Result {
    if (chain.result === result) {
      (chain.outer as Call)._caller = this;
      chain.length++;
    } else {
      chain.result = result;
      chain.inner = this;
      chain.length = 1;
      chain.isRepeated = this.#hasSuspended || !this._begun;
      this.#hasSuspended = true;
    }
    chain.outer = this;
    return result;
  }
}

// A generator to iterator helpers and to `Object.prototype.toString`, yet made without a call of a base class.
Object.setPrototypeOf(CoroutineObject.prototype, generatorPrototype);
Object.setPrototypeOf(Call.prototype, CoroutineObject.prototype);

export function awaitedBefore(): InvalidStateError {
  return new InvalidStateError(
    "A coroutine object runs once, and this one was awaited before. " +
      "Make a task of it to await its result in several places",
  );
}

/** Leaves a call that is done: the `yield*` of its caller is to get how it ended. Returns the caller. */
export function callerToTell(call: Call, outcome: Result | Thrown): Call | undefined {
  call._outcome = call._settle(outcome);
  return call._caller;
}

/**
 * Whether to take over the chain that has just suspended. To leave it to the engine's walk is cheaper for a short chain
 * that suspends for the first time, and most calls suspend once. One that is not taken over is forgotten.
 */
export function isWorthTaking(): boolean {
  if (chain.isRepeated || chain.length > SHORT || places.watchers > 0) return true;
  // An iterator of a user's may give the same result object again, in another task.
  chain.result = undefined;
  return false;
}

/** Takes over the chain of calls that has just suspended below `caller`. Returns its innermost call. */
export function takeChain(caller: Call | undefined): Call {
  const inner = chain.inner as Call;
  (chain.outer as Call)._caller = caller;
  chain.result = undefined;
  chain.inner = undefined;
  chain.outer = undefined;
  return inner;
}

const decorated = /* @__PURE__ */ new WeakSet<object>();

/** The names of decorated functions, by what their generators inherit from: nothing else tells whose they are. */
const names = /* @__PURE__ */ new WeakMap<object, string>();

/** The name of the decorated function that made `generator`. */
export function functionNameOf(generator: object): string | undefined {
  return names.get(Object.getPrototypeOf(generator));
}

/**
 * Decorates a generator function, so that its coroutines resume in O(1) at any depth.
 *
 * Used as a wrapper or as a standard method decorator. The function's own type is kept, generics included.
 * Undecorated generator functions work everywhere too, at the engine's price: each resume walks the chain of `yield*`.
 *
 * Like asyncio's former `@asyncio.coroutine`.
 *
 * @throws TypeError if `fn` is not a generator function.
 * @example
 * const setAfter = coroutine(function* (delay: number, value: string) {
 *   yield* sleep(delay);
 *   return value;
 * });
 */
export function coroutine<F extends CoroutineFunction>(
  fn: F,
  _context?: ClassMethodDecoratorContext,
): F {
  if (!isGeneratorFunction(fn)) {
    const hint = typeof fn === "function" ? ", not one compiled for a target before ES2015" : "";
    throw wrongType("fn", `a generator function (\`function*\`)${hint}`, fn);
  }
  const make = fn.prototype instanceof Generated ? fn : nativeOf(fn);
  function wrapper(this: unknown): Call {
    // biome-ignore lint/complexity/noArguments: forwarded as they are, they are never made into an array
    return new Call(make.apply(this, arguments as unknown as never));
  }
  Object.defineProperties(wrapper, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
  });
  decorated.add(wrapper);
  names.set(fn.prototype, fn.name);
  return wrapper as unknown as F;
}

/** Whether `value` is a coroutine object: what a generator function returns, decorated or not. Like `asyncio.iscoroutine`. */
export function isCoroutine(value: unknown): value is Coroutine<unknown> {
  if (isGenerated(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  const like = value as Partial<AnyGenerator>;
  return (
    typeof like[Symbol.iterator] === "function" &&
    typeof like.next === "function" &&
    typeof like.throw === "function" &&
    typeof like.return === "function"
  );
}

/** `coro` as a generator of the engine's: what a compiler or another realm made can be driven by its own methods only. */
export function native(coro: AnyGenerator): AnyGenerator {
  return isGenerated(coro) ? coro : passOn(coro);
}

export function* passOn(coro: AnyGenerator): Coroutine<unknown> {
  return yield* coro as Coroutine<unknown>;
}

function nativeOf(fn: CoroutineFunction): CoroutineFunction {
  return function* (this: unknown, ...args: unknown[]) {
    return yield* fn.apply(this, args as never);
  };
}

/** Whether `value` is a coroutine object of this realm, as nearly all are. Costs less than to look for anything else. */
export function isGenerated(value: unknown): value is Coroutine<unknown> {
  return value instanceof Generated;
}

/** Whether calling `value` gives a coroutine. Like `asyncio.iscoroutinefunction`. */
export function isCoroutineFunction(value: unknown): value is CoroutineFunction {
  return typeof value === "function" && (decorated.has(value) || isGeneratorFunction(value));
}

function isGeneratorFunction(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object GeneratorFunction]";
}

function instancesOf(prototype: object): new () => unknown {
  function Instance(): void {
    // only asked for what inherits from its prototype
  }
  Instance.prototype = prototype;
  return Instance as unknown as new () => unknown;
}
