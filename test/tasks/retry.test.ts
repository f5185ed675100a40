// `retry` and its delays. One file, because the function has one contract.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  getRunningLoop,
  moveOnAfter,
  type RetryOptions,
  retry,
  run,
  sleep,
  TimeoutError,
  timeout,
} from "../../src/index.ts";
import { explore } from "../../src/testing.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const FAILURE = new Error("failure");

/** The start times of `body`, in milliseconds, if it fails each time. */
function startsOf(options: RetryOptions): number[] {
  const starts: number[] = [];
  const main = function* (): Coroutine<void> {
    try {
      yield* retry(function* () {
        starts.push(getRunningLoop().time());
        throw FAILURE;
      }, options);
    } catch (error) {
      expect(error).toBe(FAILURE);
    }
  };
  runVirtually(main);
  return starts;
}

describe("retry", () => {
  test("counts attempts from 1, and returns the first result", () => {
    const attempts: number[] = [];
    const result = runVirtually(
      retry(function* (attempt) {
        attempts.push(attempt);
        if (attempt < 3) throw FAILURE;
        return `attempt ${attempt}`;
      }),
    );

    expect([result, attempts]).toEqual(["attempt 3", [1, 2, 3]]);
  });

  test.each<[RetryOptions, number[]]>([
    [{}, [0, 100, 300]],
    [{ attempts: 1 }, [0]],
    [{ attempts: 5, factor: 1, delay: 10 }, [0, 10, 20, 30, 40]],
    [{ attempts: 5, delay: 10, maxDelay: 25 }, [0, 10, 30, 55, 80]],
    [{ attempts: 3, delay: 0 }, [0, 0, 0]],
    [{ attempts: 3, delay: -5, factor: Infinity }, [0, 0, 0]],
    [{ attempts: 4, delay: 10, factor: 0 }, [0, 10, 10, 10]],
    [{ attempts: 3, jitter: 1, random: () => 0.25 }, [0, 75, 225]],
    [{ attempts: 3, jitter: 0.5, random: () => 0.5 }, [0, 75, 225]],
    [
      { attempts: undefined, delay: undefined, jitter: undefined, random: undefined },
      [0, 100, 300],
    ],
  ])("with %o starts its attempts after %o ms", (options, starts) => {
    expect(startsOf(options)).toEqual(starts);
  });

  test("never waits longer than the delay, nor longer than maxDelay, and throws the last error", () => {
    const options = fc.record({
      attempts: fc.integer({ min: 1, max: 8 }),
      delay: fc.integer({ min: 0, max: 1_000 }),
      factor: fc.double({ min: 0, max: 10, noNaN: true }),
      maxDelay: fc.integer({ min: 0, max: 5_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        options,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (chosen, stream) => {
          const random = () => stream.next().value as number;
          const starts = startsOf({ ...chosen, random });
          expect(starts.length).toBe(chosen.attempts);
          starts.slice(1).forEach((start, index) => {
            const pause = start - (starts[index] as number);
            const longest = Math.min(chosen.delay * chosen.factor ** index, chosen.maxDelay);
            expect(pause).toBeLessThanOrEqual(longest + 1e-6);
            expect(pause).toBeGreaterThanOrEqual(longest * (1 - chosen.jitter) - 1e-6);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  test("calls retryIf, and passes the attempt and the coming delay to onRetry", () => {
    const told: unknown[] = [];
    const main = retry(
      function* (attempt) {
        throw new Error(`error ${attempt}`);
      },
      {
        attempts: Infinity,
        retryIf: (error, attempt) => (error as Error).message !== "error 3" || attempt !== 3,
        onRetry: (error, attempt, delay) => told.push((error as Error).message, attempt, delay),
      },
    );

    expect(caught(() => runVirtually(main))).toMatchObject({ message: "error 3" });
    expect(told).toEqual(["error 1", 1, 100, "error 2", 2, 200]);
  });

  test("awaits retryIf and onRetry if they are coroutine functions", () => {
    const trace: number[] = [];
    const main = retry(
      function* () {
        trace.push(getRunningLoop().time());
        throw FAILURE;
      },
      {
        *retryIf(_, attempt) {
          yield* sleep(1);
          return attempt < 2;
        },
        *onRetry() {
          yield* sleep(1_000);
        },
      },
    );

    expect(caught(() => runVirtually(main))).toBe(FAILURE);
    expect(trace).toEqual([0, 1_101]);
  });

  test("throws the errors of retryIf and onRetry", () => {
    for (const name of ["retryIf", "onRetry", "random"]) {
      const bad = new Error(name);
      const fail = (): never => {
        throw bad;
      };
      const main = retry(fail, { jitter: 1, [name]: fail });
      expect(caught(() => runVirtually(main))).toBe(bad);
    }
  });

  test("retries a function that throws before it returns a coroutine, but not one that returns none", () => {
    let calls = 0;
    const main = retry((): Coroutine<void> => {
      calls++;
      throw FAILURE;
    });
    expect(caught(() => runVirtually(main))).toBe(FAILURE);
    expect(calls).toBe(3);

    const wrong = retry(() => {
      calls++;
      return Promise.resolve() as never;
    });
    expect(caught(() => runVirtually(wrong))).toBeInstanceOf(TypeError);
    expect(calls).toBe(4);
  });

  test("retries when a deadline inside the body passes, and ends when one around retry() passes", () => {
    const trace: string[] = [];
    runVirtually(function* () {
      const slow = (attempt: number) =>
        timeout(10, function* () {
          trace.push(`attempt ${attempt}`);
          yield* sleep(attempt < 2 ? 20 : 5);
          return "in time";
        });
      trace.push(yield* retry(slow));
      trace.push(String(yield* moveOnAfter(35, () => retry(() => timeout(10, () => sleep(99))))));
      trace.push(String(getRunningLoop().time()));
    });

    expect(trace).toEqual(["attempt 1", "attempt 2", "in time", "undefined", "150"]);
  });

  test("never retries a cancellation: in the body, in a delay, or converted to another error", () => {
    const bodies: Record<string, () => Coroutine<unknown>> = {
      "in the body": () => sleep(1_000),
      *"in a delay"() {
        throw FAILURE;
      },
      *"as another error"() {
        try {
          yield* sleep(1_000);
        } catch (cause) {
          throw new Error("failure", { cause });
        }
      },
      *"by itself"() {
        throw new CancelledError("by hand");
      },
    };
    const ends = Object.entries(bodies).map(([name, body]) => {
      let attempts = 0;
      return runVirtually(function* () {
        const task = createTask(
          retry(() => {
            attempts++;
            return body();
          }),
        );
        yield* sleep(50);
        task.cancel();
        try {
          yield* task;
        } catch (error) {
          const end = error instanceof CancelledError ? "cancelled" : (error as Error).message;
          return `${name}: ${end} after ${attempts}`;
        }
        return `${name}: went on`;
      });
    });

    expect(ends).toEqual([
      "in the body: cancelled after 1",
      "in a delay: cancelled after 1",
      "as another error: failure after 1",
      "by itself: cancelled after 1",
    ]);
  });

  test("continues in a task whose earlier cancellation was swallowed", () => {
    const main = function* (): Coroutine<string> {
      const task = createTask(function* () {
        try {
          yield* sleep(10);
        } catch {
          // continues
        }
        return yield* retry(function* (attempt) {
          if (attempt < 2) throw FAILURE;
          return "well";
        });
      });
      yield* sleep(1);
      task.cancel();
      return yield* task;
    };

    expect(runVirtually(main)).toBe("well");
  });

  test.each<[string, unknown]>([
    ["attempts", 0],
    ["attempts", 1.5],
    ["attempts", "3"],
    ["delay", "100"],
    ["delay", Number.NaN],
    ["maxDelay", null],
    ["factor", -1],
    ["factor", "2"],
    ["jitter", 1.1],
    ["jitter", -0.1],
    ["jitter", Number.NaN],
    ["retryIf", true],
    ["onRetry", 1],
    ["random", 0.5],
  ])("checks `%s`, and rejects %o", (name, value) => {
    const error = caught(() => retry(() => sleep(1), { [name]: value }));

    expect(String(error)).toMatch(new RegExp(`^(Type|Range)Error: Expected \`${name}\` `));
  });

  test("rejects an invalid function, and invalid options", () => {
    expect(() => retry(sleep(1) as never)).toThrow("Expected `body` to be a function");
    expect(() => retry(() => sleep(1), 3 as never)).toThrow("Expected `options` to be an object");
  });

  test("runs one body at a time and stops for good once it is cancelled, in every order of steps", async () => {
    const main = function* (): Coroutine<void> {
      let running = 0;
      let attempts = 0;
      const victim = createTask(
        retry(
          function* (attempt) {
            expect([attempt, ++running]).toEqual([++attempts, 1]);
            try {
              yield* sleep(1);
            } finally {
              running--;
            }
            if (attempt < 3) throw FAILURE;
            return attempt;
          },
          { delay: 1, jitter: 0, retryIf: () => sleep(0, true), onRetry: () => sleep(1) },
        ),
        { name: "victim" },
      );
      const busy = createTask(() => sleep(2));
      try {
        expect(yield* victim).toBe(3);
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
        const before = attempts;
        yield* sleep(100);
        expect(attempts).toBe(before);
      }
      expect(running).toBe(0);
      yield* busy;
    };

    await explore(main, { runs: 200, cancelPoints: "victim" });
  });

  test("throws the TimeoutError of the last attempt unchanged", () => {
    expect(caught(() => runVirtually(retry(() => timeout(1, () => sleep(2)))))).toBeInstanceOf(
      TimeoutError,
    );
  });
});

test.each([
  ["x", TypeError],
  [Number.NaN, RangeError],
  [2, RangeError],
] as const)("a `random` that returns %j is named", async (value, type) => {
  const random = () => value as number;
  const body = function* (): Coroutine<void> {
    throw new Error("again");
  };
  const failed = run(retry(body, { random, jitter: 0.5, delay: 1 }));

  await expect(failed).rejects.toThrow(type);
  await expect(failed).rejects.toThrow("Expected `random()` to be a number");
});
