// A rejected promise that a coroutine awaits later, or never, is not reported by the host.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  asCompleted,
  type Coroutine,
  coroutine,
  createTask,
  ensureFuture,
  fromPromise,
  gather,
  getRunningLoop,
  Lock,
  mapConcurrent,
  moveOnAfter,
  newEventLoop,
  race,
  run,
  shield,
  sleep,
  taskGroup,
  timeout,
  wait,
  waitFor,
  withSignal,
  wrapFuture,
} from "../../src/index.ts";
import { hostTimer } from "../support/host.ts";
import { newVirtualLoop } from "../support/virtualLoop.ts";

const failure = new Error("failure");
/** How long a step of the loop takes, so that the next one is in a later turn of the host. */
const SLICE = 1;
/** A limit that no machine reaches, in milliseconds. */
const LONG = 60_000;

let unhandled: unknown[];
const note = (reason: unknown) => unhandled.push(reason);
const noteEvent = (event: PromiseRejectionEvent) => {
  event.preventDefault();
  note(event.reason);
};

beforeEach(() => {
  unhandled = [];
  if (typeof process === "undefined") addEventListener("unhandledrejection", noteEvent);
  else process.on("unhandledRejection", note);
});

afterEach(() => {
  if (typeof process === "undefined") removeEventListener("unhandledrejection", noteEvent);
  else process.off("unhandledRejection", note);
});

/** All functions that take a promise at the call and may await it later. */
const TAKERS: Readonly<Record<string, (promise: Promise<never>) => unknown>> = {
  fromPromise: (promise) => fromPromise(promise),
  "fromPromise twice": (promise) => [fromPromise(promise), fromPromise(promise)],
  "fromPromise after an await": (promise) => [
    fromPromise(promise),
    fromPromise(Promise.resolve()),
    createTask(fromPromise(Promise.resolve())),
  ],
  ensureFuture: (promise) => ensureFuture(promise),
  wrapFuture: (promise) => wrapFuture(promise),
  shield: (promise) => shield(promise),
  gather: (promise) => gather([promise]),
  asCompleted: (promise) => asCompleted([promise]),
  wait: (promise) => wait([promise]),
  "wait over an iterator": (promise) => wait([promise].values()),
  waitFor: (promise) => waitFor(promise, LONG),
  "waitFor with a timeout of 0": (promise) => waitFor(promise, 0),
  race: (promise) => race([promise]),
  "race of races": (promise) => race([race([promise])]),
  withSignal: (promise) => withSignal(new AbortController().signal, promise),
  "withSignal of an aborted signal": (promise) => withSignal(AbortSignal.abort(), promise),
  "gather with an invalid argument": (promise) => {
    expect(() => gather([promise, 1 as never])).toThrow(TypeError);
  },
  "a promise of a subclass": (promise) =>
    waitFor(
      class extends Promise<never> {}.resolve(promise).then((value) => value),
      10,
    ),
};

/** Functions that await a promise in a child whose first step comes later. */
const CHILDREN: Readonly<Record<string, (promise: Promise<never>) => Coroutine<unknown>>> = {
  *createTask(promise) {
    yield* createTask(fromPromise(promise));
  },
  *"createTask of waitFor"(promise) {
    yield* createTask(waitFor(fromPromise(promise), LONG));
  },
  *"createTask of a coroutine's argument"(promise) {
    const awaiting = coroutine(function* (inner: Coroutine<never>): Coroutine<never> {
      return yield* inner;
    });
    yield* createTask(awaiting(fromPromise(promise)));
  },
  *gather(promise) {
    yield* gather([fromPromise(promise), sleep(0)]);
  },
  *asCompleted(promise) {
    for (const next of asCompleted([fromPromise(promise)])) yield* next;
  },
  *race(promise) {
    yield* createTask(race([fromPromise(promise), sleep(10)]));
  },
  *"race that another operation wins"(promise) {
    yield* createTask(race([new Lock().acquire(), fromPromise(promise)]));
    throw failure;
  },
  *mapConcurrent(promise) {
    yield* mapConcurrent([1, 2], () => fromPromise(promise));
  },
  *"mapConcurrent of waitFor"(promise) {
    yield* mapConcurrent([1, 2], () => waitFor(promise, LONG));
  },
  *timeout(promise) {
    const call = fromPromise(promise);
    yield* createTask(timeout(LONG, () => call));
  },
  *moveOnAfter(promise) {
    const call = fromPromise(promise);
    yield* createTask(moveOnAfter(LONG, () => call));
  },
  *taskGroup(promise) {
    try {
      yield* taskGroup(function* (group) {
        group.createTask(fromPromise(promise));
      });
    } catch (error) {
      throw (error as AggregateError).errors[0];
    }
  },
  *"a task that is cancelled before its first step"(promise) {
    createTask(fromPromise(promise)).cancel();
    throw failure;
  },
  *"a task that starts much later"(promise) {
    const call = fromPromise(promise);
    yield* sleep(3);
    yield* call;
  },
};

