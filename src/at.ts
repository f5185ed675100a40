// The calls that `mysyncio`'s plugins put around each await of async code.
//
//   await load(key)                await at(load(key), "get (src/cache.ts:12:9)")
//   for await (const x of source)  for await (const x of atEach(source, "all (src/cache.ts:20:3)"))
//
// Without an exploration, `at` and `atEach` return their first argument. An exploration installs
// its hook in an object on `globalThis` that all copies of this module share. Each copy looks the
// object up once, because a lookup at each await could cost more than the await itself.

/** What an exploration does at each await. @internal */
export interface AwaitHook {
  at(value: unknown, place: string): unknown;
  atEach(iterable: unknown, place: string): unknown;
}

/** Holds the hook while an exploration runs. All copies of this module share it. @internal */
export interface AwaitPoints {
  hook: AwaitHook | undefined;
}

const KEY = Symbol.for("mysyncio.at");
const points = findPoints();

function findPoints(): AwaitPoints {
  const shared = globalThis as { [KEY]?: AwaitPoints };
  const value = shared[KEY] ?? { hook: undefined };
  // This makes the property non-enumerable. Where the global object is frozen, it does nothing,
  // while an assignment would throw.
  Reflect.defineProperty(shared, KEY, { value, configurable: true });
  return value;
}

/**
 * Marks an await, so that `explore`, from `mysyncio/testing`, can delay it. Without an exploration,
 * returns `value`. Plugins insert calls to `at`. Call it yourself only in code that no plugin
 * transforms.
 *
 * @param value what is awaited.
 * @param place the function, file, line and column of the await, as reports show it.
 * @example
 * const price = await at(load(key), "get (src/cache.ts:12:9)");
 */
export function at<T>(value: T, place = ""): T {
  const { hook } = points;
  return hook === undefined ? value : (hook.at(value, place) as T);
}

/**
 * Marks the awaits of a `for await` loop: one for each item and, if the loop leaves an async
 * iterable early, one for closing it. Without an exploration, returns `iterable`.
 *
 * @param iterable what the loop iterates over.
 * @param place the function, file, line and column of the loop, as reports show it.
 * @example
 * for await (const line of atEach(lines, "print (src/print.ts:8:3)")) console.log(line);
 */
export function atEach<T extends AsyncIterable<unknown> | Iterable<unknown>>(
  iterable: T,
  place = "",
): T {
  const { hook } = points;
  return hook === undefined ? iterable : (hook.atEach(iterable, place) as T);
}
