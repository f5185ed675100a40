import { beforeEach, describe, expect } from "vitest";
import { type EventLoop, Lock, RuntimeError, sleep, type Task } from "../../src/index.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

let lock: Lock;

beforeEach(() => {
  lock = new Lock();
});

/** Acquires the lock, and holds it for `delay`. */
function user(name: string, delay = 1): Task<void> {
  return loop.createTask(function* () {
    yield* lock.acquire();
    trace.push(name);
    try {
      yield* sleep(delay);
    } finally {
      lock.release();
    }
  });
}

describe("a lock", () => {
  test("admits one task at a time, in order of arrival", () => {
    for (const name of "abc") user(name, 10);
    loop.callLater(25, () => trace.push("25 ms"));
    runDry(loop);

    expect([trace, loop.time(), lock.locked()]).toEqual([["a", "b", "c", "25 ms"], 30, false]);
  });

  test("is acquired without suspending if it is free, and returns true", () => {
    expect([lock.acquire().next(), lock.locked()]).toEqual([{ done: true, value: true }, true]);
  });

  test("returns true from acquire() after a wait too", () => {
    lock.acquire().next();
    const task = loop.createTask(lock.acquire());
    loop.callLater(1, () => lock.release());
    runDry(loop);

    expect(task.result()).toBe(true);
  });

  test("stays locked when it is released to a waiter, and newcomers queue up behind that waiter", () => {
    const task = loop.createTask(function* () {
      yield* lock.acquire();
      user("waits");
      yield* sleep(1);
      lock.release();
      trace.push(lock.locked() ? "locked" : "free");
      yield* lock.acquire();
      trace.push("comes again");
    });
    runDry(loop);

    expect([trace, task.done()]).toEqual([["locked", "waits", "comes again"], true]);
  });

  test("goes to the next waiter if the first is cancelled while it waits", () => {
    user("a");
    const cancelled = user("b");
    user("c");
    loop.callSoon(() => cancelled.cancel());
    runDry(loop);

    expect([trace, lock.locked()]).toEqual([["a", "c"], false]);
  });

  test.each([
    ["goes to the next waiter", "c"],
    ["is free if nobody else waits", undefined],
  ])("skips a task that is cancelled in the turn of the hand-over, and %s", (_, next) => {
    lock.acquire().next();
    const cancelled = user("b");
    if (next !== undefined) user(next);
    loop.callLater(1, () => {
      lock.release();
      cancelled.cancel();
    });
    runDry(loop);

    expect([trace, cancelled.cancelled(), lock.locked()]).toEqual([
      next === undefined ? [] : [next],
      true,
      false,
    ]);
  });

  test("throws a RangeError if it is released while free", () => {
    expect(() => lock.release()).toThrow(RangeError);
    lock.acquire().next();
    lock.release();
    expect(() => lock.release()).toThrow("more often than acquired");
  });

  test("can be created and acquired without a loop, and belongs to the loop of the first wait", () => {
    const other = newVirtualLoop();
    const acquire = (on: EventLoop) => {
      on.runUntilCompleteSync(function* () {
        yield* lock.acquire();
        lock.release();
      });
    };
    acquire(loop);
    acquire(other);
    lock.acquire().next();
    user("waits");
    runDry(loop);

    expect(() => acquire(other)).toThrow(RuntimeError);
  });
});

describe("hold", () => {
  test("releases the lock at the end of the block, however the block ends", () => {
    const task = loop.createTask(function* () {
      using _ = yield* lock.hold();
      trace.push(String(lock.locked()));
      throw "thrown";
    });
    runDry(loop);

    expect([trace, task.exception(), lock.locked()]).toEqual([["true"], "thrown", false]);
  });

  test("releases the lock only once", () => {
    const { value: held } = lock.hold().next() as { value: Disposable };
    held[Symbol.dispose]();
    lock.acquire().next();
    held[Symbol.dispose]();

    expect(lock.locked()).toBe(true);
  });

  test("holds nothing if it is cancelled in the turn of the hand-over", () => {
    lock.acquire().next();
    const task = loop.createTask(function* () {
      using _ = yield* lock.hold();
      trace.push("has it");
    });
    loop.callLater(1, () => {
      lock.release();
      task.cancel();
    });
    runDry(loop);

    expect([trace, task.cancelled(), lock.locked()]).toEqual([[], true, false]);
  });
});
