// Platforms that lack a primitive, or have a stub of it that throws: Jest's jsdom, edge runtimes,
// old workers.

import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import {
  type Coroutine,
  createTask,
  Future,
  fromPromise,
  newEventLoop,
  run,
  sleep,
} from "../../../src/index.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** How a platform may provide a primitive. */
const WAYS = ["as it is", "missing", "a stub that throws"] as const;
type Way = (typeof WAYS)[number];

function refuse(): never {
  throw new Error("A Node.js API is used which is not supported in the Edge Runtime");
}

class Refusing {
  constructor() {
    refuse();
  }
}

/** The stub of each primitive. */
const STUBS = {
  setImmediate: refuse,
  scheduler: { postTask: refuse },
  MessageChannel: Refusing,
  queueMicrotask: refuse,
  FinalizationRegistry: Refusing,
};
type Primitive = keyof typeof STUBS;
const PRIMITIVES = Object.keys(STUBS) as Primitive[];

/** Imitates a platform until the test ends. */
function pretend(platform: Readonly<Record<Primitive, Way>>): void {
  vi.unstubAllGlobals();
  for (const name of PRIMITIVES) {
    if (platform[name] === "missing") vi.stubGlobal(name, undefined);
    if (platform[name] === "a stub that throws") vi.stubGlobal(name, STUBS[name]);
  }
}

/**
 * A program that needs the host for everything: slices, timers, promises, microtasks and
 * unretrieved failures.
 */
async function useEverything(): Promise<unknown> {
  // A slice of no length: each step is a slice.
  const loop = newEventLoop({ slice: 0 });
  const reports: unknown[] = [];
  loop.setExceptionHandler((_, context) => reports.push(context.exception));
  const task = createTaskOn(loop);
  loop.callLater(1, () => new Future(undefined, loop).setException(new Error("unretrieved")));
  const result = await loop.runUntilComplete(task);
  loop.close();
  return [result, reports];
}

function createTaskOn(loop: ReturnType<typeof newEventLoop>) {
  return loop.createTask(
    (function* (): Coroutine<string> {
      for (let step = 0; step < 5; step++) yield;
      yield* sleep(2);
      const value = yield* fromPromise(Promise.resolve("value"));
      yield* createTask(sleep(0));
      return value;
    })(),
  );
}

const platforms = fc.record(
  Object.fromEntries(PRIMITIVES.map((name) => [name, fc.constantFrom(...WAYS)])),
) as fc.Arbitrary<Record<Primitive, Way>>;

test("a loop runs on a platform where any primitive is missing or a stub that throws", async () => {
  await fc.assert(
    fc.asyncProperty(platforms, async (platform) => {
      pretend(platform);
      expect(await useEverything()).toEqual(["value", [new Error("unretrieved")]]);
    }),
    { numRuns: 30 },
  );
});

test("a loop runs where `process` exists and all of its functions throw", async () => {
  const { process } = globalThis as { process?: object };
  const stub = new Proxy(process ?? {}, { get: (_, key) => (key === "env" ? {} : refuse) });
  vi.stubGlobal("process", stub);

  const result = await run(function* (): Coroutine<string> {
    return yield* sleep(1, "done");
  });
  vi.unstubAllGlobals();

  expect(result).toBe("done");
});

test("unref works on platforms whose timers are numbers", async () => {
  const { setTimeout: start } = globalThis;
  const timers: unknown[] = [];
  const asNumber = (callback: () => void, delay: number) => {
    return timers.push(start(callback, delay));
  };
  vi.stubGlobal("setTimeout", asNumber);
  vi.stubGlobal("clearTimeout", (timer: number) => {
    globalThis.clearInterval(timers[timer - 1] as number);
  });
  const loop = newEventLoop({ slice: 0 });
  loop.callLater(1, () => loop.unref());
  loop.callLater(2, () => loop.ref());
  const task = createTaskOn(loop);

  expect(await loop.runUntilComplete(task)).toBe("value");
  loop.close();
});
