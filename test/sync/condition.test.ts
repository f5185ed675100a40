import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { CancelledError, RuntimeError } from "../../src/loop/errors.ts";
import { Condition } from "../../src/sync/condition.ts";
import { Lock } from "../../src/sync/lock.ts";
import { Semaphore } from "../../src/sync/semaphore.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import type { Task } from "../../src/tasks/task.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];
let condition: Condition;

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
  condition = new Condition();
});

function waiter(name: string, on = condition): Task<void> {
  return loop.createTask(function* () {
    using _ = yield* on.hold();
    try {
      yield* on.wait();
      trace.push(name);
    } catch (error) {
      trace.push(`${name}: ${(error as Error).message}`);
      throw error;
    }
  });
}

/** Does something with the lock, `delay` milliseconds from now. */
function later(delay: number, action: () => Coroutine<void> | void): void {
  loop.createTask(function* () {
    yield* sleep(delay);
    using _ = yield* condition.hold();
    const coro = action();
    if (coro !== undefined) yield* coro;
  });
}

describe("a condition", () => {
  test("wakes so many as are notified, those first who wait longest", () => {
    for (const name of "abcdef") waiter(name);
    later(1, () => condition.notify());
    later(2, () => condition.notify(0));
    later(3, () => condition.notify(2));
    later(4, () => condition.notifyAll());
    for (const time of [1, 2, 3]) loop.callLater(time + 0.5, () => trace.push("|"));
    runDry(loop);

    expect(trace.join("")).toBe("a||bc|def");
  });

  test("releases the lock while it waits, and has it again afterwards", () => {
    const task = loop.createTask(function* () {
      yield* condition.acquire();
      const states = [condition.locked()];
      loop.callLater(1, () => states.push(condition.locked()));
      const result = yield* condition.wait();
      states.push(condition.locked(), result);
      condition.release();
      return states;
    });
    later(2, () => condition.notify());
    runDry(loop);

    expect(task.result()).toEqual([true, false, true, true]);
  });

  test("lets those who were notified go on when the lock is free, one by one", () => {
    waiter("a");
    waiter("b");
    later(1, function* () {
      condition.notifyAll();
      yield* sleep(5);
      trace.push(`released at ${loop.time()}`);
    });
    runDry(loop);

    expect(trace).toEqual(["released at 6", "a", "b"]);
  });

  test("notifies nobody who comes later", () => {
    later(0, () => condition.notifyAll());
    runDry(loop);
    waiter("a");
    runDry(loop);

    expect(trace).toEqual([]);
  });

  test("may share its lock with others", () => {
    const lock = new Lock();
    condition = new Condition(lock);
    const other = new Condition(lock);
    waiter("a");
    waiter("b", other);
    later(1, () => condition.notifyAll());
    later(2, () => {
      trace.push(String(other.locked()));
      other.notifyAll();
    });
    runDry(loop);

    expect([trace, lock.locked()]).toEqual([["a", "true", "b"], false]);
  });

  test("that is used without the lock is a RuntimeError", () => {
    expect(() => condition.notify()).toThrow(RuntimeError);
    expect(() => condition.notifyAll()).toThrow(RuntimeError);
    expect(() => condition.wait().next()).toThrow("Acquire the condition first");
    expect(() => condition.waitFor(() => false).next()).toThrow(RuntimeError);
    expect(() => condition.release()).toThrow(RangeError);
  });

  test.each([new Semaphore(), null, "lock"])("cannot be made with %o for a lock", (lock) => {
    expect(() => new Condition(lock as never)).toThrow(TypeError);
  });

  test("is a TypeError or a RangeError for a wrong number to notify", () => {
    condition.acquire().next();

    for (const n of [-1, 1.5, NaN]) expect(() => condition.notify(n)).toThrow(RangeError);
    expect(() => condition.notify("1" as never)).toThrow(TypeError);
  });

  test("keeps the lock if it is waited for on another loop", () => {
    waiter("a");
    runDry(loop);
    condition.acquire().next();

    expect(() => newVirtualLoop().runUntilCompleteSync(() => condition.wait())).toThrow(
      RuntimeError,
    );
    expect(condition.locked()).toBe(true);
  });
});

