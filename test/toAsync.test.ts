// `toAsync`, called from outside loops. One file, because the function has one contract.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  createTask,
  Event,
  type EventLoop,
  fromPromise,
  getEventLoop,
  getRunningLoop,
  newEventLoop,
  run,
  setEventLoop,
  sleep,
  toAsync,
} from "../src/index.ts";
import { hostTimer } from "./support/host.ts";

/** Longer than any test could wait. */
const AGES = 1e9;

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newEventLoop();
  setEventLoop(loop);
  trace = [];
});

afterEach(() => {
  setEventLoop(undefined);
  if (!loop.isRunning()) loop.close();
});

/** Resolves when the loop has stopped and nothing more will happen. */
async function stopped(): Promise<void> {
  for (let i = 0; i < 100 && loop.isRunning(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(loop.isRunning()).toBe(false);
}

const double = toAsync(function* twice(n: number): Coroutine<number> {
  yield* sleep(1);
  return 2 * n;
});

describe("toAsync", () => {
  test("returns a promise of the result, with no loop to run", async () => {
    const promise = double(21);

    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toBe(42);
    await stopped();
  });

  test("rejects with the coroutine's error, even before its first step", async () => {
    const fail = toAsync(function* (): Coroutine<never> {
      yield;
      throw new RangeError("thrown");
    });
    const check = toAsync((n: number): Coroutine<void> => {
      throw new TypeError(`not ${n}`);
    });

    await expect(fail()).rejects.toEqual(new RangeError("thrown"));
    await expect(check(1)).rejects.toEqual(new TypeError("not 1"));
    await stopped();
  });

  test("starts in the next turn, with the arguments and the `this` of the call", async () => {
    class Account {
      balance = 1;
      readonly add = toAsync(function* (this: Account, ...amounts: number[]): Coroutine<number> {
        trace.push("begun");
        for (const amount of amounts) this.balance += amount;
        return this.balance;
      });
    }
    const account = new Account();
    const promise = account.add(2, 3);
    trace.push("called");

    expect(await promise).toBe(6);
    expect(trace).toEqual(["called", "begun"]);
  });

  test("keeps the function's name and its number of parameters", () => {
    expect([double.name, double.length]).toEqual(["twice", 1]);
  });

  test("works as a decorator, and accepts functions that return any awaitable", async () => {
    const decorated = coroutine(function* <T>(value: T): Coroutine<T> {
      yield;
      return value;
    });

    expect(await toAsync(decorated)("a")).toBe("a");
    expect(await toAsync(sleep)(1, "b")).toBe("b");
    expect(await toAsync(async () => "c")()).toBe("c");
    expect(() => toAsync(42 as never)).toThrow("Expected `fn` to be a function");
  });

  test("creates a task of the running loop when called inside one", async () => {
    const names = await run(function* (): Coroutine<unknown> {
      const outer = yield* fromPromise(
        toAsync(function* (): Coroutine<boolean> {
          return getEventLoop() !== loop;
        })(),
      );
      return [outer, loop.isRunning()];
    });

    expect(names).toEqual([true, false]);
  });
});

describe("several toAsync calls", () => {
  test("share a loop, which runs until the last one is done", async () => {
    expect(await Promise.all([double(1), double(2), double(3)])).toEqual([2, 4, 6]);
    await stopped();
    expect(await double(4)).toBe(8);
    await stopped();
  });

  test("share a loop, so that one can wake another", async () => {
    const event = new Event();
    const wait = toAsync(() => event.wait());
    const set = toAsync(function* (): Coroutine<void> {
      event.set();
      yield;
    });
    const waiting = wait();
    await set();

    await waiting;
    await stopped();
  });

  test("may be made at the moment when the loop stops", async () => {
    const results: unknown[] = [];
    for (let turns = 0; turns < 12; turns++) {
      const first = double(1);
      void first.then(async () => {
        for (let i = 0; i < turns; i++) await undefined;
        results.push(await double(turns));
      });
      await first;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await stopped();

    expect(results).toEqual(Array.from({ length: 12 }, (_, n) => 2 * n));
  });

  test("continue if something stops the loop", async () => {
    const promise = double(1);
    loop.callSoon(() => loop.stop());

    expect(await promise).toBe(2);
    await stopped();
  });

  test("use a loop that is already running, and leave it running", async () => {
    const running = loop.runForever();
    const result = await double(5);
    const states = [loop.isRunning()];
    loop.stop();
    await running;

    expect([result, ...states]).toEqual([10, true]);
  });

  test("run on the loop of `run` if setEventLoop makes that loop the shared one", async () => {
    const loopOf = toAsync(function* (): Coroutine<EventLoop> {
      yield;
      return getRunningLoop();
    });
    /** Calls the function where no callback of a loop is on the stack. */
    const callOutside = async () => {
      await undefined;
      return await loopOf();
    };
    const same = await run(function* (): Coroutine<boolean[]> {
      const own = getRunningLoop();
      const before = yield* fromPromise(callOutside());
      setEventLoop(own);
      return [before === own, (yield* fromPromise(callOutside())) === own];
    });
    setEventLoop(undefined);

    expect(same).toEqual([false, true]);
  });

  test("may call async functions that call back", async () => {
    const power = async (n: number): Promise<number> => (n === 0 ? 1 : double(await inner(n - 1)));
    const inner = toAsync(function* (n: number): Coroutine<number> {
      return yield* fromPromise(power(n));
    });

    expect(await power(5)).toBe(32);
    await stopped();
  });
});

describe("work that a toAsync call leaves behind", () => {
  test("continues if it is a task, and the loop stops after it has ended", async () => {
    await toAsync(function* (): Coroutine<void> {
      createTask(function* () {
        yield* sleep(2);
        trace.push("left");
        createTask(function* () {
          yield* sleep(2);
          trace.push("left of the left");
        });
      });
      yield;
    })();
    await stopped();

    expect(trace).toEqual(["left", "left of the left"]);
  });

  test("continues if it is a timer, and the loop stops after it has fired", async () => {
    await toAsync(function* (): Coroutine<void> {
      loop.callLater(5, () => trace.push("fired"));
      yield;
    })();
    expect(await double(1)).toBe(2);
    await stopped();

    expect(trace).toEqual(["fired"]);
  });

  test("continues when the future that it waits for is completed", async () => {
    const future = loop.createFuture<string>();
    await toAsync(function* (): Coroutine<void> {
      createTask(function* () {
        trace.push(yield* future);
      });
      yield;
    })();
    await new Promise((resolve) => setTimeout(resolve, 5));
    future.setResult("come");
    await stopped();

    expect(trace).toEqual(["come"]);
  });
});

describe("a signal after the last argument of a toAsync call", () => {
  const slow = toAsync(function* (letter: string): Coroutine<void> {
    try {
      trace.push(letter);
      yield* sleep(AGES);
    } finally {
      yield* sleep(5);
      trace.push("cleaned");
    }
  });

  test("cancels the call, whose promise rejects after the cleanup", async () => {
    const controller = new AbortController();
    const promise = slow("a", controller.signal);
    await double(1);
    controller.abort("the reason");
    const error = await promise.catch((error: unknown) => error);

    expect(error).toBeInstanceOf(CancelledError);
    expect((error as Error).cause).toBe("the reason");
    expect(trace).toEqual(["a", "cleaned"]);
    await stopped();
  });

  test("starts nothing if it has already aborted", async () => {
    const error = await slow("a", AbortSignal.abort("early")).catch((error: unknown) => error);

    expect([error, (error as Error).cause, trace]).toEqual([
      expect.any(CancelledError),
      "early",
      [],
    ]);
    expect(loop.isRunning()).toBe(false);
  });

  test("has no listeners left after 10,000 calls", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: unknown[]) => {
      listeners++;
      addEventListener.apply(signal, args as never);
    };
    signal.removeEventListener = (...args: unknown[]) => {
      listeners--;
      removeEventListener.apply(signal, args as never);
    };
    const nothing = toAsync(function* (): Coroutine<void> {
      yield;
    });
    for (let i = 0; i < 10_000; i++) await nothing(signal);

    expect(listeners).toBe(0);
  });

  test("is passed to the function if the function has a parameter for it", async () => {
    const { signal } = new AbortController();
    const own = toAsync(function* (name: string, given?: AbortSignal): Coroutine<unknown> {
      return [name, given];
    });

    expect(await own("a", signal)).toEqual(["a", signal]);
    expect(await own("a", undefined, signal)).toEqual(["a", undefined]);
  });
});

describe("toAsync with a loop per call", () => {
  const where = function* (): Coroutine<EventLoop> {
    yield* sleep(2);
    return getRunningLoop();
  };

  test("runs each of several overlapping calls on its own loop, and then closes that loop", async () => {
    const [first, second] = await Promise.all([
      toAsync(where, { ownLoop: true })(),
      toAsync(where, { ownLoop: true })(),
    ]);
    await hostTimer(10);

    expect(first).not.toBe(second);
    expect([first.isClosed(), second.isClosed()]).toEqual([true, true]);
  });

  test("is the default on platforms that keep requests apart", async () => {
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    const own = toAsync(where);
    const shared = toAsync(where, { ownLoop: false });
    vi.unstubAllGlobals();
    const loops = await Promise.all([own(), own(), shared(), shared()]);

    expect(new Set(loops).size).toBe(3);
    expect(loops[2]).toBe(getEventLoop());
  });

  test("completes the work that a call leaves behind", async () => {
    const trace: string[] = [];
    const leave = toAsync(
      function* (): Coroutine<void> {
        getRunningLoop().callLater(5, () => trace.push("left behind"));
      },
      { ownLoop: true },
    );
    await leave();
    await hostTimer(30);

    expect(trace).toEqual(["left behind"]);
  });

  test("runs a call from inside a loop on that loop", async () => {
    const inner = toAsync(where, { ownLoop: true });
    const [outer, found] = await run(function* (): Coroutine<EventLoop[]> {
      return [getRunningLoop(), yield* fromPromise(inner())];
    });

    expect(found).toBe(outer);
  });

  test("rejects an option that is not a boolean", () => {
    expect(() => toAsync(where, { ownLoop: "yes" as never })).toThrow("ownLoop");
  });
});
