import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { RuntimeError } from "../../src/loop/errors.ts";
import { Lock } from "../../src/sync/lock.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import type { Task } from "../../src/tasks/task.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];
let lock: Lock;

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
  lock = new Lock();
});

/** Acquires, and has the lock for `delay`. */
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
  test("lets one in at a time, in order of arrival", () => {
    for (const name of "abc") user(name, 10);
    loop.callLater(25, () => trace.push("25 ms"));
    runDry(loop);

    expect([trace, loop.time(), lock.locked()]).toEqual([["a", "b", "c", "25 ms"], 30, false]);
  });

  test("is taken without suspending if it is free, and gives true", () => {
    expect([lock.acquire().next(), lock.locked()]).toEqual([{ done: true, value: true }, true]);
  });

  test("gives true after a wait, too", () => {
    lock.acquire().next();
    const task = loop.createTask(lock.acquire());
    loop.callLater(1, () => lock.release());
    runDry(loop);

    expect(task.result()).toBe(true);
  });

  test("stays locked when it is released to somebody who waits, and newcomers go behind", () => {
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

  test("goes to the next one if the first is cancelled while it waits", () => {
    user("a");
    const cancelled = user("b");
    user("c");
    loop.callSoon(() => cancelled.cancel());
    runDry(loop);

    expect([trace, lock.locked()]).toEqual([["a", "c"], false]);
  });

  test.each(["c", undefined])(
    "that was handed to a task cancelled in the same turn goes to %s",
    (next) => {
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
    },
  );

  test("that is free and released is a RangeError", () => {
    expect(() => lock.release()).toThrow(RangeError);
    lock.acquire().next();
    lock.release();
    expect(() => lock.release()).toThrow("more often than acquired");
  });

  test("may be made and taken without a loop, and belongs to the loop of the first wait", () => {
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
  test("releases at the end of the block, however it is left", () => {
    const task = loop.createTask(function* () {
      using _ = yield* lock.hold();
      trace.push(String(lock.locked()));
      throw "thrown";
    });
    runDry(loop);

    expect([trace, task.exception(), lock.locked()]).toEqual([["true"], "thrown", false]);
  });

  test("releases once", () => {
    const { value: held } = lock.hold().next() as { value: Disposable };
    held[Symbol.dispose]();
    lock.acquire().next();
    held[Symbol.dispose]();

    expect(lock.locked()).toBe(true);
  });

  test("keeps nothing if it is cancelled in the turn in which it was handed the lock", () => {
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
