// Several readers of one `asCompleted`: async functions and coroutines. They share the results. When
// one leaves early, the others still end.

import { describe, expect, test } from "vitest";
import {
  type AsCompleted,
  asCompleted,
  type Coroutine,
  createTask,
  fromPromise,
  getRunningLoop,
  Lock,
  Queue,
  run,
  sleep,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

function onLoop<T>(main: () => Coroutine<T>): Promise<T> {
  return run(main, { clock: new VirtualClock() });
}

/** Reads at most `limit` values in an async function. */
async function read<T>(results: AsCompleted<T>, limit = Infinity): Promise<T[]> {
  const got: T[] = [];
  for await (const value of results) {
    got.push(value);
    if (got.length === limit) break;
  }
  return got;
}

/** Reads at most `limit` values in a coroutine. */
function* readInCoroutine<T>(results: AsCompleted<T>, limit = Infinity): Coroutine<T[]> {
  const got: T[] = [];
  for (const next of results) {
    got.push(yield* next);
    if (got.length === limit) break;
  }
  return got;
}

/** Returns two queues. One receives an item after 20 milliseconds, the other after 30. */
function twoQueues(): [Queue<string>, Queue<string>] {
  const queues: [Queue<string>, Queue<string>] = [new Queue(), new Queue()];
  createTask(function* () {
    yield* sleep(20);
    queues[0].putNowait("queue 1");
    yield* sleep(10);
    queues[1].putNowait("queue 2");
  });
  return queues;
}

/** Returns an `asCompleted` of `letters` that completes them in order, from each kind of awaitable. */
const shared: Record<string, (letters: readonly string[]) => AsCompleted<string>> = {
  tasks: (letters) => asCompleted(letters.map((letter, n) => sleep(10 * (n + 1), letter))),
  "tasks, some of them held back": (letters) =>
    asCompleted(
      letters.map((letter) => sleep(10, letter)),
      { concurrency: 1 },
    ),
  operations: (letters) => {
    const queues = letters.map(() => new Queue<string>());
    createTask(function* () {
      for (const [n, letter] of letters.entries()) {
        yield* sleep(10);
        queues[n]?.putNowait(letter);
      }
    });
    return asCompleted(queues.map((queue) => queue.get()));
  },
};

describe.each(Object.entries(shared))("readers that share %s", (_, make) => {
  test.each([2, 3, 5])("two async functions receive each of %i results once", async (count) => {
    const letters = ["a", "b", "c", "d", "e"].slice(0, count);
    const got = await onLoop(function* () {
      const results = make(letters);
      return yield* fromPromise(Promise.all([read(results), read(results)]));
    });

    expect(got.flat().sort()).toEqual(letters);
    expect(Math.abs((got[0]?.length ?? 0) - (got[1]?.length ?? 0))).toBeLessThan(2);
  });

  test("an async function and a coroutine receive each result once", async () => {
    const letters = ["a", "b", "c", "d", "e"];
    const got = await onLoop(function* () {
      const results = make(letters);
      const outside = read(results);
      const inside = yield* readInCoroutine(results);
      return [inside, yield* fromPromise(outside)];
    });

    expect(got.flat().sort()).toEqual(letters);
  });

  test("if one async function leaves, another that waits still gets its result", async () => {
    const got = await onLoop(function* () {
      const results = make(["a", "b", "c", "d"]);
      return yield* fromPromise(Promise.all([read(results, 1), read(results)]));
    });

    expect(got).toEqual([["a"], ["b"]]);
  });

  test("if one async function throws, another that waits still gets its result", async () => {
    const got = await onLoop(function* () {
      const results = make(["a", "b", "c", "d"]);
      const failing = (async () => {
        for await (const value of results) throw value;
      })();
      return yield* fromPromise(Promise.allSettled([failing, read(results)]));
    });

    expect(got).toEqual([
      { status: "rejected", reason: "a" },
      { status: "fulfilled", value: ["b"] },
    ]);
  });

  test("after a coroutine has left, an async function that is already waiting still gets its result", async () => {
    const got = await onLoop(function* () {
      const results = make(["a", "b", "c"]);
      const outside = read(results);
      yield* sleep(1);
      for (const _ of results) break;
      return yield* fromPromise(outside);
    });

    expect(got).toEqual(["a"]);
  });

  test("if an async function leaves, a coroutine that waits still gets its result", async () => {
    const got = await onLoop(function* () {
      const results = make(["a", "b", "c", "d"]);
      const inside = createTask(readInCoroutine(results));
      yield* sleep(0);
      return [yield* fromPromise(read(results, 1)), yield* inside];
    });

    expect(got).toEqual([["b"], ["a", "c"]]);
  });

  test("after a call of `return()`, an async function that is already waiting still gets its result", async () => {
    const got = await onLoop(function* () {
      const results = make(["a", "b", "c"]);
      const outside = read(results);
      yield* sleep(1);
      results.return?.();
      return yield* fromPromise(outside);
    });

    expect(got).toEqual(["a"]);
  });

  test("a call of `return()` ends the iteration for an async function that is busy", async () => {
    const got = await onLoop(function* () {
      const results = make(["a", "b", "c"]);
      const isReturned = getRunningLoop().createFuture<void>();
      const outside = (async () => {
        const all: string[] = [];
        for await (const value of results) {
          all.push(value);
          await isReturned;
        }
        return all;
      })();
      yield* sleep(15);
      results.return?.();
      isReturned.setResult();
      return yield* fromPromise(outside);
    });

    expect(got).toEqual(["a"]);
  });
});

test("if the result that one async function awaits fails, another still gets the result that it awaits", async () => {
  const got = await onLoop(function* () {
    const results = asCompleted([
      function* (): Coroutine<string> {
        yield* sleep(10);
        throw "failed";
      },
      sleep(20, "b"),
      sleep(30, "c"),
    ]);
    return yield* fromPromise(Promise.allSettled([read(results), read(results)]));
  });

  expect(got).toEqual([
    { status: "rejected", reason: "failed" },
    { status: "fulfilled", value: ["b"] },
  ]);
});

test("each of two async functions gets the TimeoutError of the result that it waits for", async () => {
  const got = await onLoop(function* () {
    const results = asCompleted([sleep(100), sleep(200), sleep(300)], { timeout: 10 });
    return yield* fromPromise(Promise.allSettled([read(results), read(results)]));
  });

  expect(got.map((end) => end.status === "rejected" && String(end.reason))).toEqual(
    Array(2).fill("TimeoutError: The timeout expired before all were done"),
  );
});

test("once the last reader has left, nothing is taken from the queues any more", async () => {
  const got = await onLoop(function* () {
    const queues = twoQueues();
    const lock = new Lock();
    yield* lock.acquire();
    const results = asCompleted([...queues.map((queue) => queue.get()), lock.acquire()]);
    const all = yield* fromPromise(Promise.all([read<unknown>(results, 1), read(results)]));
    lock.release();
    queues[1].putNowait("queue 3");
    yield* sleep(1);
    return [all, queues.map((queue) => queue.qsize()), lock.locked()];
  });

  expect(got).toEqual([[["queue 1"], ["queue 2"]], [0, 1], false]);
});

test("a coroutine held back by the limit never starts once the last reader has left", async () => {
  const started: string[] = [];
  await onLoop(function* () {
    function* job(letter: string): Coroutine<string> {
      started.push(letter);
      yield* sleep(10);
      return letter;
    }
    const jobs = ["a", "b", "c", "d", "e"].map(job);
    const results = asCompleted(jobs, { concurrency: 1 });
    yield* fromPromise(Promise.all([read(results, 1), read(results)]));
    yield* sleep(100);
  });

  expect(started).toEqual(["a", "b"]);
});

test("the timer of `timeout` doesn't outlive the last reader", async () => {
  const clock = new VirtualClock();
  const start = clock.now();
  await run(
    function* () {
      const results = asCompleted([sleep(5), sleep(10), createTask(sleep(10))], { timeout: 1_000 });
      yield* fromPromise(Promise.all([read(results, 1), read(results)]));
    },
    { clock },
  );

  expect(clock.now() - start).toBe(10);
});
