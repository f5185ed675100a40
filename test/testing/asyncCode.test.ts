// Exploration of async functions, whose awaits a plugin would mark with `at`. One file, because all
// cases share the marked functions.

import { describe, expect, test } from "vitest";
import { at } from "../../src/at.ts";
import {
  type Coroutine,
  createTask,
  Event,
  fromPromise,
  gather,
  getRunningLoop,
  Lock,
  run,
  sleep,
} from "../../src/index.ts";
import {
  checkDeterminism,
  type ExploreOptions,
  explore,
  external,
  io,
  replay,
  ScheduleError,
  virtualTest,
} from "../../src/testing.ts";

const realTimeout = setTimeout;
const pause = (delay: number) => new Promise<void>((resolve) => setTimeout(resolve, delay));

/** The result of an exploration that must fail. */
async function failureOf(
  main: () => Promise<unknown>,
  options?: ExploreOptions,
): Promise<ScheduleError> {
  const error = await explore(main, options).catch((reason) => reason);
  expect(error).toBeInstanceOf(ScheduleError);
  return error;
}

/** Two callers increment a number that is read and written with a delay. */
async function losesUpdate(): Promise<void> {
  let stored = 0;
  const add = async () => {
    const old = stored;
    await at(pause(1), "add (counter.ts:4:5)");
    stored = old + 1;
  };
  const later = async () => {
    await at(pause(10), "later (counter.ts:8:5)");
    await at(add(), "later (counter.ts:9:5)");
  };
  await at(Promise.all([add(), later()]), "main (counter.ts:11:3)");
  if (stored !== 2) throw new RangeError(`stored ${stored}`);
}

describe("virtual time in a run", () => {
  test("covers timers, dates, performance and deadlines", async () => {
    const seen: unknown[] = [];
    await virtualTest(async () => {
      const [date, now] = [Date.now(), performance.now()];
      const elapsed = () => [Date.now() - date, performance.now() - now];
      await pause(86_400_000);
      seen.push(elapsed(), new Date().getUTCFullYear(), new Date(5).getTime());
      const signal = AbortSignal.timeout(50);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      seen.push(elapsed()[0], (signal.reason as Error).name);
      let ticks = 0;
      await new Promise<void>((resolve) => {
        const interval = setInterval(() => {
          if (++ticks < 3) return;
          clearInterval(interval);
          resolve();
        }, 100);
      });
      const never = setTimeout(() => seen.push("cancelled timer"), 10);
      clearTimeout(never);
      await pause(20);
      seen.push(elapsed()[0], ticks);
    })();

    const day = 86_400_000;
    expect(seen).toEqual([[day, day], 2000, 5, day + 50, "TimeoutError", day + 370, 3]);
  });

  test("begins at the same time in each run", async () => {
    const starts = new Set<string>();
    const main = async () => {
      starts.add(`${Date.now()} ${performance.now()}`);
      await Promise.all([io(1), io(2)]);
    };
    await explore(main, { runs: 5 });

    expect([...starts]).toEqual(["946684800000 1000"]);
  });

  test("does not apply to code outside the run, or after it", async () => {
    const { setTimeout: before, Date: DateBefore } = globalThis;
    const real = Date.now();
    const exploring = explore(() => losesUpdate().catch(() => undefined), { runs: 50 });
    await new Promise((resolve) => realTimeout(resolve, 1));
    const during = Date.now();
    await exploring;

    expect(during).toBeGreaterThanOrEqual(real);
    expect([globalThis.setTimeout, globalThis.Date]).toEqual([before, DateBefore]);
  });
});

describe("a delayed await", () => {
  test.each(["random", "pct", "exhaustive"] as const)(
    "reveals a lost update with the strategy %s",
    async (strategy) => {
      const { message, cause, schedule } = await failureOf(losesUpdate, { strategy });

      expect(cause).toEqual(new RangeError("stored 1"));
      expect(message).toContain("1. the await in add (counter.ts:4:5) is delayed");
      for (let i = 0; i < 20; i++) {
        await expect(replay(losesUpdate, schedule)).rejects.toEqual(cause);
      }
    },
  );

  test("is delayed by at most `latency`, and not at all with `awaits: false`", async () => {
    await explore(losesUpdate, { latency: 5, runs: 200 });
    await explore(losesUpdate, { awaits: false, runs: 200 });
  });

  test("never happens in `virtualTest`", async () => {
    await virtualTest(losesUpdate)();
  });
});

