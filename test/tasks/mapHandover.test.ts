// Tests that a map neither loses nor ignores what it has taken: items of its source, and what
// queues and locks hand to the calls of `fn`.

import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  forEach,
  getRunningLoop,
  InvalidStateError,
  Lock,
  mapConcurrent,
  mapUnordered,
  moveOnAfter,
  Queue,
  retry,
  sleep,
  timeout,
  wait,
} from "../../src/index.ts";
import { explore } from "../../src/testing.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const FAILURE = new Error("failure");

/** Ways to end a map at the 10th millisecond. */
const ENDS: Readonly<Record<string, (body: () => Coroutine<unknown>) => Coroutine<unknown>>> = {
  moveOnAfter: (body) => moveOnAfter(10, body),
  *timeout(body) {
    try {
      yield* timeout(10, body);
    } catch {}
  },
  *"task.cancel"(body) {
    const task = createTask(body);
    getRunningLoop().callLater(10, () => task.cancel());
    yield* wait([task]);
  },
  *"another map around it"(body) {
    yield* moveOnAfter(10, () => mapConcurrent([0], body));
  },
};

describe.each(Object.entries(ENDS))("a map that is ended by %s", (_, endAt10) => {
  test.each([1, 2, 3])(
    "leaves an item of that turn in the queue from which its calls get, with concurrency %d",
    (concurrency) => {
      const left = runVirtually(function* () {
        const queue = new Queue<number>();
        getRunningLoop().callLater(10, () => queue.putNowait(1));
        yield* endAt10(() => mapConcurrent([0, 1, 2], () => queue.get(), { concurrency }));
        return queue.qsize();
      });
      expect(left).toBe(1);
    },
  );

  test("frees a lock that is handed to one of its calls in that turn", () => {
    const isLocked = runVirtually(function* () {
      const lock = new Lock();
      yield* lock.acquire();
      getRunningLoop().callLater(10, () => lock.release());
      yield* endAt10(() => mapConcurrent([0], () => lock.acquire()));
      return lock.locked();
    });
    expect(isLocked).toBe(false);
  });
});

test("a second cancellation of a map does not reach its calls again", () => {
  const cancellations = runVirtually(function* () {
    let count = 0;
    const map = createTask(() =>
      mapConcurrent([0], function* () {
        try {
          yield* sleep(100);
        } finally {
          count++;
          yield* sleep(100);
        }
      }),
    );
    getRunningLoop().callLater(1, () => map.cancel());
    getRunningLoop().callLater(2, () => map.cancel());
    yield* wait([map]);
    return [count, map.cancelled(), getRunningLoop().time()];
  });
  expect(cancellations).toEqual([1, true, 101]);
});

test("a call starts for each item that was taken before the source failed", () => {
  const started: number[] = [];
  const source = function* (): Generator<number> {
    yield 1;
    yield 2;
    throw FAILURE;
  };
  const main = mapConcurrent(source(), function* (item) {
    started.push(item);
    yield* sleep(1);
  });
  expect(caught(() => runVirtually(main))).toBe(FAILURE);
  expect(started).toEqual([1, 2]);
});

test.each([
  ["mapConcurrent", mapConcurrent],
  [
    "mapUnordered",
    (items: Queue<number>, fn: (item: number) => Coroutine<void>, options: object) =>
      forEach(mapUnordered(items, fn, options), function* () {}),
  ],
])(
  "%s starts `fn` for each item that it takes from a queue, in every order of steps",
  async (_, map) => {
    const main = function* (): Coroutine<void> {
      const queue = new Queue<number>();
      let started = 0;
      const work = function* (): Coroutine<void> {
        started++;
        yield;
      };
      const mapping = createTask(() => map(queue, work, { concurrency: 2 }) as Coroutine<unknown>);
      const producer = createTask(function* () {
        for (let i = 0; i < 4; i++) {
          queue.putNowait(i);
          yield;
        }
      });
      const canceller = createTask(function* () {
        yield;
        yield;
        mapping.cancel();
      });
      yield* wait([mapping, producer, canceller]);
      expect(started + queue.qsize()).toBe(4);
    };
    await explore(main, { runs: 300 });
  },
);

test("with settle, the error of a call that throws before it returns a coroutine is an outcome", () => {
  const main = mapConcurrent([1, Number.NaN, 2], (delay) => sleep(delay, delay), { settle: true });
  expect(runVirtually(main)).toEqual([
    { status: "fulfilled", value: 1 },
    { status: "rejected", reason: expect.any(RangeError) },
    { status: "fulfilled", value: 2 },
  ]);
});

describe("maps in maps", () => {
  function* walk(depth: number): Coroutine<number> {
    if (depth === 0) return 0;
    const [below] = yield* mapConcurrent([depth - 1], walk);
    return (below as number) + 1;
  }

  test.each([60, 5_000])("can be %d deep", (depth) => {
    expect(runVirtually(walk(depth))).toBe(depth);
  });
});

test("`fn` may return one task for several items", () => {
  const main = function* (): Coroutine<unknown> {
    const task = createTask(sleep(1, "a"));
    return [
      yield* mapConcurrent([1, 2], () => task),
      yield* mapConcurrent([1], () => task, { settle: true }),
    ];
  };
  expect(runVirtually(main)).toEqual([["a", "a"], [{ status: "fulfilled", value: "a" }]]);
});

test("with settle, a function that returns no coroutine makes the map fail", () => {
  const main = mapConcurrent([1, 2], () => undefined as never, { settle: true });
  expect(caught(() => runVirtually(main))).toBeInstanceOf(TypeError);
});

describe("one coroutine object for several calls is an error, not an empty result", () => {
  function* fails(): Coroutine<never> {
    yield* sleep(1);
    throw FAILURE;
  }

  test("in mapConcurrent", () => {
    const coro = sleep(5, 5);
    const plain = (function* (): Coroutine<number> {
      return yield* sleep(5, 5);
    })();
    expect(caught(() => runVirtually(mapConcurrent([1, 2], () => plain)))).toBeInstanceOf(
      InvalidStateError,
    );
    expect(caught(() => runVirtually(mapConcurrent([1, 2], () => coro)))).toBeInstanceOf(
      InvalidStateError,
    );
  });

  test("in retry", () => {
    const coro = fails();
    const error = caught(() => runVirtually(retry(() => coro, { delay: 1 })));
    expect(error).toBeInstanceOf(InvalidStateError);
  });
});
