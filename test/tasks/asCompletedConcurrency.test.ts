import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asCompleted,
  ContextVar,
  type Coroutine,
  coroutine,
  createTask,
  getRunningLoop,
  Queue,
  run,
  sleep,
  TimeoutError,
} from "../../src/index.ts";
import { explore, VirtualClock } from "../../src/testing.ts";
import { runVirtually } from "../support/virtualLoop.ts";

/** Counts how many coroutines run at once. */
class Gauge {
  running = 0;
  most = 0;
  begun = 0;

  @coroutine *stay(delay: number): Coroutine<number> {
    this.begun++;
    this.most = Math.max(this.most, ++this.running);
    try {
      yield* sleep(delay);
      return delay;
    } finally {
      this.running--;
    }
  }
}

function* collect<T>(source: Iterable<Coroutine<T>>): Coroutine<T[]> {
  const all: T[] = [];
  for (const next of source) all.push(yield* next);
  return all;
}

describe("asCompleted with concurrency", () => {
  test.each([
    [1, [3, 1, 2], 6],
    [2, [1, 3, 2], 3],
    [3, [1, 2, 3], 3],
    [Infinity, [1, 2, 3], 3],
    [undefined, [1, 2, 3], 3],
  ])("runs at most %s at once, and yields %o", (concurrency, order, time) => {
    const gauge = new Gauge();
    const [got, at] = runVirtually(function* () {
      const all = [3, 1, 2].map((delay) => gauge.stay(delay));
      return [yield* collect(asCompleted(all, { concurrency })), getRunningLoop().time()];
    });

    expect([got, at]).toEqual([order, time]);
    expect(gauge.most).toBe(Math.min(concurrency ?? 3, 3));
  });

  test("accepts functions, futures, promises, operations and duplicates", () => {
    const gauge = new Gauge();
    const got = runVirtually(function* () {
      const queue = new Queue<number>();
      queue.putNowait(100);
      const twice = gauge.stay(7);
      const task = createTask(sleep(3, 3));
      const all = [twice, () => gauge.stay(1), twice, task, queue.get(), () => gauge.stay(2)];
      return yield* collect(asCompleted(all, { concurrency: 1 }));
    });

    expect(got).toEqual([100, 3, 7, 1, 2]);
    expect(gauge.most).toBe(1);
  });

  test("starts the first coroutines at the call, and the others as those end, even if nobody awaits them", () => {
    const gauge = new Gauge();
    const begun = runVirtually(function* () {
      const completed = asCompleted(
        [5, 5, 5].map((delay) => gauge.stay(delay)),
        { concurrency: 1 },
      );
      const counts: number[] = [];
      for (let n = 0; n < 4; n++) {
        yield* sleep(n === 0 ? 1 : 5);
        counts.push(gauge.begun);
      }
      yield* collect(completed);
      return counts;
    });

    expect(begun).toEqual([1, 2, 3, 3]);
  });

  test("closes coroutines that have not started when it is left early", () => {
    const gauge = new Gauge();
    const states = runVirtually(function* () {
      const all = [1, 2, 3].map((delay) => gauge.stay(delay));
      for (const next of asCompleted(all, { concurrency: 1 })) {
        yield* next;
        break;
      }
      yield* sleep(10);
      return all.map((coro) => coro.next().done);
    });

    expect(gauge.begun).toBe(2); // the second had started when the first was delivered
    expect(states.at(-1)).toBe(true);
  });

  test("still runs coroutines for items that are awaited after the iteration was left", () => {
    const gauge = new Gauge();
    const got = runVirtually(function* () {
      const [first, second] = asCompleted(
        [3, 1, 2].map((delay) => gauge.stay(delay)),
        { concurrency: 1 },
      );
      return [yield* first as Coroutine<number>, yield* second as Coroutine<number>];
    });

    expect(got).toEqual([3, 1]);
  });

  test("fails each missing item at the deadline, and starts no more", () => {
    const gauge = new Gauge();
    const got = runVirtually(function* () {
      const all = [2, 2, 2].map((delay) => gauge.stay(delay));
      const ends: unknown[] = [];
      for (const next of asCompleted(all, { concurrency: 1, timeout: 3 })) {
        try {
          ends.push(yield* next);
        } catch (error) {
          ends.push(error instanceof TimeoutError);
        }
      }
      yield* sleep(10);
      return ends;
    });

    expect([got, gauge.begun]).toEqual([[2, true, true], 2]);
  });

  test("yields values to for await", async () => {
    const gauge = new Gauge();
    const got: number[] = [];
    await run(
      async () => {
        const all = [3, 1, 2].map((delay) => gauge.stay(delay));
        for await (const value of asCompleted(all, { concurrency: 2 })) got.push(value);
      },
      { clock: new VirtualClock() },
    );

    expect([got, gauge.most]).toEqual([[1, 3, 2], 2]);
  });

  test("starts each coroutine in the context of the call", () => {
    const user = new ContextVar<string>("user");
    const got = runVirtually(function* () {
      user.set("caller");
      const ask = function* (): Coroutine<string> {
        yield* sleep(1);
        return user.get("nobody");
      };
      const completed = asCompleted([ask(), ask()], { concurrency: 1 });
      user.set("later");
      return yield* collect(completed);
    });

    expect(got).toEqual(["caller", "caller"]);
  });

  test("throws an error at its position among the results, and continues", () => {
    const got = runVirtually(function* () {
      const ends: string[] = [];
      const fail = function* (): Coroutine<string> {
        yield* sleep(1);
        throw new Error("failure");
      };
      for (const next of asCompleted([fail(), sleep(1, "well"), fail], { concurrency: 1 })) {
        try {
          ends.push(yield* next);
        } catch (error) {
          ends.push((error as Error).message);
        }
      }
      return ends;
    });

    expect(got).toEqual(["failure", "well", "failure"]);
  });

  test("yields every result once, and reaches exactly its limit, for any delays", () => {
    const delays = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 });
    fc.assert(
      fc.property(delays, fc.integer({ min: 1, max: 6 }), (list, concurrency) => {
        const gauge = new Gauge();
        const got = runVirtually(function* () {
          return yield* collect(
            asCompleted(
              list.map((delay) => gauge.stay(delay)),
              { concurrency },
            ),
          );
        });
        expect(got.toSorted()).toEqual(list.toSorted());
        expect(gauge.most).toBe(Math.min(concurrency, list.length));
      }),
    );
  });

  test("never exceeds its limit in any order of steps, with a cancellation at any point", async () => {
    const main = function* (): Coroutine<void> {
      const gauge = new Gauge();
      const victim = createTask(
        function* () {
          yield* collect(
            asCompleted(
              [1, 1, 2].map((delay) => gauge.stay(delay)),
              { concurrency: 2 },
            ),
          );
          expect(gauge.begun).toBe(3);
        },
        { name: "victim" },
      );
      yield* sleep(20);
      expect(victim.done() && gauge.running === 0 && gauge.most <= 2).toBe(true);
    };

    await explore(main, { runs: 300, cancelPoints: "victim" });
  });

  test.each([0, -1, 1.5, Number.NaN, "2", null])("rejects %s", (concurrency) => {
    expect(() => asCompleted([], { concurrency: concurrency as never })).toThrow("`concurrency`");
  });
});