describe("a call of `io`", () => {
  /** Returns the result that arrives last. */
  async function search(): Promise<string> {
    let shown = "";
    const type = async (text: string) => {
      shown = await io(() => text);
    };
    await Promise.all([type("a"), type("ab")]);
    return shown;
  }

  test("may complete before an earlier call", async () => {
    const { message, schedule } = await failureOf(async () => {
      if ((await search()) !== "ab") throw new RangeError("old");
    });

    expect(message).toMatch(
      /1\. the external call in type \(.*\) completes before the external call in type \(/,
    );
    expect(schedule).toBe("1:1:2");
  });

  test("completes immediately outside a run", async () => {
    const fetchPrice = external(async (id: string) => `price of ${id}`);

    expect(await search()).toBe("ab");
    expect(await fetchPrice("a")).toBe("price of a");
    expect(await io(5)).toBe(5);
    await expect(io(() => Promise.reject(new RangeError("no")))).rejects.toThrow("no");
    await expect(
      io(() => {
        throw new RangeError("at once");
      }),
    ).rejects.toThrow("at once");
  });

  test("may complete after timers that are due before its limit, but not after later ones", async () => {
    const winner = (max: number) => async () => {
      const timer = pause(100).then(() => "timer");
      if ((await Promise.race([io("answer", { max }), timer])) === "timer") throw new Error("late");
    };
    await failureOf(winner(100));
    await explore(winner(99), { runs: 200 });
  });

  test.each([
    ["max", () => io(1, { max: -1 }), "Expected `max` to be"],
    ["max", () => external(async () => 1, { max: "5" as never }), "Expected `max` to be"],
    ["fn", () => external(5 as never), "Expected `fn` to be a function"],
    ["latency", () => explore(losesUpdate, { latency: NaN }), "Expected `latency`"],
    ["awaits", () => explore(losesUpdate, { awaits: 1 as never }), "Expected `awaits`"],
  ])("rejects an invalid `%s` at the call", (_, call, message) => {
    expect(call).toThrow(message);
  });
});

describe("a run of an async function fails", () => {
  test("if it deadlocks, and the error names the pending awaits", async () => {
    const never = async (name: string) => {
      await at(new Promise(() => undefined), `${name} (lock.ts:1:1)`);
    };
    const { message, cause } = await failureOf(async () => {
      await at(Promise.all([never("get"), never("get"), never("set")]), "main (lock.ts:9:1)");
    });

    expect((cause as Error).name).toBe("DeadlockError");
    expect(message).toContain(
      "while these functions wait:\n    get (lock.ts:1:1), 2 times\n" +
        "    set (lock.ts:1:1)\n    main (lock.ts:9:1)",
    );
  });

  test("if a rejection is never handled", async () => {
    const { cause, message } = await failureOf(async () => {
      void pause(5).then(() => {
        throw new RangeError("floating");
      });
      await pause(10);
    });

    expect(cause).toEqual(new RangeError("floating"));
    expect(message).toContain("An exception was never handled: RangeError: floating");
  });

  test("if a timer's callback throws", async () => {
    const { cause } = await failureOf(async () => {
      setTimeout(() => {
        throw new RangeError("in a timer");
      }, 5);
      await pause(10);
    });

    expect(cause).toEqual(new RangeError("in a timer"));
  });

  test("if it never waits and never ends", async () => {
    const { message } = await failureOf(async () => {
      for (;;) await at(undefined, "spin (spin.ts:1:1)");
    });

    expect(message).toContain("`main` is still running");
  });
});

describe("cancelPoints for async functions", () => {
  test("rejects each await in turn, and `finally` blocks run", async () => {
    const seen = new Set<string>();
    const statistics = await explore(
      async () => {
        let log = "";
        try {
          await at(pause(1), "main (a.ts:1:1)");
          log += "1";
          await at(pause(1), "main (a.ts:2:1)");
          log += "2";
        } catch (error) {
          log += (error as Error).name;
          throw error;
        } finally {
          seen.add(log);
        }
      },
      { cancelPoints: true, awaits: false, runs: 10 },
    );

    expect([...seen].sort()).toEqual(["12", "1CancelledError", "CancelledError"]);
    expect(statistics.swallowed).toBe(0);
  });

  test("finds a lock that is not released, and names the await", async () => {
    let isHeld = false;
    const main = async () => {
      isHeld = false;
      const work = async () => {
        isHeld = true;
        await at(pause(1), "work (lock.ts:3:5)");
        isHeld = false;
      };
      await at(
        work().catch(() => undefined),
        "main (lock.ts:6:3)",
      );
      if (isHeld) throw new RangeError("held");
    };
    const { message, schedule } = await failureOf(main, { cancelPoints: true });

    expect(message).toContain("This run cancels await number 1, in work (lock.ts:3:5).");
    await expect(replay(main, schedule)).rejects.toThrow("held");
  });

  test("counts the runs that swallow the cancellation", async () => {
    const { swallowed } = await explore(
      async () => {
        for (;;) {
          try {
            return await at(pause(1), "retry (a.ts:1:1)");
          } catch {}
        }
      },
      { cancelPoints: "retry", runs: 10 },
    );

    expect(swallowed).toBeGreaterThan(0);
  });

  test("rejects a name that no function with marked awaits has, and lists the names", async () => {
    const main = async () => {
      await at(pause(1), "main (a.ts:1:1)");
      await at(pause(1), "get (a.ts:2:1)");
    };
    await explore(main, { cancelPoints: "get", runs: 5 });
    const error = await explore(main, { cancelPoints: "got", runs: 5 }).catch((e) => e);

    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain('The names found are "main" and "get".');
  });

  test("throws an error that says so if no await is marked", async () => {
    await expect(explore(() => pause(1), { cancelPoints: "get", runs: 5 })).rejects.toThrow(
      "No task with a name was suspended, and no await was marked.",
    );
  });
});

describe("an async function that is not repeatable", () => {
  test("is reported, with the first step that differs", async () => {
    let runs = 0;
    const main = async () => {
      await at(pause(1), "main (a.ts:1:1)");
      await at(pause(++runs), "main (a.ts:2:1)");
    };

    await expect(checkDeterminism(main)).rejects.toThrow(/not deterministic.*differ at step/);
  });

  test("is reported if its failure does not repeat", async () => {
    let runs = 0;
    const { message } = await failureOf(async () => {
      await at(pause(1), "main (a.ts:1:1)");
      if (++runs === 1) throw new RangeError("only once");
    });

    expect(message).toContain("`main` is not deterministic: it failed in run 1");
  });
});

describe("coroutines and async functions in one program", () => {
  test("share the time when a coroutine calls an async function", async () => {
    const times: number[] = [];
    const load = async () => {
      await at(pause(3_000), "load (a.ts:1:1)");
      return "loaded";
    };
    await virtualTest(function* (): Coroutine<void> {
      expect(yield* fromPromise(load())).toBe("loaded");
      times.push(getRunningLoop().time());
      yield* sleep(2_000);
      times.push(getRunningLoop().time());
    })();

    expect(times).toEqual([3_000, 5_000]);
  });

  test("share the time and the schedule when an async function awaits tasks", async () => {
    const orders = new Set<string>();
    await explore(
      async () => {
        const loop = getRunningLoop();
        let order = "";
        const tasks = ["a", "b"].map((letter) =>
          loop.createTask(function* (): Coroutine<void> {
            yield* sleep(1_000);
            order += letter;
          }),
        );
        for (const task of tasks) await at(task, "main (a.ts:1:1)");
        await pause(1);
        orders.add(order);
      },
      { runs: 50 },
    );

    expect([...orders].sort()).toEqual(["ab", "ba"]);
  });
});

describe("`run` inside an async function", () => {
  test("uses the virtual time, which its tasks and the host's timers share", async () => {
    const trace: string[] = [];
    const day = 86_400_000;
    await virtualTest(async () => {
      const start = Date.now();
      const note = (what: string) => trace.push(`${what} at ${(Date.now() - start) / day}`);
      const timer = pause(2 * day).then(() => note("timer"));
      await run(function* (): Coroutine<void> {
        const began = getRunningLoop().time();
        expect(began).toBe(performance.now());
        yield* gather([sleep(day), sleep(3 * day)]);
        expect(getRunningLoop().time() - began).toBe(3 * day);
        note("run");
        yield* fromPromise(pause(day));
        note("pause");
      });
      await timer;
      await run(() => sleep(day));
      note("second run");
    })();

    expect(trace).toEqual(["timer at 2", "run at 3", "pause at 4", "second run at 5"]);
  });

  test("is scheduled among external calls, and replays in the same order", async () => {
    const main = async () => {
      let winner = "";
      const search = (name: string, load: () => Promise<void>) =>
        run(function* (): Coroutine<void> {
          yield* fromPromise(load());
          winner = name;
        });
      await Promise.all([search("a", () => io(undefined)), search("b", () => io(undefined))]);
      if (winner === "a") throw new RangeError("a was last");
    };
    const { schedule } = await failureOf(main);

    for (let i = 0; i < 20; i++) await expect(replay(main, schedule)).rejects.toThrow("a was last");
    await checkDeterminism(main);
  });

  test("lets time pass and host timers fire while a task polls for a promise", async () => {
    await explore(
      async () => {
        let isDone = false;
        void pause(5)
          .then(() => io(undefined))
          .then(() => (isDone = true));
        await run(function* (): Coroutine<void> {
          while (!isDone) yield;
        });
      },
      { runs: 5 },
    );
    const { message } = await failureOf(
      () =>
        run(function* (): Coroutine<void> {
          for (;;) yield;
        }),
      { maxSteps: 100 },
    );

    expect(message).toContain("`main` is still running");
  });

  test("can deadlock like any other wait, and uses real time again after the exploration", async () => {
    const { cause } = await failureOf(() => run(() => new Event().wait()));
    expect((cause as Error).name).toBe("DeadlockError");

    const began = performance.now();
    await run(() => sleep(20));
    expect(performance.now() - began).toBeGreaterThanOrEqual(19);
  });
});

test("two explorations, a real timer and other code do not affect each other", async () => {
  const began = performance.now();
  const timer = new Promise<number>((resolve) =>
    setTimeout(() => resolve(performance.now() - began), 30),
  );
  const beside = (async () => {
    const date = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 10));
    return Date.now() - date;
  })();
  const [first, second, realDelay, realTime] = await Promise.all([
    failureOf(losesUpdate),
    failureOf(losesUpdate),
    timer,
    beside,
  ]);

  expect(second.schedule).toBe(first.schedule);
  expect(second.message).toBe(first.message);
  // Timers may be early by a fraction of a millisecond, because they round.
  expect(realDelay).toBeGreaterThanOrEqual(29);
  expect(realTime).toBeGreaterThanOrEqual(9);
  expect(realTime).toBeLessThan(600_000);
});

test("a DeadlockError of virtualTest lists the marked awaits that are pending", async () => {
  const main = async () => {
    await at(pause(1), "main (a.ts:1:1)");
    await at(new Promise(() => undefined), "main (a.ts:2:1)");
  };

  await expect(virtualTest(main)()).rejects.toThrow(
    "while these functions wait:\n    main (a.ts:2:1)",
  );
});

test("errors of virtualTest suggest no options, because virtualTest takes none", async () => {
  const leaks = virtualTest(function* () {
    createTask(sleep(1));
  });
  const holds = virtualTest(() => new Lock().acquire());

  await expect(leaks()).rejects.toThrow(/still running. Await them, or(?!.*leaks: false)/s);
  await expect(holds()).rejects.toThrow(/without releasing(?!.*heldLocks: false)/s);
});
