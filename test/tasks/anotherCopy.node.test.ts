// Tests objects of another copy of the package. Only in Node, because a page has a single instance
// of each module.

import { beforeAll, describe, expect, test, vi } from "vitest";
import * as ours from "../../src/index.ts";
import * as node from "../../src/node.ts";

const { createTask, run, sleep, Task } = ours;

describe("an object of another copy of the package", () => {
  let theirs: typeof ours;
  beforeAll(async () => {
    vi.resetModules();
    theirs = await import("../../src/index.ts");
  });
  const reason = /another copy of mysyncio/;

  test("has a class of its own", () => {
    expect(theirs.Task).not.toBe(Task);
  });

  test("is rejected with an error that names the cause when a coroutine awaits it", async () => {
    const loop = theirs.newEventLoop();
    for (const wait of [() => loop.createFuture(), () => loop.createTask(() => theirs.sleep(1))]) {
      await expect(
        run(function* () {
          yield* wait() as unknown as ours.Future<unknown>;
        }),
      ).rejects.toThrow(reason);
    }
  });

  test("is rejected if it is a decorated coroutine, and the error says why", async () => {
    const decorated = theirs.coroutine(function* () {
      yield;
      return 1;
    });
    await expect(run(decorated() as never)).rejects.toThrow(reason);
    await expect(
      run(function* () {
        yield* createTask(decorated() as never);
      }),
    ).rejects.toThrow(reason);
  });

  test("is rejected if it is a loop, and the error says why", () => {
    const loop = theirs.newEventLoop();
    expect(() => ours.setEventLoop(loop as never)).toThrow(/of this copy of mysyncio/);
    expect(() => new ours.Future({ loop: loop as never })).toThrow(/of this copy of mysyncio/);
    expect(() => ours.ensureFuture(sleep(1), { loop: loop as never })).toThrow(/of this copy/);
    loop.close();
  });

  test("is rejected if it is a virtual clock, and the error says why", async () => {
    const { VirtualClock } = await import("../../src/testing.ts");
    await expect(run(() => sleep(1), { clock: new VirtualClock() })).rejects.toThrow(reason);
    // A run of the clock's own copy accepts it.
    expect(await theirs.run(() => theirs.sleep(1, "a"), { clock: new VirtualClock() })).toBe("a");
  });

  test("is rejected if it is a context variable a task sets, and the error says why", async () => {
    const variable = new theirs.ContextVar("v", { default: 0 });
    await expect(
      run(function* () {
        yield;
        variable.set(1);
      }),
    ).rejects.toThrow(reason);
    expect(variable.get()).toBe(0);
    const own = await theirs.run(function* () {
      variable.set(2);
      yield;
      return variable.get();
    });
    expect(own).toBe(2);
  });

  test("is rejected if it is a function made by `defineTask`, and the error says why", async () => {
    const { defineTask } = await import("../../src/node.ts");
    const task = defineTask(import.meta.url, "task", () => 1);
    await expect(node.run(() => node.toThread(task))).rejects.toThrow(reason);
  });

  /** Coroutines without a generator, which a task of this copy cannot drive. */
  const LAZY: Readonly<Record<string, () => unknown>> = {
    sleep: () => theirs.sleep(1),
    "queue.get": () => new theirs.Queue().get(),
    "lock.acquire": () => new theirs.Lock().acquire(),
    race: () => theirs.race([theirs.sleep(1)]),
    timeout: () => theirs.timeout(10, () => theirs.sleep(1)),
    waitFor: () => theirs.waitFor(theirs.sleep(1), 10),
    fromPromise: () => theirs.fromPromise(Promise.resolve()),
  };

  test.each(Object.entries(LAZY))(
    "is rejected when it becomes a task, and the error says why: %s",
    async (_, make) => {
      for (const start of [
        (coro: never) => createTask(coro),
        (coro: never) => ours.gather([coro]),
        (coro: never) => createTask(ours.race([coro, sleep(10)])),
        (coro: never) => createTask(ours.waitFor(createTask(coro), 10)),
      ]) {
        await expect(
          run(function* () {
            yield* start(make() as never);
          }),
        ).rejects.toThrow(reason);
      }
      await expect(run(make() as never)).rejects.toThrow(reason);
    },
  );

  // A free lock needs no loop, so a block can acquire it.
  test.each(Object.entries(LAZY).filter(([name]) => name !== "lock.acquire"))(
    "is rejected when a block awaits it, and the error says why: %s",
    async (_, make) => {
      const lock = new ours.Lock();
      for (const start of [
        (body: never) => ours.timeout(10, body),
        (body: never) => ours.moveOnAfter(10, body),
        (body: never) => lock.with(body),
        (body: never) => ours.retry(body, { attempts: 1 }),
        (body: never) => ours.forEach([1], body),
        (body: never) => ours.taskGroup(body, { unwrap: true }),
      ]) {
        await expect(run(() => start(make as never))).rejects.toThrow(reason);
      }
    },
  );

  test("is rejected by `run` if it is a loop, and the error says why", async () => {
    const loop = theirs.newEventLoop();
    await expect(run(sleep(1), { loop: loop as never })).rejects.toThrow(/of this copy/);
    await expect(run(sleep(1), { loop: () => loop as never })).rejects.toThrow(/of this copy/);
    loop.close();
  });

  test("is rejected as the lock of a condition, with an error that names the other copy", () => {
    expect(() => new ours.Condition(new theirs.Lock() as never)).toThrow(
      "Expected `lock` to be a Lock of this copy of mysyncio, got `Lock` (object)",
    );
    // Bundlers add underscores to names of classes.
    class _Lock {}
    expect(() => new ours.Condition(new _Lock() as never)).toThrow(
      "Expected `lock` to be a Lock, got `Lock` (object)",
    );
  });

  /** Calls that need a running loop of their own copy. */
  const NEEDS: Readonly<Record<string, () => unknown>> = {
    getRunningLoop: () => theirs.getRunningLoop(),
    currentTask: () => theirs.currentTask(),
    createTask: () => theirs.createTask(() => theirs.sleep(1)),
    "a future": () => new theirs.Future(),
    "await of sleep": () => theirs.sleep(1),
    "await of gather": () => theirs.gather([theirs.sleep(1)]),
    "await of fromPromise": () => theirs.fromPromise(Promise.resolve()),
    "await of timeout": () => theirs.timeout(10, () => theirs.sleep(1)),
    "await of a decorated call": () =>
      theirs.coroutine(function* () {
        yield* theirs.sleep(1);
      })(),
  };

  test.each(Object.entries(NEEDS))(
    "is rejected with the reason while a loop of this copy runs: %s",
    async (_, need) => {
      await expect(
        run(function* () {
          yield* need() as ours.Coroutine<void>;
        }),
      ).rejects.toThrow(reason);
      // A call of this copy is rejected while a loop of the other copy runs, too.
      await expect(
        theirs.run(() => {
          ours.getRunningLoop();
          return theirs.sleep(1);
        }),
      ).rejects.toThrow(reason);
    },
  );

  test("is not mentioned in the error for a missing loop if neither copy runs one", async () => {
    await run(() => sleep(1));
    await theirs.run(() => theirs.sleep(1));
    expect(() => theirs.getRunningLoop()).toThrow(/none is running/);
    expect(() => ours.currentTask()).toThrow(/none is running/);
  });

  test("does not prevent a run even if the program has frozen its globals", () => {
    const key = Symbol.for("mysyncio.loops");
    const { [key]: loops } = globalThis as unknown as Record<symbol, unknown>;
    Object.defineProperty(globalThis, key, { value: loops, writable: false, configurable: true });
    try {
      expect(ours.runSync(() => ours.sleep(0, "ran"))).toBe("ran");
    } finally {
      Object.defineProperty(globalThis, key, { value: loops, writable: true });
    }
  });

  test("is neither a future nor a cancellation to this copy, so a task group reports it as an error", async () => {
    const cancelled = theirs.toAsync(function* () {
      theirs.currentTask()?.cancel();
      yield* theirs.sleep(1);
    });
    const group = run(() =>
      ours.taskGroup(function* (group) {
        group.createTask(() => ours.fromPromise(cancelled()));
        yield;
      }),
    );
    const { errors } = (await group.catch((error) => error)) as ours.ExceptionGroup;
    expect(errors).toEqual([expect.any(theirs.CancelledError)]);
    expect(errors[0]).not.toBeInstanceOf(ours.CancelledError);
    expect((errors[0] as Error).name).toBe("CancelledError");

    const loop = theirs.newEventLoop();
    expect(ours.isFuture(loop.createFuture())).toBe(false);
    loop.close();
  });

  test("can be awaited through a promise, and is recognized if it is a coroutine", async () => {
    const load = theirs.toAsync(() => theirs.sleep(1, "theirs"));
    expect(ours.isCoroutine(theirs.sleep(1))).toBe(true);
    expect(
      await run(function* () {
        return yield* ours.fromPromise(load());
      }),
    ).toBe("theirs");
  });
});