function takeLong(): void {
  const end = performance.now() + SLICE;
  while (performance.now() < end);
}

/** Runs `main` so that everything it starts begins in a later turn of the host. */
function runSlowly<T>(main: () => Coroutine<T>): Promise<T> {
  const loop = newEventLoop({ slice: SLICE });
  // Failures that nobody awaits are reported here.
  loop.setExceptionHandler(() => undefined);
  return run(
    function* () {
      for (let i = 0; i < 10; i++) getRunningLoop().callSoon(takeLong);
      return yield* main();
    },
    { loop },
  );
}

describe("a rejected promise is handled", () => {
  test.each(Object.keys(TAKERS))("even if nobody awaits the result of %s", async (name) => {
    const made = await runSlowly(function* () {
      const result = TAKERS[name]?.(Promise.reject(failure));
      yield* sleep(2);
      return [result];
    });
    await hostTimer(2);

    expect([made.length, unhandled]).toEqual([1, []]);
  });

  test.each(Object.keys(CHILDREN))("if it is awaited later by %s", async (name) => {
    const thrown = await runSlowly(function* () {
      try {
        yield* CHILDREN[name]?.(Promise.reject(failure)) as Coroutine<unknown>;
      } catch (error) {
        return error;
      }
      return "nothing";
    });
    await hostTimer(2);

    expect([thrown, unhandled]).toEqual([failure, []]);
  });

  test("in a coroutine that is created outside a loop", async () => {
    const calls = [
      fromPromise(Promise.reject(failure)),
      waitFor(Promise.reject(failure), LONG),
      race([Promise.reject(failure)]),
      wait([Promise.reject(failure)]),
    ];
    await hostTimer(2);
    const results = await Promise.allSettled(calls.map((call) => run(call)));

    expect(results.slice(0, 3)).toEqual(
      results.slice(0, 3).map(() => ({ status: "rejected", reason: failure })),
    );
    expect(unhandled).toEqual([]);
  });

  test("in a run that blocks the thread", async () => {
    newVirtualLoop().runUntilCompleteSync(function* () {
      fromPromise(Promise.reject(failure));
      yield;
    });
    await hostTimer(2);

    expect(unhandled).toEqual([]);
  });

  test("in a step that creates a wait for it, and throws before awaiting that wait", async () => {
    const ending = runSlowly(function* () {
      waitFor(fromPromise(Promise.reject(failure)), LONG);
      throw new Error("other");
    });
    await expect(ending).rejects.toThrow("other");
    await hostTimer(2);

    expect(unhandled).toEqual([]);
  });
});

test("a thenable that starts its work in `then` does nothing before it is awaited", async () => {
  let calls = 0;
  const query = {
    [Symbol.toStringTag]: "Promise",
    then(onFulfilled: (value: number) => void) {
      calls++;
      onFulfilled(1);
    },
  } as unknown as Promise<number>;
  const seen = await run(function* () {
    const waits = [fromPromise(query), waitFor(query, LONG), race([query])];
    yield* sleep(1);
    const before = calls;
    for (const aw of waits) yield* aw;
    return [before, calls];
  });

  expect(seen).toEqual([0, 3]);
});

test("`yield* fromPromise` adds no second listener to its promise", async () => {
  const then = Promise.prototype.then;
  let listeners = 0;
  const promises = [1, 2, 3].map((n) => Promise.resolve(n));
  Promise.prototype.then = function (this: Promise<unknown>, ...both: []) {
    if (promises.includes(this as Promise<number>)) listeners++;
    return then.apply(this, both);
  } as typeof then;
  try {
    await run(function* () {
      for (const promise of promises) yield* fromPromise(promise);
    });
  } finally {
    Promise.prototype.then = then;
  }

  expect(listeners).toBe(0);
});
