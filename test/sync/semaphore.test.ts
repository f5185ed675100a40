import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { RuntimeError } from "../../src/loop/errors.ts";
import { BoundedSemaphore, Semaphore } from "../../src/sync/semaphore.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import type { Task } from "../../src/tasks/task.ts";
import { caught } from "../support/caught.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

function user(semaphore: Semaphore, name: string): Task<void> {
  return loop.createTask(function* () {
    using _ = yield* semaphore.hold();
    trace.push(name);
    yield* sleep(10);
  });
}

describe.each([Semaphore, BoundedSemaphore])("%o", (Kind) => {
  test("lets so many in at a time, in order of arrival", () => {
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

  test("is taken without suspending if there is a permit, and gives true", () => {
    expect(new Kind().acquire().next()).toEqual({ done: true, value: true });
  });

  test("stays locked when its permit goes to somebody who waits, and newcomers go behind", () => {
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

  test("that is released while its first waiter is cancelled serves the second", () => {
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

  test("that is released several times serves several, cancelled ones not counted", () => {
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

  test.each([-1, 1.5, NaN])("cannot be made with %o permits", (value) => {
    expect(() => new Kind(value)).toThrow(RangeError);
  });

  test.each(["1", null, {}])("cannot be made with %o for a number", (value) => {
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
  test("that is released more often than acquired is a RangeError", () => {
    const semaphore = new BoundedSemaphore(2);
    semaphore.acquire().next();
    semaphore.release();

    expect(() => semaphore.release()).toThrow(RangeError);
    expect(() => new BoundedSemaphore(0).release()).toThrow("more often than acquired");
  });

  test("never has more permits than at first, even if one comes back that was released meanwhile", () => {
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
