// A virtual clock does not wait for its own loop: results that the loop is to settle are not
// external.

import { afterEach, describe, expect, test } from "vitest";
import {
  type Coroutine,
  createTask,
  DeadlockError,
  events,
  fromPromise,
  gather,
  getRunningLoop,
  iterate,
  moveOnAfter,
  newEventLoop,
  Queue,
  run,
  runSync,
  setEventLoop,
  sleep,
  timeout,
  toAsync,
  toPromise,
  wait,
  waitEvent,
} from "../../src/index.ts";
import { ExternalFuture } from "../../src/tasks/externalFuture.ts";
import { explore, VirtualClock, virtualTest } from "../../src/testing.ts";

const DAY = 86_400_000;
const slow = (value: string) => sleep(DAY, value);
const slowAsync = toAsync(slow);
const real = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Calls of `toAsync` with no callback on the stack also run there. */
function* here(body: () => Coroutine<unknown>): Coroutine<unknown> {
  setEventLoop(getRunningLoop());
  return yield* body();
}

afterEach(() => setEventLoop(undefined));

/** Completes after some real time, like a socket. */
class ExternalFutureOf extends ExternalFuture<void> {
  constructor(delay: number) {
    super(getRunningLoop() as never);
    setTimeout(() => this.setResult(), delay);
  }
}

