// Coroutine functions: the types that users write, and the decorator.

import { wrongType } from "../../lang/arguments.ts";
import { locations } from "../../lang/locations.ts";
import { noteMade } from "../../loop/unawaited.ts";
import { Call, CoroutineObject } from "./call.ts";
import { type AnyGenerator, Generated, isGenerated, isGeneratorFunction } from "./generators.ts";

/**
 * What a coroutine yields while it waits: nothing at a bare `yield`, otherwise an object that only
 * this library creates. Where a star was forgotten, the compiler's error shows the name of this
 * object's property.
 */
export type Suspension = undefined | { readonly [FORGOTTEN_STAR]: true };

declare const FORGOTTEN_STAR: "forgot the star? write `yield* ...`, and `yield* fromPromise(...)` for a promise";

/**
 * A coroutine that returns a `T`. Calling a generator function creates one.
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

const decorated = /* @__PURE__ */ new WeakSet<object>();

/**
 * The names of decorated functions, by the prototype of their generators, which is a generator's
 * only link to its function.
 */
const names = /* @__PURE__ */ new WeakMap<object, string>();

/** Returns the name of the decorated function that created `generator`; undefined if none did. */
export function functionNameOf(generator: object): string | undefined {
  return names.get(Object.getPrototypeOf(generator));
}

/**
 * Decorates a generator function, so that its coroutines resume in O(1) at any depth.
 *
 * Works as a wrapper and as a standard method decorator. Keeps the function's own type, including
 * its type parameters. Undecorated generator functions work everywhere too, but each resumption
 * walks their chain of `yield*`.
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
  const start = fn.prototype instanceof Generated ? fn : nativeOf(fn);
  function wrapper(this: unknown): Call {
    // Not a rest parameter, which would create an array.
    // biome-ignore lint/complexity/noArguments: the arguments are only forwarded
    const call = new Call(start.apply(this, arguments as unknown as never));
    if (locations.watchers > 0) noteMade(call, wrapper, fn.name);
    return call;
  }
  Object.defineProperties(wrapper, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
  });
  decorated.add(wrapper);
  names.set(fn.prototype, fn.name);
  // A call behaves as the generator that `fn` returns, but is an instance of our class.
  return wrapper as unknown as F;
}

/** Wraps a generator function of another realm. */
function nativeOf(fn: CoroutineFunction): CoroutineFunction {
  return function* (this: unknown, ...args: unknown[]) {
    return yield* fn.apply(this, args as never);
  };
}

/**
 * Whether `value` is a coroutine object: the result of calling a generator function, decorated or
 * not. Like `asyncio.iscoroutine`.
 */
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

/** Whether `value` is a function that returns a coroutine. Like `asyncio.iscoroutinefunction`. */
export function isCoroutineFunction(value: unknown): value is CoroutineFunction {
  return typeof value === "function" && (decorated.has(value) || isGeneratorFunction(value));
}

/**
 * Closes a coroutine that must not start. Awaiting it later throws if its function is decorated.
 * Awaiting a plain generator later returns undefined.
 */
export function closeUnstarted(coro: Coroutine<unknown>): void {
  const object: object = coro;
  if (object instanceof CoroutineObject) object._begin();
  coro.return(undefined);
}
