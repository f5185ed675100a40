// A virtual clock does not wait for itself: what the loop is to settle is not outside of it.

import { afterEach, describe, expect, test } from "vitest";
import { getRunningLoop, newEventLoop, setEventLoop } from "../../src/eventLoop.ts";
import { DeadlockError } from "../../src/loop/errors.ts";
import { run, runSync } from "../../src/run.ts";
import { Queue } from "../../src/sync/queue.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { fromPromise } from "../../src/tasks/fromPromise.ts";
import { gather } from "../../src/tasks/gather.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { timeout } from "../../src/tasks/timeout.ts";
import { toPromise } from "../../src/tasks/toPromise.ts";
import { explore } from "../../src/testing/explore.ts";
import { VirtualClock } from "../../src/testing/virtualClock.ts";
import { virtualTest } from "../../src/testing/virtualTest.ts";
import { toAsync } from "../../src/toAsync.ts";

const DAY = 86_400_000;
const slow = (value: string) => sleep(DAY, value);
const slowAsync = toAsync(slow);
const real = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Calls of `toAsync` that no callback is on the stack of run there too. */
function* here(body: () => Coroutine<unknown>): Coroutine<unknown> {
  setEventLoop(getRunningLoop());
  return yield* body();
}

afterEach(() => setEventLoop(undefined));

/** Waits for a day of the loop, each in its own way by a promise. */
const WAITS: Readonly<Record<string, () => Coroutine<unknown>>> = {
  "the promise of a `toAsync` call": () => fromPromise(slowAsync("a")),
  "the promise of a task": () => fromPromise(toPromise(slow("a"))),
  "the `then` of a task": () => fromPromise(createTask(slow("a")).then()),
  "a `then` of that promise": () => fromPromise(toPromise(slow("a")).then((value) => value)),
  "an async function that awaits a task": () =>
    fromPromise(
      (async (task) => {
        await undefined;
        return await task;
      })(createTask(slow("a"))),
    ),
  "async functions in async functions": () => {
    const outer = async (n: number): Promise<string> => {
      await undefined;
      return n === 0 ? await slowAsync("a") : await outer(n - 1);
    };
    return fromPromise(outer(20));
  },
  "an async function that awaits several": () =>
    fromPromise(
      (async () => {
        const values = await Promise.all([slowAsync("a"), toPromise(slow("b"))]);
        await slowAsync("c");
        return values[0];
      })(),
    ),
  *"several async functions that await one task"() {
    const task = createTask(slow("a"));
    const wait = async () => await task;
    const [a] = yield* gather([wait(), wait(), wait()]);
    return a;
  },
  *"a `for await` over a queue"() {
    const queue = new Queue<string>();
    const all = async () => {
      for await (const item of queue) if (item === "a") return item;
      return undefined;
    };
    const reading = fromPromise(all());
    createTask(function* () {
      yield* sleep(DAY / 2);
      queue.putNowait("b");
      yield* sleep(DAY / 2);
      queue.putNowait("a");
    });
    return yield* reading;
  },
};

describe.each(Object.entries(WAITS))("a virtual clock does not wait for %s", (_, wait) => {
  test("in `run`", async () => {
    const clock = new VirtualClock();
    const main = function* (): Coroutine<unknown> {
      return yield* here(wait);
    };
    expect([await run(main, { clock }), clock.now() >= DAY]).toEqual(["a", true]);
  });

  test("in `virtualTest` and `explore`", async () => {
    const main = function* (): Coroutine<void> {
      expect(yield* here(wait)).toBe("a");
    };
    await virtualTest(main)();
    await explore(main, { runs: 3, leaks: false });
  });
});

test("the promises of a task and of a `toAsync` call settle in `runSync` too", () => {
  const clock = new VirtualClock();
  const main = function* (): Coroutine<unknown[]> {
    const task = createTask(function* (): Coroutine<never> {
      yield* sleep(5);
      throw new Error("failed");
    });
    const failed = yield* (function* () {
      try {
        return yield* fromPromise(toPromise(task));
      } catch (error) {
        return String(error);
      }
    })();
    return [failed, yield* fromPromise(slowAsync("a")), yield* fromPromise(toPromise(slow("b")))];
  };
  expect(runSync(main, { clock })).toEqual(["Error: failed", "a", "b"]);
  expect(clock.now()).toBe(2 * DAY + 5);
});

test("an async function in `runSync` is an error at once, with the reason", () => {
  const main = function* (): Coroutine<unknown> {
    return yield* fromPromise((async () => await createTask(slow("a")))());
  };
  expect(() => runSync(main, { clock: new VirtualClock() })).toThrow(/promise.*blocked.*`run\(\)`/);
});

describe("a virtual clock stands still", () => {
  test("while something outside is awaited, also if a task is awaited outside", async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const main = function* (): Coroutine<void> {
      createTask(() => sleep(DAY));
      yield* timeout(50, () => fromPromise(real(20)));
      times.push(clock.now());
      // One of two is outside.
      yield* gather([fromPromise(real(20)), (async (task) => await task)(createTask(slow("a")))]);
      times.push(clock.now());
    };
    const loop = newEventLoop({ clock });
    const task = loop.createTask(main);
    // Somebody outside waits for the very task that waits for something outside.
    const outcome = (async () => await task)();
    await loop.runUntilComplete(task);
    await outcome;
    loop.close();
    expect(times).toEqual([0, DAY]);
  });

  test("for a call of `toAsync` that waits for something outside", async () => {
    const clock = new VirtualClock();
    const loop = newEventLoop({ clock });
    setEventLoop(loop);
    try {
      const call = toAsync(function* () {
        yield* timeout(10, () => fromPromise(real(20)));
        return clock.now();
      });
      expect(await call()).toBe(0);
    } finally {
      setEventLoop(undefined);
    }
  });

  test("no longer than `externalTimeout`, and the error says who waits", async () => {
    const never = new Promise(() => undefined);
    const main = function* (): Coroutine<void> {
      createTask(() => sleep(DAY));
      yield* createTask(() => fromPromise(never), { name: "reader" });
    };
    const start = performance.now();
    const clock = new VirtualClock(0, { externalTimeout: 30 });
    const error = await run(main, { clock }).catch((error: unknown) => error);

    expect(error).toBeInstanceOf(DeadlockError);
    expect(String(error)).toMatch(/within 30 ms of real time/);
    expect(String(error)).toMatch(/Task "reader" waits for Promise/);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
    expect(clock.now()).toBe(0);
  });

  test("for each wait again", async () => {
    const clock = new VirtualClock(0, { externalTimeout: 60 });
    const main = function* (): Coroutine<string> {
      for (let i = 0; i < 5; i++) yield* fromPromise(real(20));
      return "done";
    };
    expect(await run(main, { clock })).toBe("done");
  });

  test("for what another loop has to do", async () => {
    const clock = new VirtualClock();
    const main = function* (): Coroutine<number> {
      yield* timeout(1, () => fromPromise(run(() => sleep(20))));
      return clock.now();
    };
    expect(await run(main, { clock })).toBe(0);
  });
});

test("an `externalTimeout` that is no time is refused by name", () => {
  expect(() => new VirtualClock(0, { externalTimeout: "1" as never })).toThrow("`externalTimeout`");
});
