import { beforeEach, describe, expect, test } from "vitest";
import { type EventLoop, getRunningLoop, newEventLoop } from "../src/eventLoop.ts";
import { CancelledError, DeadlockError, RuntimeError } from "../src/loop/errors.ts";
import { run, runSync } from "../src/run.ts";
import { createTask, currentTask } from "../src/tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../src/tasks/coroutine.ts";
import { fromPromise } from "../src/tasks/fromPromise.ts";
import { sleep } from "../src/tasks/sleep.ts";
import { VirtualClock } from "../src/testing.ts";
import { caught } from "./support/caught.ts";
import { newVirtualLoop, runVirtually } from "./support/virtualLoop.ts";

const failure = new Error("failure");

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

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

  test.each(Object.entries(mains))("runs %s, and gives its result", async (_, main) => {
    expect(await run(main())).toBe("result");
  });

  test("runs a future of the loop that it is given", async () => {
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
  ])("rejects with what %s throws", async (_, main) => {
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

  test("rejects with a RuntimeError if its main task returns a task that is not done", async () => {
    const running = run(
      function* () {
        return createTask(sleep(10));
      },
      { loop },
    );

    await expect(running).rejects.toThrow(RuntimeError);
    expect(loop.isClosed()).toBe(true);
  });

  test("makes a new loop each time, and closes it", async () => {
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

  test("refuses a loop that runs already, and leaves it and its tasks alone", async () => {
    const refused = await loop.runUntilComplete(function* (): Coroutine<unknown> {
      const other = createTask(sleep(5, "other"));
      const outcome = yield* fromPromise(run(sleep(1), { loop }).catch((error) => error));
      return [outcome, yield* other];
    });

    expect(refused).toEqual([expect.any(RuntimeError), "other"]);
  });

  test("refuses a loop that is closed", async () => {
    loop.close();

    await expect(run(sleep(1), { loop })).rejects.toThrow(RuntimeError);
  });
});

describe("the options of run", () => {
  test("debug is the loop's mode", () => {
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

  test("clock is the loop's", async () => {
    const clock = new VirtualClock(1_000);
    await run(sleep(500), { clock });

    expect(clock.now()).toBe(1_500);
  });

  test("loop is a loop, or what makes one", async () => {
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
  test("runs a day of sleeps at once", () => {
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

  test("is a DeadlockError when main waits for what nobody can do, after it has cleaned up", () => {
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

  test("is a DeadlockError that says so when main waits for a promise", () => {
    expect(() => runVirtually(fromPromise(Promise.resolve()))).toThrow(DeadlockError);
    expect(() => runVirtually(fromPromise(Promise.resolve()))).toThrow("promise");
  });
});
