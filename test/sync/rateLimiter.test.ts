import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  gather,
  getRunningLoop,
  moveOnAfter,
  RateLimiter,
  type RateLimiterOptions,
  race,
  run,
  sleep,
  type Task,
} from "../../src/index.ts";
import { explore, VirtualClock } from "../../src/testing.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

/** Makes all requests at once. Returns the times at which they passed. */
function passes(options: RateLimiterOptions, requests: readonly number[]): number[] {
  return runVirtually(function* () {
    const limiter = new RateLimiter(options);
    const pass = function* (n: number): Coroutine<number> {
      yield* limiter.acquire(n);
      return getRunningLoop().time();
    };
    return yield* gather(requests.map((n) => pass(n)));
  });
}

describe("RateLimiter", () => {
  test.each<[RateLimiterOptions, number[], number[]]>([
    [{ limit: 2, interval: 100 }, [1, 1, 1, 1, 1, 1], [0, 0, 50, 100, 150, 200]],
    [{ limit: 2, interval: 100, burst: 1 }, [1, 1, 1, 1], [0, 50, 100, 150]],
    [{ limit: 2, interval: 100, burst: 4 }, [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 50, 100]],
    [
      { limit: 3, interval: 1_000, burst: 1 },
      [1, 1, 1, 1, 1, 1, 1],
      [0, 1e3 / 3, 2e3 / 3, 1e3, 4e3 / 3, 5e3 / 3, 2e3],
    ],
    [{ limit: 4, interval: 100 }, [3, 3, 1], [0, 50, 75]],
    [{ limit: 1, interval: 10, burst: 5 }, [5, 5], [0, 50]],
    [{ limit: 1, interval: 10, burst: Infinity }, [100, 100], [0, 0]],
  ])("with %o lets requests of %o tokens pass after %o ms", (options, requests, times) => {
    expect(passes(options, requests)).toEqual(times);
  });

  test("never lets more than `limit` + `burst` tokens pass in any interval, and lets every request pass in the end", () => {
    const options = fc.record({
      limit: fc.integer({ min: 1, max: 20 }),
      interval: fc.integer({ min: 1, max: 1_000 }),
      burst: fc.integer({ min: 1, max: 20 }),
    });
    const arrivals = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 20 })),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(options, arrivals, (chosen, list) => {
        const passed = runVirtually(function* () {
          const limiter = new RateLimiter(chosen);
          const log: [time: number, n: number][] = [];
          const tasks: Task<void>[] = [];
          for (const [pause, wanted] of list) {
            yield* sleep(pause);
            const n = Math.min(wanted, chosen.burst);
            tasks.push(
              createTask(function* () {
                yield* limiter.acquire(n);
                log.push([getRunningLoop().time(), n]);
              }),
            );
          }
          yield* gather(tasks);
          return log;
        });
        expect(passed.length).toBe(list.length);
        for (const [start] of passed) {
          const within = passed.filter(
            ([time]) => time >= start && time < start + chosen.interval - 1e-6,
          );
          const sum = within.reduce((total, [, n]) => total + n, 0);
          expect(sum).toBeLessThanOrEqual(chosen.limit + chosen.burst);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("with a burst of 1 lets at most `limit` pass in any `interval` milliseconds", () => {
    for (const [limit, interval] of [
      [3, 1_000],
      [7, 100],
      [10, 1_000],
    ] as const) {
      const times = passes({ limit, interval, burst: 1 }, new Array(50).fill(1));
      const most = times.map(
        (start) => times.filter((t) => t >= start && t < start + interval - 1e-6).length,
      );
      expect(Math.max(...most)).toBe(limit);
    }
  });

  test("serves in order of arrival, so that small requests do not overtake large ones", () => {
    const order = runVirtually(function* () {
      const limiter = new RateLimiter({ limit: 10, interval: 100 });
      const trace: string[] = [];
      yield* limiter.acquire(10);
      const ask = (n: number) =>
        createTask(function* () {
          yield* limiter.acquire(n);
          trace.push(`${n} at ${getRunningLoop().time()}`);
        });
      yield* gather([ask(10), ask(1), ask(2)]);
      return trace;
    });

    expect(order).toEqual(["10 at 100", "1 at 110", "2 at 130"]);
  });

  test("serves the next waiter as soon as possible when one is cancelled", () => {
    const times = runVirtually(function* () {
      const limiter = new RateLimiter({ limit: 10, interval: 100 });
      yield* limiter.acquire(10);
      const long = createTask(limiter.acquire(10));
      const short = createTask(function* () {
        yield* limiter.acquire();
        return getRunningLoop().time();
      });
      yield* sleep(15);
      long.cancel();
      return yield* short;
    });

    expect(times).toBe(15);
  });

  test("takes back tokens that were handed to a waiter cancelled in the same turn", () => {
    const times = runVirtually(function* () {
      const limiter = new RateLimiter({ limit: 1, interval: 100 });
      yield* limiter.acquire();
      const first = createTask(limiter.acquire());
      const second = createTask(function* () {
        yield* limiter.acquire();
        return getRunningLoop().time();
      });
      yield* sleep(0);
      getRunningLoop().callAt(100, () => first.cancel());
      return [yield* second, first.cancelled()];
    });

    expect(times).toEqual([100, true]);
  });

  test("takes no tokens in a race that another operation wins, or after a timeout", () => {
    const at = runVirtually(function* () {
      const limiter = new RateLimiter({ limit: 1, interval: 100 });
      yield* limiter.acquire();
      yield* moveOnAfter(10, () => limiter.acquire());
      yield* race([limiter.acquire(), sleep(10)]);
      yield* limiter.acquire();
      return getRunningLoop().time();
    });

    expect(at).toBe(100);
  });

  test("never lets a request pass early on the real clock", async () => {
    await run(function* () {
      const loop = getRunningLoop();
      const limiter = new RateLimiter({ limit: 100, interval: 1_000, burst: 1 });
      const start = loop.time();
      for (let n = 0; n < 5; n++) {
        yield* limiter.acquire();
        expect(loop.time() - start).toBeGreaterThanOrEqual(n * 10);
      }
    });
  });

  test("belongs to the loop of its first use", () => {
    const limiter = new RateLimiter({ limit: 1, interval: 1 });
    runVirtually(limiter.acquire());

    expect(() => runVirtually(limiter.acquire())).toThrow("bound to another event loop");
  });

  test("keeps its limit in every order of steps, with a cancellation at any point", async () => {
    const main = function* (): Coroutine<void> {
      const loop = getRunningLoop();
      const limiter = new RateLimiter({ limit: 1, interval: 10 });
      const passed: number[] = [];
      const tasks = ["victim", "b", "c", "d"].map((name, index) =>
        createTask(
          function* () {
            if (index > 1) yield* sleep(index);
            yield* limiter.acquire();
            passed.push(loop.time());
          },
          { name },
        ),
      );
      yield* gather(tasks, { returnExceptions: true });
      const gaps = passed.slice(1).map((time, index) => time - (passed[index] as number));
      expect(gaps.every((gap) => gap >= 10)).toBe(true);
      expect(loop.time()).toBeLessThanOrEqual(30);
    };

    await explore(main, { runs: 500, cancelPoints: "victim" });
  });

  test.each<[unknown, RegExp]>([
    [undefined, /`options`/],
    [{}, /`limit`/],
    [{ limit: 0, interval: 1 }, /`limit`/],
    [{ limit: 1.5, interval: 1 }, /`limit`/],
    [{ limit: Infinity, interval: 1 }, /`limit`/],
    [{ limit: 1 }, /`interval`/],
    [{ limit: 1, interval: 0 }, /`interval`/],
    [{ limit: 1, interval: Infinity }, /`interval`/],
    [{ limit: 1, interval: "1s" }, /`interval`/],
    [{ limit: 1, interval: 1, burst: 0 }, /`burst`/],
    [{ limit: 1, interval: 1, burst: null }, /`burst`/],
  ])("rejects %o", (options, message) => {
    expect(() => new RateLimiter(options as never)).toThrow(message);
  });

  test("throws when called for more tokens than it can ever hold", () => {
    const limiter = new RateLimiter({ limit: 2, interval: 1 });

    expect(caught(() => limiter.acquire(3))).toBeInstanceOf(RangeError);
    expect(() => limiter.acquire(3)).toThrow("at most `burst`, which is 2, got `3`");
    for (const n of [0, -1, 1.5, Number.NaN, Infinity])
      expect(() => limiter.acquire(n)).toThrow(RangeError);
    expect(() => limiter.acquire("1" as never)).toThrow(TypeError);
  });

  test("is exact on a clock that does not start at 0", async () => {
    const clock = new VirtualClock(1e9);
    const times = await run(
      function* () {
        const limiter = new RateLimiter({ limit: 4, interval: 100 });
        const all: number[] = [];
        for (let n = 0; n < 6; n++) {
          yield* limiter.acquire();
          all.push(getRunningLoop().time() - 1e9);
        }
        return all;
      },
      { clock },
    );

    expect(times).toEqual([0, 0, 0, 0, 25, 50]);
  });
});
