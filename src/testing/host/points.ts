// Implements `at` and `atEach`, from `mysyncio/at`, during a run. They make an await a point at
// which the policy may delay or cancel the async function.

import type { AwaitHook, AwaitPoints } from "../../at.ts";
import { currentStage } from "./stages.ts";

const KEY = Symbol.for("mysyncio.at");

type Method = (this: unknown, ...args: unknown[]) => unknown;

const hook: AwaitHook = {
  at(value, place) {
    const stage = currentStage();
    return stage === undefined ? value : stage.await(value, place);
  },
  atEach(iterable, place) {
    if (currentStage() === undefined || iterable === null || iterable === undefined) {
      return iterable;
    }
    const asyncMethod = (iterable as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator];
    if (asyncMethod !== undefined && asyncMethod !== null) {
      return new AsyncPoints(iterable, asyncMethod as Method, place);
    }
    const method = (iterable as Partial<Iterable<unknown>>)[Symbol.iterator];
    return typeof method === "function"
      ? new SyncPoints(iterable, method as Method, place)
      : iterable;
  },
};

/** Makes each await of a `for await` loop over an async iterable a point. */
class AsyncPoints {
  readonly #iterable: unknown;
  readonly #method: Method;
  readonly #place: string;

  constructor(iterable: unknown, method: Method, place: string) {
    this.#iterable = iterable;
    this.#method = method;
    this.#place = place;
  }

  [Symbol.asyncIterator](): unknown {
    const inner = Reflect.apply(this.#method, this.#iterable, []);
    const place = this.#place;
    // If `inner` is not an iterator, the `for await` loop throws the same error as without
    // exploration.
    if (!isObject(inner)) return inner;
    const { next } = inner as { next: Method };
    return {
      next: () => hook.at(Reflect.apply(next, inner, []), place),
      // A `for await` loop that is left early looks up `return`, and calls it only if it exists.
      get return() {
        const { return: close } = inner as { return?: Method };
        if (close === undefined || close === null) return close;
        return () => hook.at(Reflect.apply(close, inner, []), place);
      },
    };
  }
}

/**
 * Makes each await of a `for await` loop over a sync iterable a point. Such a loop awaits each
 * value.
 */
class SyncPoints {
  readonly #iterable: unknown;
  readonly #method: Method;
  readonly #place: string;

  constructor(iterable: unknown, method: Method, place: string) {
    this.#iterable = iterable;
    this.#method = method;
    this.#place = place;
  }

  [Symbol.iterator](): unknown {
    const inner = Reflect.apply(this.#method, this.#iterable, []);
    const place = this.#place;
    if (!isObject(inner)) return inner;
    const { next } = inner as { next: Method };
    return {
      next() {
        const result = Reflect.apply(next, inner, []);
        if (!isObject(result)) return result;
        const { done, value } = result as IteratorResult<unknown>;
        return done ? result : { done, value: hook.at(value, place) };
      },
      get return() {
        const { return: close } = inner as { return?: Method };
        if (close === undefined || close === null) return close;
        return (...args: unknown[]) => Reflect.apply(close, inner, args);
      },
    };
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Turns marked awaits into points. Returns a function that reverts this. */
export function installPoints(): () => void {
  const shared = globalThis as { [KEY]?: AwaitPoints };
  const points = shared[KEY] ?? { hook: undefined };
  // Copies of `mysyncio/at` that are loaded later use the same object.
  Reflect.defineProperty(shared, KEY, { value: points, configurable: true });
  const before = points.hook;
  points.hook = hook;
  return () => {
    if (points.hook === hook) points.hook = before;
  };
}
