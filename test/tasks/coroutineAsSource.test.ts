// A coroutine is iterable, so it can be passed by mistake where a source of items is expected. While
// it waits, it yields futures, which must not become items.

import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  coroutine,
  createTask,
  debounce,
  type Future,
  forEach,
  fromPromise,
  getRunningLoop,
  type IterationSource,
  iterate,
  Lock,
  latest,
  mapConcurrent,
  mapUnordered,
  Queue,
  sleep,
  throttle,
} from "../../src/index.ts";
import { runVirtually } from "../support/virtualLoop.ts";

/** Reads at most ten items of `source`. */
function* read(source: IterationSource<unknown>): Coroutine<unknown[]> {
  const items = iterate(source);
  const got: unknown[] = [];
  for (let r = yield* items.next(); !r.done && got.length < 10; r = yield* items.next()) {
    got.push(r.value);
  }
  yield* items.return();
  return got;
}

/** Records at most ten items, and then fails. */
function recorder(items: unknown[]): (item: unknown) => Coroutine<unknown> {
  return function* (item) {
    items.push(item);
    if (items.length > 10) throw new Error("The source does not end");
    return item;
  };
}

/** Each function that takes a source, as one that returns the items. */
const readers: Record<string, (source: IterationSource<unknown>) => Coroutine<unknown[]>> = {
  iterate: read,
  *forEach(source) {
    const got: unknown[] = [];
    yield* forEach(source, recorder(got));
    return got;
  },
  mapConcurrent: (source) => mapConcurrent(source, recorder([])),
  "mapConcurrent, one at a time": (source) =>
    mapConcurrent(source, recorder([]), { concurrency: 1 }),
  mapUnordered: (source) => read(mapUnordered(source, recorder([]))),
};

/** Those that drop items, too. */
const allReaders: typeof readers = {
  ...readers,
  latest: (source) => read(latest(source, recorder([]))),
  debounce: (source) => read(debounce(source, 10)),
  throttle: (source) => read(throttle(source, 10)),
};

const load = coroutine(function* (): Coroutine<void> {
  yield* sleep(5);
});

/** What a coroutine may wait for. */
const waits: Record<string, () => Iterable<unknown>> = {
  "a promise": () => fromPromise(new Promise(() => {})),
  "a future": () => getRunningLoop().createFuture(),
  "a task": () => createTask(sleep(5)),
  "a timer": () => sleep(5),
  "a decorated coroutine": () => load(),
  "an item of a queue": () => new Queue().get(),
};

type Mistaken = Generator<unknown, string[], undefined>;

describe.each(Object.entries(allReaders))("%s rejects a coroutine that waits", (_, reader) => {
  test.each(Object.entries(waits))("for %s, and closes it", (_, wait) => {
    const trace: string[] = [];
    const outcome = runVirtually(function* () {
      function* loadUsers(): Mistaken {
        try {
          yield* wait();
          return ["ann", "bob"];
        } finally {
          trace.push("closed");
        }
      }
      try {
        return yield* reader(loadUsers());
      } catch (error) {
        return error;
      }
    });

    expect(outcome).toEqual(
      new TypeError(
        "Expected a source of items, got a coroutine. Did you mean to await it with `yield*`?",
      ),
    );
    expect(trace).toEqual(["closed"]);
  });
});

test("a coroutine that is rejected as a source is no longer a waiter", () => {
  const got = runVirtually(function* () {
    const lock = new Lock();
    const queue = new Queue<string>();
    yield* lock.acquire();
    for (const wait of [() => lock.acquire(), () => queue.get()]) {
      const mistaken = (function* (): Mistaken {
        yield* wait();
        return [];
      })();
      try {
        yield* iterate(mistaken).next();
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
    lock.release();
    queue.putNowait("item");
    yield* sleep(1);
    return [lock.locked(), queue.qsize()];
  });

  expect(got).toEqual([false, 1]);
});

test("an iteration that has rejected a coroutine has ended", () => {
  const got = runVirtually(function* () {
    const items = iterate(
      (function* (): Mistaken {
        yield "item";
        yield* sleep(1);
        return [];
      })(),
    );
    const first = yield* items.next();
    let name: unknown;
    try {
      yield* items.next();
    } catch (error) {
      name = (error as Error).name;
    }
    return [first.value, name, (yield* items.next()).done];
  });

  expect(got).toEqual(["item", "TypeError", true]);
});

describe.each(Object.entries(readers))("%s accepts as items", (_, reader) => {
  function expectItems(make: () => Iterable<unknown>): void {
    const [items, got] = runVirtually(function* () {
      const items = [...make()];
      return [items, yield* reader(items[Symbol.iterator]())];
    });
    expect(got).toHaveLength(items.length);
    for (const [n, item] of items.entries()) expect(got[n]).toBe(item);
  }

  test("futures, tasks and coroutines of a list", () => {
    expectItems(() => [getRunningLoop().createFuture(), createTask(sleep(1)), load()]);
  });

  test("futures that others wait for, yielded by a generator", () => {
    const got = runVirtually(function* () {
      const made: Future<unknown>[] = [];
      function* futures(): Generator<Future<unknown>> {
        for (let n = 0; n < 3; n++) {
          const future = getRunningLoop().createFuture();
          made.push(future);
          createTask(() => future, { eagerStart: true });
          yield future;
        }
      }
      const items = yield* reader(futures());
      return items.map((item, n) => item === made[n]);
    });

    expect(got).toEqual([true, true, true]);
  });

  test("what a generator yields that drives a coroutine by hand", () => {
    const got = runVirtually(function* () {
      function* steps(): Generator<string> {
        const driven = sleep(5);
        driven[Symbol.iterator]().next();
        yield "waiting";
        yield "done";
      }
      return yield* reader(steps());
    });

    expect(got).toEqual(["waiting", "done"]);
  });

  test("undefined", () => {
    const got = runVirtually(() =>
      reader(
        (function* () {
          yield;
          yield undefined;
        })(),
      ),
    );

    expect(got).toEqual([undefined, undefined]);
  });
});
