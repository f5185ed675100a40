// Coroutines without a body of their own behave like all others.

import { describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  Event,
  fromPromise,
  getRunningLoop,
  InvalidStateError,
  isCoroutine,
  isFuture,
  Lock,
  Queue,
  type Scheduler,
  Semaphore,
  sleep,
} from "../../src/index.ts";
import { runDry, runVirtually } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

/** A coroutine of each kind, with its result. Some need to wait, and others don't. */
const MAKERS: Record<string, () => [coro: Coroutine<unknown>, result: unknown]> = {
  "lock.acquire()": () => [new Lock().acquire(), true],
  "semaphore.acquire()": () => [new Semaphore().acquire(), true],
  "event.wait()": () => {
    const event = new Event();
    event.set();
    return [event.wait(), true];
  },
  "queue.put()": () => [new Queue().put(1), undefined],
  "queue.get()": () => {
    const queue = new Queue<string>();
    queue.putNowait("item");
    return [queue.get(), "item"];
  },
  "sleep()": () => [sleep(10, "slept"), "slept"],
  "sleep(0)": () => [sleep(0, "slept"), "slept"],
};

describe.each(Object.entries(MAKERS))("%s", (_, make) => {
  test("is a coroutine, not a future", () => {
    const [coro] = make();
    expect(isCoroutine(coro)).toBe(true);
    expect(isFuture(coro)).toBe(false);
    expect(Object.prototype.toString.call(coro)).toBe("[object Generator]");
  });

  test("returns its result to `yield*` and to a task, and is that task's coroutine", () => {
    const [awaited, result] = make();
    const [started] = make();
    runVirtually(function* () {
      expect(yield* awaited).toBe(result);
      const task = createTask(started);
      expect(task.getCoro()).toBe(started);
      expect(yield* task).toBe(result);
    });
  });

  test("runs only once", () => {
    const [coro] = make();
    const [other] = make();
    runVirtually(function* () {
      yield* coro;
      expect(() => coro[Symbol.iterator]()).toThrow(InvalidStateError);
      expect(() => createTask(coro)).toThrow(InvalidStateError);
      yield* createTask(other);
      expect(() => createTask(other)).toThrow(InvalidStateError);
      expect(() => other[Symbol.iterator]()).toThrow(InvalidStateError);
      expect(coro.next()).toEqual({ done: true, value: undefined });
    });
  });

  test("never runs if it is closed before it begins", () => {
    const [coro] = make();
    expect(coro.return("closed" as never)).toEqual({ done: true, value: "closed" });
    expect(coro.next()).toEqual({ done: true, value: undefined });
    const [thrownInto] = make();
    expect(() => thrownInto.throw(new RangeError("thrown"))).toThrow(RangeError);
  });
});

test("one of the package's coroutines, first driven by hand, continues in `yield*` or in a task", () => {
  runVirtually(function* () {
    const [awaited, started, ended] = [sleep(0, "awaited"), sleep(0, "started"), sleep(0)];
    awaited.next();
    expect(yield* awaited).toBe("awaited");
    expect(() => awaited[Symbol.iterator]()).toThrow(InvalidStateError);
    started.next();
    expect(yield* createTask(started)).toBe("started");
    ended.next();
    ended.next();
    expect(() => ended[Symbol.iterator]()).toThrow(InvalidStateError);
  });
});

test("one of the package's coroutines takes no item, lock or room if it is never awaited", () => {
  const lock = new Lock();
  const queue = new Queue<number>();
  queue.putNowait(1);
  lock.acquire();
  queue.get();
  queue.put(2);
  expect([lock.locked(), queue.qsize()]).toEqual([false, 1]);
});

test("one of the package's coroutines, driven by hand, ends in one step if it need not wait", () => {
  const lock = new Lock();
  expect(lock.acquire().next()).toEqual({ done: true, value: true });
  expect(lock.locked()).toBe(true);
});

describe("sleep", () => {
  const timers = (on: Scheduler = loop) => on._core.timers();

  test("removes its timer when it is cancelled", () => {
    const task = loop.createTask(sleep(100));
    loop.callSoon(() => {
      expect(timers()).toBe(1);
      task.cancel();
      expect(timers()).toBe(0);
    });
    runDry(loop);
    expect(() => task.result()).toThrow(CancelledError);
    expect(loop.time()).toBe(0);
  });

  test("removes its timer when its coroutine is closed, or left by an error", () => {
    runVirtually(function* () {
      const closed = sleep(100);
      const left = sleep(100);
      closed.next();
      left.next();
      expect(timers(getRunningLoop())).toBe(2);
      closed.return(undefined);
      expect(() => left.throw(new RangeError("left"))).toThrow(RangeError);
      expect(timers(getRunningLoop())).toBe(0);
      yield;
    });
  });
});

test("a coroutine of `fromPromise` is done once it is closed, even before its first step", () => {
  const coro = fromPromise(Promise.resolve(1));
  coro.return(undefined as never);
  expect(coro.next()).toEqual({ done: true, value: undefined });
});
