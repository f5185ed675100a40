import { describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  DeadlockError,
  type EventLoop,
  fromPromise,
  getRunningLoop,
  newEventLoop,
  RuntimeError,
  run,
  runSync,
  sleep,
} from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";
import { caught } from "./support/caught.ts";
import { runVirtually } from "./support/virtualLoop.ts";
import { loop, test, trace } from "./support/virtualTest.ts";

const failure = new Error("failure");

describe("run", () => {
  const mains: Record<string, () => Parameters<typeof run<string>>[0]> = {
    "a generator function": () =>
      function* () {
        yield* sleep(1);
        return "result";
      },
    "a coroutine function": () =>
      coroutine(function* () {
        return yield* sleep(1, "result");
      }),
    "a coroutine object": () => sleep(1, "result"),
    "an async function": () => async () => "result",
    "a promise": () => Promise.resolve("result"),
  };

  test.each(Object.entries(mains))("runs %s, and returns its result", async (_, main) => {
    expect(await run(main())).toBe("result");
  });

  test("awaits a future of the loop that is passed as an option", async () => {
    const future = loop.createFuture<string>();
    loop.callLater(1, () => future.setResult("result"));

    expect(await run(future, { loop })).toBe("result");
  });

  test.each<[string, Parameters<typeof run>[0]]>([
    [
      "a generator function",
      function* () {
        yield* sleep(1);
        throw failure;
      },
    ],
    ["an async function", () => Promise.reject(failure)],
  ])("rejects with the error of %s", async (_, main) => {
    await expect(run(main)).rejects.toBe(failure);
  });

  test("rejects with a CancelledError if its main task is cancelled", async () => {
    const running = run(function* (): Coroutine<void> {
      currentTask()?.cancel();
      yield;
    });

    await expect(running).rejects.toThrow(CancelledError);
  });

  test("rejects with a RuntimeError if its loop is stopped", async () => {
    const running = run(function* (): Coroutine<void> {
      getRunningLoop().stop();
      yield* sleep(1);
    });

    await expect(running).rejects.toThrow(RuntimeError);
  });

  test("rejects with a RuntimeError if its main task returns an unfinished task", async () => {
    const running = run(
      function* () {
        return createTask(sleep(10));
      },
      { loop },
    );

    await expect(running).rejects.toThrow(RuntimeError);
    expect(loop.isClosed()).toBe(true);
  });

  test("creates a new loop each time, and closes it", async () => {
    const main = function* (): Coroutine<EventLoop> {
      return getRunningLoop();
    };
    const loops = [await run(main), await run(main)];

    expect(loops[0]).not.toBe(loops[1]);
    expect(loops.map((used) => used.isClosed())).toEqual([true, true]);
  });

  test("closes its loop after a failure", async () => {
    const running = run(
      function* (): Coroutine<void> {
        throw failure;
      },
      { loop },
    );
    await running.catch(() => {});

    expect(loop.isClosed()).toBe(true);
  });

  test("closes a loop that is stopped while tasks clean up", async () => {
    const running = run(
      function* (): Coroutine<void> {
        createTask(function* (): Coroutine<void> {
          try {
            yield* sleep(1e9);
          } finally {
            loop.stop();
            yield* sleep(1);
          }
        });
        yield;
      },
      { loop },
    );
    await running.catch(() => {});

    expect(loop.isClosed()).toBe(true);
  });

  test("rejects a loop that is already running, and leaves it and its tasks alone", async () => {
    const refused = await loop.runUntilComplete(function* (): Coroutine<unknown> {
      const other = createTask(sleep(5, "other"));
      const outcome = yield* fromPromise(run(sleep(1), { loop }).catch((error) => error));
      return [outcome, yield* other];
    });

    expect(refused).toEqual([expect.any(RuntimeError), "other"]);
  });

  test("rejects a closed loop", async () => {
    loop.close();

    await expect(run(sleep(1), { loop })).rejects.toThrow(RuntimeError);
  });
});

describe("the options of run", () => {
  test("the option debug turns debug mode on or off", () => {
    const main = function* (): Coroutine<boolean> {
      return getRunningLoop().getDebug();
    };
    const clock = new VirtualClock();

    expect([
      runSync(main, { clock }),
      runSync(main, { clock, debug: true }),
      runSync(main, { loop, debug: true }),
    ]).toEqual([false, true, true]);
  });

  test("the option clock sets the loop's clock", async () => {
    const clock = new VirtualClock(1_000);
    await run(sleep(500), { clock });

    expect(clock.now()).toBe(1_500);
  });

  test("the option loop is a loop, or a function that creates one", async () => {
    const made = newEventLoop();
    const main = function* (): Coroutine<EventLoop> {
      return getRunningLoop();
    };

    expect([
      (await run(main, { loop })) === loop,
      (await run(main, { loop: () => made })) === made,
    ]).toEqual([true, true]);
  });
});

describe("runSync", () => {
  test("runs a day of sleeps without waiting", () => {
    const clock = new VirtualClock();
    runSync(
      function* (): Coroutine<void> {
        for (let second = 0; second < 86_400; second++) yield* sleep(1_000);
      },
      { clock },
    );

    expect(clock.now()).toBe(86_400_000);
  });

  test("runs inside a task of another loop", () => {
    const results = runVirtually(function* (): Coroutine<unknown[]> {
      const outer = getRunningLoop();
      const inner = runVirtually(sleep(5, "inner"));
      return [inner, getRunningLoop() === outer, yield* sleep(1, "outer")];
    });

    expect(results).toEqual(["inner", true, "outer"]);
  });

  test("throws a DeadlockError, after the cleanup, if main waits for what can never happen", () => {
    const error = caught(() =>
      runVirtually(function* (): Coroutine<void> {
        try {
          yield* getRunningLoop().createFuture<void>();
        } finally {
          yield* sleep(1);
          trace.push("cleaned up");
        }
      }),
    );

    expect([error, trace]).toEqual([expect.any(DeadlockError), ["cleaned up"]]);
  });

  test("throws a DeadlockError that names the cause if main waits for a promise", () => {
    expect(() => runVirtually(fromPromise(Promise.resolve()))).toThrow(DeadlockError);
    expect(() => runVirtually(fromPromise(Promise.resolve()))).toThrow("Promises");
  });
});
