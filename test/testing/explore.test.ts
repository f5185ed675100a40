// `explore`: its strategies, checks and reports. One file, because the function has one contract.

import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  BoundedSemaphore,
  Condition,
  ContextVar,
  type Coroutine,
  createTask,
  currentTask,
  DeadlockError,
  Event,
  fromPromise,
  gather,
  getRunningLoop,
  Lock,
  run,
  runSync,
  Semaphore,
  sleep,
} from "../../src/index.ts";
import { monotonicClock } from "../../src/loop/clock.ts";
import {
  checkDeterminism,
  type ExploreOptions,
  explore,
  replay,
  ScheduleError,
  VirtualClock,
  virtualTest,
} from "../../src/testing.ts";

/** Looked up before any run, whose own timers are virtual. */
const realTimeout = setTimeout;

/** A task of `n` steps. */
function* steps(count: number): Coroutine<void> {
  for (let step = 1; step < count; step++) yield;
}

function binomial(n: number, k: number): number {
  return k === 0 ? 1 : (binomial(n - 1, k - 1) * n) / k;
}

/** The result of an exploration. */
async function failureOf(
  main: () => Coroutine<unknown>,
  options?: ExploreOptions,
): Promise<ScheduleError> {
  const error = await explore(main, options).catch((reason) => reason);
  expect(error).toBeInstanceOf(ScheduleError);
  return error;
}

/** Loses an update in some orders, but not in the order of production loops. */
function* losesUpdates(): Coroutine<void> {
  let count = 0;
  function* increment(delay: number): Coroutine<void> {
    for (let i = 0; i < delay; i++) yield;
    const old = count;
    yield;
    count = old + 1;
  }
  yield* gather([increment(0), increment(4), steps(6)]);
  if (count !== 2) throw new RangeError(`${count} of 2`);
}

