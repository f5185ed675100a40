// The engine's generators: how to recognize one and how to resume it.

export type Result = IteratorResult<unknown, unknown>;
export type AnyGenerator = Generator<unknown, unknown, unknown>;

export const generatorPrototype: AnyGenerator = Object.getPrototypeOf(
  Object.getPrototypeOf(newEmptyGenerator()),
);

/**
 * A constructor for `instanceof` tests. Property lookups are slow on generators of a function that
 * was just created, such as the body of most blocks, because the engine hasn't seen their prototype
 * yet.
 */
export const Generated = /* @__PURE__ */ instancesOf(generatorPrototype);

// Read once, because looking up `next` on the generators of many functions is slow.
export const nextOf = generatorPrototype.next as (this: AnyGenerator, value?: unknown) => Result;
export const throwOf = generatorPrototype.throw as (this: AnyGenerator, error: unknown) => Result;
export const returnOf = generatorPrototype.return as (this: AnyGenerator, value: unknown) => Result;

/** Resumes a generator. */
export function resume(generator: AnyGenerator): Result {
  return nextOf.call(generator);
}

/** Throws into a generator at the point where it is suspended. */
export function resumeWithError(generator: AnyGenerator, error: unknown): Result {
  return throwOf.call(generator, error);
}

/**
 * Whether `value` is a generator of this realm or a CoroutineObject, as nearly all coroutines are.
 * The cheapest test.
 */
export function isGenerated(value: unknown): value is AnyGenerator {
  return value instanceof Generated;
}

export function isGeneratorFunction(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object GeneratorFunction]";
}

/**
 * Returns `coro` as a generator of this engine. Generators that a compiler emulates, and those of
 * another realm, are wrapped, because they can only be driven by their own methods.
 */
export function native(coro: AnyGenerator): AnyGenerator {
  return isGenerated(coro) ? coro : delegateTo(coro);
}

export function* delegateTo(coro: AnyGenerator): AnyGenerator {
  return yield* coro;
}

function instancesOf(prototype: object): new () => unknown {
  function Instance(): void {
    // Never called. `instanceof` only compares prototypes.
  }
  Instance.prototype = prototype;
  // To TypeScript, a function declaration isn't a constructor.
  return Instance as unknown as new () => unknown;
}

/** Returns a generator that does nothing, as a placeholder. */
export function* newEmptyGenerator(): Generator<undefined, undefined, undefined> {
  return undefined;
}
