import { beforeEach, describe, expect } from "vitest";
import {
  CancelledError,
  Condition,
  type Coroutine,
  Lock,
  RuntimeError,
  Semaphore,
  sleep,
  type Task,
} from "../../src/index.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

let condition: Condition;

beforeEach(() => {
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

/** Does something with the lock after `delay` milliseconds. */
function later(delay: number, action: () => Coroutine<void> | void): void {
  loop.createTask(function* () {
    yield* sleep(delay);
    using _ = yield* condition.hold();
    const coro = action();
    if (coro !== undefined) yield* coro;
  });
}

describe("a condition", () => {
  test("wakes as many tasks as are notified, those that waited longest first", () => {
    for (const name of "abcdef") waiter(name);
    later(1, () => condition.notify());
    later(2, () => condition.notify(0));
    later(3, () => condition.notify(2));
    later(4, () => condition.notifyAll());
    for (const time of [1, 2, 3]) loop.callLater(time + 0.5, () => trace.push("|"));
    runDry(loop);

    expect(trace.join("")).toBe("a||bc|def");
  });

  test("releases the lock while it waits, and holds it again afterwards", () => {
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

  test("lets notified tasks continue one by one as the lock becomes free", () => {
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

  test("does not notify tasks that begin to wait later", () => {
    later(0, () => condition.notifyAll());
    runDry(loop);
    waiter("a");
    runDry(loop);

    expect(trace).toEqual([]);
  });

  test("may share its lock with other conditions", () => {
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

  test("throws a RuntimeError if it is used without the lock", () => {
    expect(() => condition.notify()).toThrow(RuntimeError);
    expect(() => condition.notifyAll()).toThrow(RuntimeError);
    expect(() => condition.wait().next()).toThrow("Acquire the condition first");
    expect(() => condition.waitFor(() => false).next()).toThrow(RuntimeError);
    expect(() => condition.release()).toThrow(RangeError);
  });

  test.each([new Semaphore(), null, "lock"])("rejects %o as its lock", (lock) => {
    expect(() => new Condition(lock as never)).toThrow(TypeError);
  });

  test("throws a TypeError or a RangeError for an invalid number of tasks to notify", () => {
    condition.acquire().next();

    for (const n of [-1, 1.5, NaN]) expect(() => condition.notify(n)).toThrow(RangeError);
    expect(() => condition.notify("1" as never)).toThrow(TypeError);
  });

  test("does not release its lock when a task of another loop tries to wait and fails", () => {
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
  test("waits until the predicate is truthy, and returns the predicate's value", () => {
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

  test("does not wait if the predicate is already truthy", () => {
    condition.acquire().next();

    expect(condition.waitFor(() => "yes").next()).toEqual({ done: true, value: "yes" });
  });

  test("throws what the predicate throws, and holds the lock", () => {
    condition.acquire().next();
    const failing = condition.waitFor(() => {
      throw new RangeError("thrown by the predicate");
    });

    expect(() => failing.next()).toThrow("thrown by the predicate");
    expect(condition.locked()).toBe(true);
  });

  test("throws a TypeError at the call without a predicate", () => {
    expect(() => condition.waitFor(true as never)).toThrow(TypeError);
  });
});

describe("a cancelled wait for a condition", () => {
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

  test("acquires the lock even if it is cancelled again meanwhile, and throws the last error", () => {
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

  test("acquires the lock even if it is cancelled between its notification and the hand-over", () => {
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
  ])("passes its notification on if cancelled %s", (_, delay) => {
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

  test("doesn't notify the next waiter if it wasn't notified itself", () => {
    const task = waiter("a");
    waiter("b");
    later(1, () => {
      task.cancel("cancelled");
    });
    runDry(loop);

    expect(trace).toEqual(["a: cancelled"]);
  });

  test("does not consume a notification that comes after the cancellation", () => {
    const task = waiter("a");
    waiter("b");
    later(1, () => {
      task.cancel("cancelled");
      condition.notify();
    });
    runDry(loop);

    expect(trace.sort()).toEqual(["a: cancelled", "b"]);
  });

  test("throws the CancelledError with which the wait was cancelled", () => {
    const task = waiter("a");
    later(1, () => {
      task.cancel();
    });
    runDry(loop);

    expect(() => task.result()).toThrow(CancelledError);
  });
});