describe("waitFor", () => {
  test("waits until the predicate is truthy, and gives what it returned", () => {
    let stock = 0;
    const task = loop.createTask(function* () {
      using _ = yield* condition.hold();
      return yield* condition.waitFor(() => {
        trace.push(`looks at ${loop.time()}`);
        return stock > 1 && `${stock} pieces`;
      });
    });
    for (const delay of [1, 2]) {
      later(delay, () => {
        stock++;
        condition.notifyAll();
      });
    }
    runDry(loop);

    expect([task.result(), trace]).toEqual([
      "2 pieces",
      ["looks at 0", "looks at 1", "looks at 2"],
    ]);
  });

  test("does not wait if it is truthy already", () => {
    condition.acquire().next();

    expect(condition.waitFor(() => "yes").next()).toEqual({ done: true, value: "yes" });
  });

  test("passes on what the predicate throws, with the lock", () => {
    condition.acquire().next();
    const failing = condition.waitFor(() => {
      throw new RangeError("thrown by the predicate");
    });

    expect(() => failing.next()).toThrow("thrown by the predicate");
    expect(condition.locked()).toBe(true);
  });

  test("is a TypeError at the call without a predicate", () => {
    expect(() => condition.waitFor(true as never)).toThrow(TypeError);
  });
});

describe("a wait for a condition that is cancelled", () => {
  test("acquires the lock before it throws", () => {
    const task = waiter("a");
    later(1, function* () {
      task.cancel("enough");
      yield* sleep(5);
      trace.push("released");
    });
    runDry(loop);

    expect([trace, task.cancelled(), condition.locked()]).toEqual([
      ["released", "a: enough"],
      true,
      false,
    ]);
  });

  test("acquires it however often it is cancelled meanwhile, and throws the last error", () => {
    const task = waiter("a");
    later(1, function* () {
      for (const message of ["first", "second", "third"]) {
        task.cancel(message);
        yield* sleep(1);
      }
      trace.push("released");
    });
    runDry(loop);

    expect([trace, condition.locked()]).toEqual([["released", "a: third"], false]);
  });

  test("acquires it, too, if it was notified and is cancelled before it has the lock", () => {
    const task = waiter("a");
    later(1, function* () {
      condition.notify();
      yield* sleep(1);
      task.cancel("enough");
      yield* sleep(1);
      trace.push("released");
    });
    runDry(loop);

    expect([trace, condition.locked()]).toEqual([["released", "a: enough"], false]);
  });

  test.each([
    ["in the turn of its notification", 0],
    ["while it waits for the lock", 1],
  ])("passes its notification on if that happens %s", (_, delay) => {
    const task = waiter("a");
    waiter("b");
    waiter("c");
    later(1, function* () {
      condition.notify();
      if (delay > 0) yield* sleep(delay);
      task.cancel("cancelled");
    });
    runDry(loop);

    expect(trace).toEqual(["a: cancelled", "b"]);
  });

  test("passes nothing on if it was not notified", () => {
    const task = waiter("a");
    waiter("b");
    later(1, () => {
      task.cancel("cancelled");
    });
    runDry(loop);

    expect(trace).toEqual(["a: cancelled"]);
  });

  test("takes no notification with it if it was cancelled before", () => {
    const task = waiter("a");
    waiter("b");
    later(1, () => {
      task.cancel("cancelled");
      condition.notify();
    });
    runDry(loop);

    expect(trace.sort()).toEqual(["a: cancelled", "b"]);
  });

  test("ends as cancelled by the very error of the cancel", () => {
    const task = waiter("a");
    later(1, () => {
      task.cancel();
    });
    runDry(loop);

    expect(() => task.result()).toThrow(CancelledError);
  });
});