describe("the exhaustive strategy", () => {
  test.each([1, 2, 3, 4, 5, 6])(
    "runs the C(2n, n) schedules of two tasks of %i steps",
    async (n) => {
      const main = () => gather([steps(n), steps(n)]);
      const { runs, distinct, exhausted } = await explore(main, { strategy: "exhaustive" });

      expect({ runs, distinct, exhausted }).toEqual({
        runs: binomial(2 * n, n),
        distinct: binomial(2 * n, n),
        exhausted: true,
      });
    },
  );

  test("runs the (3n)! / (n!)^3 schedules of three tasks", async () => {
    const main = () => gather([steps(3), steps(3), steps(3)]);
    const { runs } = await explore(main, { strategy: "exhaustive" });

    expect(runs).toBe(1_680);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    "runs exactly the schedules with at most %i preemptions",
    async (most) => {
      const n = 5;
      // A schedule of two tasks is a row of alternating blocks. A switch after a task's last step
      // is not a preemption.
      let expected = 0;
      for (let blocks = 2; blocks <= Math.min(most + 2, 2 * n); blocks++) {
        const [longer, shorter] = [Math.ceil(blocks / 2), Math.floor(blocks / 2)];
        expected += 2 * binomial(n - 1, longer - 1) * binomial(n - 1, shorter - 1);
      }
      const { runs, distinct } = await explore(() => gather([steps(n), steps(n)]), {
        strategy: "exhaustive",
        maxPreemptions: most,
      });

      expect([runs, distinct]).toEqual([expected, expected]);
    },
  );

  test.each([
    { lengths: [3, 3], most: 1 },
    { lengths: [2, 5], most: 2 },
    { lengths: [4, 4], most: Infinity },
    { lengths: [2, 2, 2], most: 0 },
    { lengths: [2, 2, 2], most: 1 },
    { lengths: [3, 2, 4], most: 2 },
    { lengths: [3, 3, 2], most: 3 },
    { lengths: [2, 2, 2, 2], most: 1 },
    { lengths: [2, 3, 2], most: Infinity },
  ])(
    "runs as many schedules as a brute-force count finds for tasks of $lengths steps and $most preemptions",
    async ({ lengths, most }) => {
      /** Every order in which the remaining steps can be taken, enumerated by brute force. */
      function count(left: readonly number[], last: number, preemptions: number): number {
        if (preemptions > most) return 0;
        if (left.every((steps) => steps === 0)) return 1;
        let sum = 0;
        for (const [task, steps] of left.entries()) {
          if (steps === 0) continue;
          const isPreemption = task !== last && (left[last] ?? 0) > 0;
          sum += count(left.with(task, steps - 1), task, preemptions + Number(isPreemption));
        }
        return sum;
      }
      const expected = count(lengths, -1, 0);
      const main = () => gather(lengths.map((length) => steps(length)));
      const { runs, distinct, exhausted } = await explore(main, {
        strategy: "exhaustive",
        maxPreemptions: most,
      });

      expect({ runs, distinct, exhausted }).toEqual({
        runs: expected,
        distinct: expected,
        exhausted: true,
      });
    },
  );

  test("reports that it was not exhausted if it needs more runs than allowed", async () => {
    const main = () => gather([steps(5), steps(5)]);
    const { runs, exhausted } = await explore(main, { strategy: "exhaustive", runs: 10 });

    expect([runs, exhausted]).toEqual([10, false]);
  });

  test("finds a bug behind a task that polls in a loop", async () => {
    const { cause } = await failureOf(
      function* () {
        let isReady = false;
        let isBusy = false;
        yield* gather([
          (function* () {
            while (!isReady) yield;
          })(),
          (function* () {
            isBusy = true;
            yield;
            isBusy = false;
          })(),
          (function* () {
            for (let i = 0; i < 4; i++) yield;
            if (isBusy) throw new RangeError("busy");
            isReady = true;
          })(),
        ]);
      },
      { strategy: "exhaustive" },
    );

    expect(cause).toEqual(new RangeError("busy"));
  });
});

describe("every strategy", () => {
  test.each(["random", "pct", "exhaustive"] as const)(
    "reports the failure and how to replay it: %s",
    async (strategy) => {
      const error = await failureOf(losesUpdates, { strategy });

      expect(error.cause).toEqual(new RangeError("1 of 2"));
      expect(error.name).toBe("ScheduleError");
      expect(error.schedule).toMatch(/^1:[0-9{}]+:[0-9{}]+$/);
      expect(error.message).toContain("RangeError: 1 of 2");
      expect(error.message).toContain(JSON.stringify(error.schedule));
      expect(error.message).toContain("task 1 resumes after a `yield`");
      expect(error.runs).toBeGreaterThan(1);
      await expect(replay(losesUpdates, error.schedule)).rejects.toEqual(new RangeError("1 of 2"));
    },
  );

  test("does not shrink one failure into another", async () => {
    // This program has two bugs, and the simpler order shows the other one.
    const main = function* () {
      let letters = "";
      const make = (letter: string) =>
        function* (): Coroutine<void> {
          letters += letter;
          yield;
          letters += letter;
        };
      yield* gather([..."abc"].map(make));
      if (letters.startsWith("cc")) throw new RangeError("the one of 42");
      if (letters.startsWith("b")) throw new RangeError("the other");
    };
    for (let seed = 0; seed < 20; seed++) {
      const { message, cause, schedule } = await failureOf(main, { seed });
      expect(message).toContain(String(cause));
      await expect(replay(main, schedule)).rejects.toEqual(cause);
      expect(schedule.startsWith("1:1:") || schedule.startsWith("1:0")).toBe(
        (cause as Error).message === "the other",
      );
    }
  });

  test("names the awaiter of the task that failed", async () => {
    const { message } = await failureOf(function* () {
      const worker = createTask(
        function* () {
          yield* sleep(1);
          throw new RangeError("broken");
        },
        { name: "worker" },
      );
      yield* gather([worker]);
    });
    const [, graph = ""] = message.split("as of their last steps:\n");

    expect(graph.split("\n").map((line) => line.trim().replace(/ \(.*/, ""))).toEqual([
      '* task 1 "worker"',
      "+ Call stack:",
      expect.stringMatching(/^\| {3}at /),
      "+ Awaited by:",
      "* `main`",
      "+ Call stack:",
      expect.stringMatching(/^\| {3}at /),
    ]);
  });

  test("finds the same failure in the same number of runs with the same seed", async () => {
    // The clock stands still, because the time for simplifying a schedule is limited.
    const clock = vi.spyOn(monotonicClock, "now").mockReturnValue(0);
    onTestFinished(() => clock.mockRestore());
    const a = await failureOf(losesUpdates, { seed: 1 });
    const b = await failureOf(losesUpdates, { seed: 1 });
    const c = await failureOf(losesUpdates, { seed: 2 });

    expect([a.runs, a.schedule]).toEqual([b.runs, b.schedule]);
    expect(a.runs).not.toBe(c.runs);
  });

  test("shrinks to the fewest departures from native order", async () => {
    const { schedule: least } = await failureOf(losesUpdates, { strategy: "exhaustive" });
    const { schedule } = await failureOf(losesUpdates, { strategy: "random" });
    const departures = (text: string) => text.split(":")[1]?.replace(/0(\{\d+\})?/g, "").length;

    expect(departures(schedule)).toBe(departures(least));
  });

  test("tries the order of an ordinary loop first", async () => {
    let letters = "";
    await explore(
      function* () {
        yield* gather(
          [..."abc"].map(
            (letter) =>
              function* () {
                letters += letter;
                yield;
                letters += letter;
              },
          ),
        );
      },
      { runs: 1 },
    );

    expect(letters).toBe("abcabc");
  });

  test("stops if there is never a choice", async () => {
    expect(await explore(() => sleep(10))).toMatchObject({ runs: 1, distinct: 1, exhausted: true });
  });

  test("stops at its time limit", async () => {
    const { runs } = await explore(() => gather([steps(9), steps(9)]), {
      runs: Infinity,
      timeLimit: 500,
    });

    expect(runs).toBeGreaterThan(1);
  });

  test("ignores priorities", async () => {
    const orders = new Set<string>();
    const { exhausted } = await explore(
      function* () {
        let letters = "";
        const make = (letter: string) =>
          function* () {
            letters += letter;
          };
        yield* gather([
          createTask(make("a"), { priority: "background" }),
          createTask(make("b"), { priority: "user-blocking" }),
        ]);
        orders.add(letters);
      },
      { strategy: "exhaustive" },
    );

    expect(exhausted).toBe(true);
    expect(orders).toEqual(new Set(["ab", "ba"]));
  });
});

describe("built-in checks", () => {
  test("report a deadlock with the waiting tasks and their places", async () => {
    const main = function* () {
      const [a, b] = [new Lock(), new Lock()];
      function* both(first: Lock, second: Lock): Coroutine<void> {
        yield* first.acquire();
        yield;
        yield* second.acquire();
        second.release();
        first.release();
      }
      yield* gather([both(a, b), both(b, a)]);
    };
    const { cause, message } = await failureOf(main);

    expect(cause).toBeInstanceOf(DeadlockError);
    expect(message).toMatch(
      /task 1 waits for Lock 1 held by task 2 in .*acquire, .* <- in a cycle/,
    );
    expect(message).toMatch(
      /task 2 waits for Lock 2 held by task 1 in .*acquire, .* <- in a cycle/,
    );
    expect((cause as DeadlockError).graph.filter(({ isInCycle }) => isInCycle)).toHaveLength(2);
  });

  test("mark tasks that await each other", async () => {
    const main = function* () {
      const a = createTask(function* (): Coroutine<void> {
        yield;
        yield* b;
      });
      const b = createTask(function* (): Coroutine<void> {
        yield;
        yield* a;
      });
      yield* a;
    };
    const { message } = await failureOf(main);

    expect(message).toMatch(/`main` waits for task 1 in .*\)\n/);
    expect(message).toMatch(/task 1 waits for task 2 .* <- in a cycle/);
    expect(message).toMatch(/task 2 waits for task 1 .* <- in a cycle/);
  });

  test("report tasks left behind, unless they are allowed", async () => {
    let cleaned = 0;
    const main = function* () {
      createTask(
        function* () {
          try {
            yield* new Event().wait();
          } finally {
            cleaned++;
          }
        },
        { name: "forgotten" },
      );
      yield;
    };
    const { message } = await failureOf(main);
    cleaned = 0;
    await explore(main, { leaks: false, strategy: "exhaustive" });

    expect(message).toContain('task 1 "forgotten" waits for Event 1 in');
    expect(cleaned).toBe(1); // in the other order it never started
  });

  test("report an unretrieved exception", async () => {
    const main = function* () {
      const task = createTask(function* () {
        throw new RangeError("unseen");
      });
      while (!task.done()) yield;
    };
    expect((await failureOf(main)).cause).toEqual(new RangeError("unseen"));
  });

  test("report an exception in a callback", async () => {
    const main = function* () {
      getRunningLoop().callSoon(() => {
        throw new RangeError("in a callback");
      });
      yield* sleep(1);
    };
    expect((await failureOf(main)).cause).toEqual(new RangeError("in a callback"));
  });

  test("report a program that never ends", async () => {
    const main = function* () {
      for (;;) yield;
    };
    expect((await failureOf(main, { maxSteps: 50 })).message).toContain("still running after");
  });

  test.each<[string, string, () => Coroutine<unknown>]>([
    ["a lock", "Lock 1, acquired by `main`", () => new Lock().acquire()],
    ["a permit", "Semaphore 1, acquired by `main`", () => new Semaphore(2).acquire()],
    ["a bounded permit", "Semaphore 1", () => new BoundedSemaphore(1).acquire()],
    ["a condition's lock", "Lock 1", () => new Condition().acquire()],
    [
      "a lock of a task that has ended",
      'Lock 1, acquired by task 1 "worker"',
      function* () {
        yield* createTask(new Lock().acquire(), { name: "worker" });
      },
    ],
    [
      "a lock that was handed over",
      "Lock 1, acquired by task 1",
      function* () {
        const lock = new Lock();
        yield* lock.acquire();
        const next = createTask(lock.acquire());
        yield;
        lock.release();
        yield* next;
      },
    ],
  ])("report %s if it is still held at the end, unless that is allowed", async (_, words, make) => {
    const { cause, message } = await failureOf(make);

    expect(message).toContain("`main` ended without releasing these locks or permits");
    expect(String(cause)).toContain(words);
    await explore(make, { heldLocks: false });
  });

  test("accept a lock that another task released", async () => {
    await explore(
      function* () {
        const lock = new Lock();
        const semaphore = new Semaphore(0);
        const taken = createTask(lock.acquire());
        const signalled = createTask(semaphore.acquire());
        yield* taken;
        lock.release();
        semaphore.release();
        semaphore.release();
        yield* signalled;
      },
      { strategy: "exhaustive" },
    );
  });

  test("accept a task that polls in a loop", async () => {
    const main = function* () {
      let isReady = false;
      const waiting = createTask(function* () {
        while (!isReady) yield;
      });
      yield* steps(5);
      isReady = true;
      yield* waiting;
    };
    for (const strategy of ["random", "pct", "exhaustive"] as const) {
      await explore(main, { strategy, runs: 500, maxSteps: 400 });
    }
  });
});

test("a task that polls in a loop eventually yields, even with no preemptions left", async () => {
  const main = function* () {
    let isReady = false;
    function* waitInLoop(): Coroutine<void> {
      while (!isReady) yield;
    }
    function* getReady(): Coroutine<void> {
      isReady = true;
    }
    yield* gather([waitInLoop(), getReady()]);
  };
  const { runs, steps } = await explore(main, { strategy: "exhaustive", maxPreemptions: 0 });

  expect(steps / runs).toBeLessThan(200);
});

describe("callbacks", () => {
  test("keep the order in which they were added, and tasks may overtake them", async () => {
    const orders = new Set<string>();
    const { exhausted } = await explore(
      function* () {
        let letters = "";
        const loop = getRunningLoop();
        const add = (letter: string) => () => {
          letters += letter;
        };
        loop.callSoon(add("a"));
        const future = loop.createFuture<void>();
        future.addDoneCallback(add("c"));
        future.addDoneCallback(add("d"));
        loop.callSoon(add("b"));
        future.setResult();
        loop.callLater(1, add("e"));
        loop.callLater(1, add("f"));
        yield* createTask(function* () {
          letters += "T";
        });
        yield* sleep(1);
        orders.add(letters);
      },
      { strategy: "exhaustive" },
    );

    expect(exhausted).toBe(true);
    expect([...orders].map((letters) => letters.replace("T", ""))).toEqual(
      expect.arrayContaining(["abcdef"]),
    );
    for (const letters of orders) expect("abcdef").toContain(letters.replace("T", ""));
    expect(new Set([...orders].map((letters) => letters.indexOf("T")))).toEqual(
      new Set([0, 1, 2, 3, 4]),
    );
  });
});

describe("cancelPoints", () => {
  test("cancels the main task at each suspension", async () => {
    const cancelledAt = new Set<string>();
    const main = function* () {
      let at = "a";
      try {
        yield;
        at = "b";
        yield* sleep(1);
        at = "c";
        yield* gather([steps(2)]);
        at = "end";
      } finally {
        cancelledAt.add(at);
      }
    };
    for (const strategy of ["random", "pct", "exhaustive"] as const) {
      cancelledAt.clear();
      await explore(main, { strategy, cancelPoints: true, runs: 200 });

      expect([...cancelledAt].sort()).toEqual(["a", "b", "c", "end"]);
    }
  });

  test("finds and replays a failure that needs a cancellation", async () => {
    const main = function* () {
      const lock = new Lock();
      const user = createTask(
        function* () {
          yield* lock.acquire();
          yield* sleep(1);
          lock.release(); // not if it was cancelled
        },
        { name: "user" },
      );
      yield* gather([user], { returnExceptions: true });
      yield* lock.acquire();
      lock.release();
    };
    await explore(main);
    const { schedule, message } = await failureOf(main, { cancelPoints: "user" });

    expect(schedule).toBe("1:::c1=user");
    expect(message).toContain('This run cancels task "user" at suspension 1.');
    await expect(replay(main, schedule)).rejects.toThrow(DeadlockError);
  });

  test("cancels before and after everything else that is ready", async () => {
    const seen = new Set<string>();
    const main = function* () {
      const event = new Event();
      const waiting = createTask(
        function* () {
          try {
            yield* event.wait();
            seen.add("came");
          } catch (error) {
            seen.add(event.isSet() ? "cancelled after the event" : "cancelled before");
            throw error;
          }
        },
        { name: "waiting" },
      );
      yield;
      event.set();
      yield* gather([waiting], { returnExceptions: true });
    };
    await explore(main, { strategy: "exhaustive", cancelPoints: "waiting" });

    expect([...seen].sort()).toEqual(["came", "cancelled after the event", "cancelled before"]);
  });

  test.each(["random", "pct", "exhaustive"] as const)(
    "rejects a name that no task has, and lists the names, with the strategy %s",
    async (strategy) => {
      const main = function* () {
        yield* gather([
          createTask(steps(2), { name: "worker" }),
          createTask(steps(2), { name: "reader" }),
          steps(2),
        ]);
      };
      const options = { strategy, runs: 50 };
      const error = await explore(main, { ...options, cancelPoints: "wroker" }).catch((e) => e);

      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toBe(
        "Expected `cancelPoints` to be the name of a task that is suspended, or of a function with " +
          'marked awaits, in any run, got `"wroker"` (string). ' +
          'The names found are "worker" and "reader".',
      );
      await explore(main, { ...options, cancelPoints: "reader" });
    },
  );

  test("rejects the name of a task that is never suspended", async () => {
    const main = () => gather([createTask(steps(1), { name: "short" })]);

    await expect(explore(main, { cancelPoints: "short" })).rejects.toThrow(RangeError);
  });

  test("lists at most ten names", async () => {
    const main = function* () {
      const names = Array.from({ length: 12 }, (_, index) => `t${index}`);
      yield* gather(names.map((name) => createTask(steps(2), { name })));
    };

    await expect(explore(main, { cancelPoints: "t12", runs: 5 })).rejects.toThrow(
      /"t\d+" and 2 more\.$/,
    );
  });

  test("throws an error that says so if no task has a name", async () => {
    await expect(explore(() => gather([steps(2)]), { cancelPoints: "victim" })).rejects.toThrow(
      "No task with a name was suspended, and no await was marked.",
    );
  });

  test("throws the error of a failing run even if no task has the given name", async () => {
    await expect(explore(losesUpdates, { cancelPoints: "victim" })).rejects.toThrow(ScheduleError);
  });
});

describe("a program that is not deterministic", () => {
  test("is reported by replay, with the first step that differs", async () => {
    const { schedule } = await failureOf(losesUpdates);
    const fewer = () => gather([steps(2)]);
    const error = await replay(fewer, schedule).catch((reason) => reason);

    expect(error).toBeInstanceOf(ScheduleError);
    expect(error.message).toContain(
      "At choice 1, there were 3 candidates when it was recorded, but the run had ended now",
    );
  });

  test("is reported by replay even if only the second run differs", async () => {
    let runs = 0;
    const main = () => gather([steps(2), steps(2 + runs++)]);

    await expect(replay(main, "1:1:2")).rejects.toThrow(
      "two runs in the same order differ at step",
    );
  });

  test("is reported by explore", async () => {
    let runs = 0;
    const main = () => gather([steps(2), steps(2 + (runs++ % 2))]);

    await expect(explore(main, { strategy: "exhaustive" })).rejects.toThrow("not deterministic");
  });

  test("is reported if a failure cannot be repeated", async () => {
    let runs = 0;
    const main = function* () {
      yield* gather([steps(2), steps(2)]);
      if (++runs === 3) throw new RangeError("once");
    };
    const error = await failureOf(main);

    expect(error.cause).toEqual(new RangeError("once"));
    expect(error.message).toContain("passed when it ran again in the same order");
  });

  test("is reported by checkDeterminism", async () => {
    let runs = 0;
    await checkDeterminism(losesUpdates, { seed: 7 });

    await expect(checkDeterminism(() => sleep(++runs))).rejects.toThrow("differ at step 2");
  });
});

describe("an exploration that waits for something external", () => {
  test("waits for a promise while the clock stands still", async () => {
    let time = -1;
    const { runs, external } = await explore(
      function* () {
        const timer = createTask(sleep(5));
        yield* fromPromise(new Promise((resolve) => realTimeout(resolve, 1)));
        time = getRunningLoop().time();
        yield* timer;
        yield* gather([steps(2), steps(2)]);
      },
      { runs: 3 },
    );

    expect([runs, external, time]).toEqual([3, 3, 0]);
  });

  test("warns that a failure after a promise may not be repeatable", async () => {
    const { message } = await failureOf(function* () {
      yield* fromPromise(Promise.resolve());
      throw new RangeError("after it");
    });

    expect(message).toContain("This run waits for something outside the loop");
    expect(message).toMatch(/`main` waits for Promise in .*explore\.test/);
  });

  test("does not report a deadlock while an unawaited async function is running", async () => {
    await explore(function* () {
      const future = getRunningLoop().createFuture<void>();
      void Promise.resolve().then(() => future.setResult());
      yield* future;
    });
  });
});

describe("a hostile main", () => {
  test("may leave timers behind without failing", async () => {
    let fired = 0;
    await explore(function* () {
      getRunningLoop().callLater(5, () => fired++);
      yield* sleep(1);
    });

    expect(fired).toBe(0);
  });

  test("may run other loops inside it", async () => {
    const results: unknown[] = [];
    await explore(
      function* () {
        const inner = () => sleep(5, "inner");
        results.push(runSync(inner, { clock: new VirtualClock() }));
        results.push(yield* fromPromise(run(inner)));
        yield* gather([steps(2), steps(2)]);
      },
      { runs: 2 },
    );

    expect(results).toEqual(["inner", "inner", "inner", "inner"]);
  });

  test("may call explore", async () => {
    const inner: number[] = [];
    await explore(
      function* () {
        const { runs } = yield* fromPromise(
          explore(() => gather([steps(2), steps(2)]), { strategy: "exhaustive" }),
        );
        inner.push(runs);
        yield* gather([steps(2), steps(2)]);
      },
      { runs: 2 },
    );

    expect(inner).toEqual([6, 6]);
  });

  test("may stop its loop, and start tasks eagerly", async () => {
    const orders = new Set<string>();
    await explore(
      function* () {
        let letters = "";
        const make = (letter: string) =>
          function* (): Coroutine<void> {
            letters += letter;
            yield;
            letters += letter;
          };
        const tasks = [..."ab"].map((letter) => createTask(make(letter), { eagerStart: true }));
        getRunningLoop().stop();
        yield* gather(tasks);
        orders.add(letters);
      },
      { strategy: "exhaustive" },
    );

    expect(orders).toEqual(new Set(["abab", "abba"]));
  });

  test("keeps its context variables within one run", async () => {
    const variable = new ContextVar<number>("n", { default: 0 });
    const seen = new Set<number>();
    await explore(
      function* () {
        seen.add(variable.get());
        variable.set(variable.get() + 1);
        yield* gather([steps(2), steps(2)]);
        seen.add(variable.get());
      },
      { runs: 20 },
    );

    expect(seen).toEqual(new Set([0, 1]));
  });

  test.each([
    ["a function that returns nothing to await", () => 42 as never, "TypeError"],
    ["a function that throws", () => outright(), "RangeError"],
  ])("fails the run if it is %s", async (_, main, name) => {
    const { cause } = await failureOf(main);

    expect((cause as Error).name).toBe(name);
  });

  test("may have very many tasks", async () => {
    let ended = 0;
    await virtualTest(function* () {
      const many = Array.from({ length: 20_000 }, () =>
        (function* () {
          yield* sleep(1);
          ended++;
        })(),
      );
      yield* gather(many);
    })();

    expect(ended).toBe(20_000);
  });
});

function outright(): never {
  throw new RangeError("at once");
}

describe("replay", () => {
  test("returns the result of a program that no longer fails", async () => {
    expect(await replay(() => sleep(1, "fine"), "1::")).toBe("fine");
  });

  test.each([
    ["main", () => replay(42 as never, "1::")],
    ["schedule", () => replay(losesUpdates, "nonsense")],
    ["schedule", () => replay(losesUpdates, undefined as never)],
  ])("rejects an invalid `%s` at the call", (name, call) => {
    expect(call).toThrow(`\`${name}\``);
  });
});

test.each<[string, unknown]>([
  ["main", undefined],
  ["runs", { runs: 0 }],
  ["runs", { runs: 1.5 }],
  ["seed", { seed: "x" }],
  ["strategy", { strategy: "best" }],
  ["maxPreemptions", { maxPreemptions: -1 }],
  ["cancelPoints", { cancelPoints: 3 }],
  ["leaks", { leaks: 1 }],
  ["heldLocks", { heldLocks: 1 }],
  ["maxSteps", { maxSteps: 0 }],
  ["timeLimit", { timeLimit: "1" }],
  ["depth", { depth: 0 }],
  ["options", 3],
])("explore rejects an invalid `%s` at the call", (name, options) => {
  const main = options === undefined ? (42 as never) : losesUpdates;
  expect(() => void explore(main, options as never)).toThrow(`\`${name}\``);
});

describe("virtualTest", () => {
  test(
    "runs a coroutine as a test, in virtual time",
    virtualTest(function* () {
      expect(currentTask()).toBeDefined();
      yield* sleep(86_400_000);
      expect(getRunningLoop().time()).toBe(86_400_000);
    }),
  );

  test("fails exactly when the coroutine does", async () => {
    await expect(virtualTest(() => new Event().wait())()).rejects.toThrow(DeadlockError);
    await expect(
      virtualTest(function* () {
        throw new RangeError("no");
      })(),
    ).rejects.toEqual(new RangeError("no"));
    expect(() => virtualTest(3 as never)).toThrow("`body`");
  });
});

test("a virtual day of 100 tasks that sleep for a second at a time takes almost no real time", async () => {
  await virtualTest(function* () {
    function* tick(): Coroutine<void> {
      for (let second = 0; second < 864; second++) yield* sleep(100_000);
    }
    yield* gather(Array.from({ length: 100 }, tick));
    expect(getRunningLoop().time()).toBe(86_400_000);
  })();
  // In real time it would be stopped as a test that hangs.
});

test.each(["1:", "1:x", "1:0:1:d4"])("replay quotes the whole malformed schedule %j", (text) => {
  expect(() => replay(losesUpdates, text)).toThrow(`got \`${JSON.stringify(text)}\` (string)`);
});
