import { describe, expect } from "vitest";
import { BoundedSemaphore, RuntimeError, Semaphore, sleep, type Task } from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

function user(semaphore: Semaphore, name: string): Task<void> {
  return loop.createTask(function* () {
    using _ = yield* semaphore.hold();
    trace.push(name);
    yield* sleep(10);
  });
}

describe.each([Semaphore, BoundedSemaphore])("%o", (Kind) => {
  test("admits the given number of tasks at a time, in order of arrival", () => {
    const semaphore = new Kind(2);
    for (const name of "abcde") user(semaphore, name);
    loop.callLater(15, () => trace.push("15 ms"));
    runDry(loop);

    expect([trace.join(" "), loop.time()]).toEqual(["a b c d 15 ms e", 30]);
  });

  test("has one permit by default", () => {
    const semaphore = new Kind();
    const states = [semaphore.locked()];
    semaphore.acquire().next();
    states.push(semaphore.locked());

    expect(states).toEqual([false, true]);
  });

  test("is acquired without suspending if there is a permit, and returns true", () => {
    expect(new Kind().acquire().next()).toEqual({ done: true, value: true });
  });

  test("stays locked when its permit goes to a waiter, and newcomers queue up behind that waiter", () => {
    const semaphore = new Kind();
    loop.createTask(function* () {
      yield* semaphore.acquire();
      user(semaphore, "waits");
      yield* sleep(1);
      semaphore.release();
      trace.push(semaphore.locked() ? "locked" : "free");
      yield* semaphore.acquire();
      trace.push("comes again");
    });
    runDry(loop);

    expect(trace).toEqual(["locked", "waits", "comes again"]);
  });

  test("serves the second waiter if a release and a cancellation of the first occur in the same turn", () => {
    for (const isServedFirst of [true, false]) {
      const semaphore = new Kind();
      semaphore.acquire().next();
      const first = user(semaphore, "first");
      user(semaphore, "second");
      loop.callLater(1, () => {
        if (isServedFirst) semaphore.release();
        first.cancel();
        if (!isServedFirst) semaphore.release();
      });
      runDry(loop);
      expect([first.cancelled(), semaphore.locked()]).toEqual([true, false]);
    }

    expect(trace).toEqual(["second", "second"]);
  });

  test("serves one waiter per release, not counting cancelled ones", () => {
    const semaphore = new Kind(3);
    for (let i = 0; i < 3; i++) semaphore.acquire().next();
    const tasks = [..."abcdef"].map((name) => user(semaphore, name));
    loop.callLater(1, () => {
      for (let i = 0; i < 3; i++) semaphore.release();
      tasks[0]!.cancel();
      tasks[2]!.cancel();
    });
    loop.callLater(2, () => trace.push("2 ms"));
    runDry(loop);

    expect(trace.join(" ")).toBe("b d e 2 ms f");
  });

  test.each([-1, 1.5, NaN])("rejects %o permits with a RangeError", (value) => {
    expect(() => new Kind(value)).toThrow(RangeError);
  });

  test.each(["1", null, {}])("rejects %o as the number of permits", (value) => {
    const error = caught(() => new Kind(value as number));

    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("`value`");
  });

  test("belongs to the loop of the first wait", () => {
    const semaphore = new Kind(0);
    user(semaphore, "a");
    runDry(loop);

    expect(() => newVirtualLoop().runUntilCompleteSync(() => semaphore.acquire())).toThrow(
      RuntimeError,
    );
  });
});

describe("a semaphore", () => {
  test("may be released more often than acquired", () => {
    const semaphore = new Semaphore(0);
    semaphore.release();
    semaphore.release();
    for (const name of "abc") user(semaphore, name);
    loop.callLater(1, () => trace.push("1 ms"));
    runDry(loop);

    expect(trace.join(" ")).toBe("a b 1 ms c");
  });
});

describe("a bounded semaphore", () => {
  test("throws a RangeError if it is released more often than acquired", () => {
    const semaphore = new BoundedSemaphore(2);
    semaphore.acquire().next();
    semaphore.release();

    expect(() => semaphore.release()).toThrow(RangeError);
    expect(() => new BoundedSemaphore(0).release()).toThrow("more often than acquired");
  });

  test("can be released even if its initial number of permits is Infinity", () => {
    const semaphore = new BoundedSemaphore(Infinity);
    semaphore.acquire().next();
    semaphore.release();

    expect(semaphore.locked()).toBe(false);
  });

  test("never exceeds its bound, even if a cancelled task gives back a permit that was already released", () => {
    const semaphore = new BoundedSemaphore();
    semaphore.acquire().next();
    const cancelled = user(semaphore, "a");
    runDry(loop);
    semaphore.release();
    semaphore.release();
    cancelled.cancel();
    runDry(loop);
    semaphore.acquire().next();

    expect(semaphore.locked()).toBe(true);
  });
});
