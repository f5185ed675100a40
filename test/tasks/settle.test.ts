import { describe, expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  currentTask,
  getRunningLoop,
  mapConcurrent,
  Queue,
  sleep,
} from "../../src/index.ts";
import { explore } from "../../src/testing.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const FAILURE = new Error("failure");

function* halve(n: number): Coroutine<number> {
  yield* sleep(n);
  if (n % 2 === 1) throw FAILURE;
  return n / 2;
}

describe("mapConcurrent with settle", () => {
  test.each([undefined, 1, 2, 3])(
    "returns the same as Promise.allSettled, in order, with concurrency %s",
    async (concurrency) => {
      const items = [4, 1, 2, 3, 0];
      const settled = runVirtually(mapConcurrent(items, halve, { settle: true, concurrency }));
      const promises = items.map(async (n) => {
        if (n % 2 === 1) throw FAILURE;
        return n / 2;
      });

      expect(settled).toEqual(await Promise.allSettled(promises));
    },
  );

  test("continues with the remaining items after an error, and never runs more calls at once than allowed", () => {
    let running = 0;
    let most = 0;
    const ends = runVirtually(
      mapConcurrent(
        [1, 1, 1, 1, 1],
        function* () {
          most = Math.max(most, ++running);
          yield* sleep(1);
          running--;
          throw FAILURE;
        },
        { settle: true, concurrency: 2 },
      ),
    );

    expect([ends.length, most, running]).toEqual([5, 2, 0]);
  });

  test("treats a cancelled future as an error like any other", () => {
    const ends = runVirtually(function* () {
      const other = createTask(sleep(Infinity));
      getRunningLoop().callLater(1, () => other.cancel());
      return yield* mapConcurrent([other, sleep(2)], (aw) => one(aw), { settle: true });
      function* one(aw: typeof other | Coroutine<void>): Coroutine<void> {
        yield* aw;
      }
    });

    expect(ends).toMatchObject([
      { status: "rejected", reason: { name: "CancelledError" } },
      { status: "fulfilled" },
    ]);
  });

  test("is cancelled as a whole, even by a cancellation of one of its tasks", () => {
    const trace: string[] = [];
    const stay = function* (n: number): Coroutine<void> {
      try {
        yield* sleep(Infinity);
      } finally {
        trace.push(`left ${n}`);
      }
    };
    const main = function* (): Coroutine<boolean[]> {
      const outer = createTask(mapConcurrent([1, 2], stay, { settle: true }));
      yield* sleep(1);
      outer.cancel();
      const inner = createTask(
        mapConcurrent(
          [3, 4],
          function* (n) {
            if (n === 4) currentTask()?.cancel();
            yield* stay(n);
          },
          { settle: true },
        ),
      );
      yield* sleep(1);
      return [outer.cancelled(), inner.cancelled()];
    };

    expect(runVirtually(main)).toEqual([true, true]);
    expect(trace).toEqual(["left 1", "left 2", "left 4", "left 3"]);
  });

  test("throws an error of the source, and cancels the remaining calls", () => {
    const items = function* (): Generator<number> {
      yield 1;
      throw FAILURE;
    };
    const trace: unknown[] = [];
    const main = mapConcurrent(
      items(),
      function* () {
        try {
          yield* sleep(Infinity);
        } catch (error) {
          trace.push(error instanceof CancelledError);
          throw error;
        }
      },
      { settle: true },
    );

    expect(caught(() => runVirtually(main))).toBe(FAILURE);
    expect(trace).toEqual([true]);
  });

  test("takes all items of a queue even if some calls fail", () => {
    const queue = new Queue<number>();
    for (const n of [1, 2, 3, 4]) queue.putNowait(n);
    queue.shutdown();
    const ends = runVirtually(mapConcurrent(queue, halve, { settle: true, concurrency: 3 }));

    expect(ends.map(({ status }) => status[0]).join("")).toBe("rfrf");
  });

  test("has an outcome for each item and leaves nothing behind, in every order of steps, with a cancellation at any point", async () => {
    const main = function* (): Coroutine<void> {
      let running = 0;
      const victim = createTask(
        mapConcurrent(
          [1, 2, 3, 4],
          function* (n) {
            expect(++running).toBeLessThanOrEqual(2);
            try {
              yield* sleep(n % 2);
              if (n % 2 === 1) throw FAILURE;
              return n;
            } finally {
              running--;
            }
          },
          { settle: true, concurrency: 2 },
        ),
        { name: "victim" },
      );
      try {
        const outcomes = yield* victim;
        expect(outcomes.map((one) => one.status === "fulfilled" && one.value)).toEqual([
          ...[false, 2, false, 4],
        ]);
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
      }
      expect(running).toBe(0);
    };

    await explore(main, { runs: 300, cancelPoints: "victim" });
  });

  test("throws a TypeError unless `settle` is a boolean", () => {
    expect(() => mapConcurrent([], halve, { settle: 1 as never })).toThrow("`settle`");
  });
});