/** Ways to wait through a promise for a day of the loop's time. */
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
  "an async function that awaits several promises": () =>
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
  *"a task that awaits another one, each through an async function"() {
    const inner = createTask(slow("a"));
    const outer = createTask(() => fromPromise((async () => await inner)()));
    return yield* fromPromise((async () => await outer)());
  },
  "nested calls of a `toAsync` function, each through an async function": () => {
    const nested = toAsync(function* (n: number): Coroutine<string> {
      return n === 0 ? yield* slow("a") : yield* fromPromise((async () => await nested(n - 1))());
    });
    return fromPromise((async () => await nested(5))());
  },
  *"several async functions that await one task, which awaits several others"() {
    const leaves = ["a", "b", "c"].map((value) => createTask(slow(value)));
    const middle = createTask(function* () {
      return yield* gather(leaves.map(async (leaf) => await leaf));
    });
    const [first] = yield* gather([1, 2].map(async () => await middle));
    return first?.[0];
  },
  "an async generator that awaits a task, which reads another one": () => {
    const inner = async function* () {
      yield await createTask(slow("a"));
    };
    const outer = async function* () {
      yield await createTask(function* (): Coroutine<string> {
        const { value } = yield* iterate(inner()).next();
        return value as string;
      });
    };
    return (function* (): Coroutine<string> {
      const { value } = yield* iterate(outer()).next();
      return value as string;
    })();
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

test("the promises of a task and of a `toAsync` call also settle in `runSync`", () => {
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

test("awaiting an async function in `runSync` throws at once, and the error says why", () => {
  const main = function* (): Coroutine<unknown> {
    return yield* fromPromise((async () => await createTask(slow("a")))());
  };
  expect(() => runSync(main, { clock: new VirtualClock() })).toThrow(
    /Promises.*blocked.*`run\(\)`/,
  );
});

describe("a virtual clock stands still", () => {
  test("while a task awaits something external, even if outside code awaits the task", async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const main = function* (): Coroutine<void> {
      createTask(() => sleep(DAY));
      yield* timeout(50, () => fromPromise(real(20)));
      times.push(clock.now());
      // Only the first of the two promises is external.
      yield* gather([fromPromise(real(20)), (async (task) => await task)(createTask(slow("a")))]);
      times.push(clock.now());
    };
    const loop = newEventLoop({ clock });
    const task = loop.createTask(main);
    // Outside code waits for the same task that waits for something external.
    const outcome = (async () => await task)();
    await loop.runUntilComplete(task);
    await outcome;
    loop.close();
    expect(times).toEqual([0, DAY]);
  });

  test("while a socket, a process or a thread is awaited, even if code outside awaits the loop's tasks", async () => {
    const clock = new VirtualClock();
    const main = function* (): Coroutine<number> {
      const background = createTask(() => sleep(DAY));
      background.catch(() => undefined);
      yield* new ExternalFutureOf(20);
      background.cancel();
      return clock.now();
    };
    expect(await run(main, { clock })).toBe(0);
  });

  test("while main awaits something external by way of two tasks and their promises", async () => {
    const clock = new VirtualClock();
    const main = function* (): Coroutine<number> {
      createTask(() => sleep(DAY));
      const inner = createTask(() => fromPromise(real(20)));
      const outer = createTask(() => fromPromise((async () => await inner)()));
      yield* fromPromise((async () => await outer)());
      return clock.now();
    };
    expect(await run(main, { clock })).toBe(0);
  });

  test("for a call of `toAsync` that waits for something external", async () => {
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

  test("for at most `externalTimeout`, and the error names the waiting tasks", async () => {
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

  test("for at most `externalTimeout` at each wait, not in total", async () => {
    const clock = new VirtualClock(0, { externalTimeout: 60 });
    const main = function* (): Coroutine<string> {
      for (let i = 0; i < 5; i++) yield* fromPromise(real(20));
      return "done";
    };
    expect(await run(main, { clock })).toBe("done");
  });

  test("while a task awaits another loop, which runs in real time", async () => {
    const clock = new VirtualClock();
    const main = function* (): Coroutine<number> {
      yield* timeout(1, () => fromPromise(run(() => sleep(20))));
      return clock.now();
    };
    expect(await run(main, { clock })).toBe(0);
  });
});

describe("a virtual clock does not wait for an event that the loop itself emits", () => {
  const WAITS_FOR_EVENTS: Readonly<Record<string, (target: EventTarget) => Coroutine<unknown>>> = {
    "`waitEvent`": (target) => waitEvent(target, "go"),
    "`waitEvent` in a group": (target) => gather([waitEvent(target, "go"), sleep(5)]) as never,
    "`waitEvent` for an abort": function* (target) {
      const controller = new AbortController();
      target.addEventListener("go", () => controller.abort());
      yield* waitEvent(controller.signal, "abort");
    },
    "`waitEvent` until an abort": function* (target) {
      const controller = new AbortController();
      target.addEventListener("go", () => controller.abort());
      const { signal } = controller;
      yield* wait([createTask(waitEvent(new EventTarget(), "never", { signal }))]);
    },
    "`events`": (target) => iterate(events(target, "go")).next(),
  };

  function* emitting(waitIn: (target: EventTarget) => Coroutine<unknown>): Coroutine<number> {
    const target = new EventTarget();
    const loop = getRunningLoop();
    loop.callLater(DAY, () => target.dispatchEvent(new Event("go")));
    yield* waitIn(target);
    return loop.time();
  }

  test.each(Object.entries(WAITS_FOR_EVENTS))("after a sleep: %s", async (_, waitIn) => {
    expect(await run(() => emitting(waitIn), { clock: new VirtualClock() })).toBe(DAY);
    expect(runSync(() => emitting(waitIn), { clock: new VirtualClock() })).toBe(DAY);
    await explore(() => emitting(waitIn), { runs: 5 });
  });

  test("and `runSync` receives such an event on the real clock too", () => {
    function* main(): Coroutine<string> {
      const target = new EventTarget();
      getRunningLoop().callLater(1, () => target.dispatchEvent(new Event("go")));
      return (yield* waitEvent(target, "go")).type;
    }
    if (typeof document === "undefined") expect(runSync(main)).toBe("go");
    else expect(() => runSync(main)).toThrow("cannot be blocked");
  });

  test("so that a timeout around the wait can expire", () => {
    const clock = new VirtualClock();
    const main = () => moveOnAfter(DAY, () => waitEvent(new EventTarget(), "never"));
    expect([runSync(main, { clock }), clock.now()]).toEqual([undefined, DAY]);
  });

  test("but first lets the host emit it, and waits if no timer is pending", async () => {
    const target = new EventTarget();
    const clock = new VirtualClock();
    const emit = () => target.dispatchEvent(new Event("go"));
    function* main(): Coroutine<number> {
      queueMicrotask(emit);
      yield* timeout(1, () => waitEvent(target, "go"));
      setTimeout(emit, 20);
      yield* waitEvent(target, "go");
      return clock.now();
    }
    expect(await run(main, { clock })).toBe(0);
  });

  test("and reports a deadlock if the event is never emitted", async () => {
    const main = () => waitEvent(new EventTarget(), "go");
    const clock = new VirtualClock(0, { externalTimeout: 10 });
    await expect(run(main, { clock })).rejects.toThrow(/within 10 ms.* waits for an event "go"/s);
    expect(() => runSync(main, { clock })).toThrow(/Nothing is ready.* waits for an event "go"/s);
  });
});

test("an invalid `externalTimeout` is rejected by name", () => {
  expect(() => new VirtualClock(0, { externalTimeout: "1" as never })).toThrow("`externalTimeout`");
});
