// Coroutines without a body of their own are coroutines like all others.

import { beforeEach, describe, expect, test } from "vitest";
import { type EventLoop, getRunningLoop } from "../../src/eventLoop.ts";
import { CancelledError, InvalidStateError } from "../../src/loop/errors.ts";
import type { Scheduler } from "../../src/loop/scheduler.ts";
import { Event } from "../../src/sync/event.ts";
import { Lock } from "../../src/sync/lock.ts";
import { Queue } from "../../src/sync/queue.ts";
import { Semaphore } from "../../src/sync/semaphore.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import { type Coroutine, isCoroutine } from "../../src/tasks/coroutine.ts";
import { fromPromise } from "../../src/tasks/fromPromise.ts";
import { isFuture } from "../../src/tasks/future.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { newVirtualLoop, runDry, runVirtually } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

/** One of each, and what it gives at once or after a while. */
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
  test("is a coroutine, and no future", () => {
    const [coro] = make();
    expect(isCoroutine(coro)).toBe(true);
    expect(isFuture(coro)).toBe(false);
    expect(Object.prototype.toString.call(coro)).toBe("[object Generator]");
  });

  test("gives its result to `yield*` and to a task, whose coroutine it is", () => {
    const [awaited, result] = make();
    const [started] = make();
    runVirtually(function* () {
      expect(yield* awaited).toBe(result);
      const task = createTask(started);
      expect(task.getCoro()).toBe(started);
      expect(yield* task).toBe(result);
    });
  });

  test("runs once", () => {
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

  test("that is closed before it begins never does", () => {
    const [coro] = make();
    expect(coro.return("closed" as never)).toEqual({ done: true, value: "closed" });
    expect(coro.next()).toEqual({ done: true, value: undefined });
    const [thrownInto] = make();
    expect(() => thrownInto.throw(new RangeError("thrown"))).toThrow(RangeError);
  });
});

test("one that was driven by hand before goes on where it is, for `yield*` and in a task", () => {
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

test("one that is only made takes nothing", () => {
  const lock = new Lock();
  const queue = new Queue<number>();
  queue.putNowait(1);
  lock.acquire();
  queue.get();
  queue.put(2);
  expect([lock.locked(), queue.qsize()]).toEqual([false, 1]);
});

test("one that has its result is driven by hand in one step", () => {
  const lock = new Lock();
  expect(lock.acquire().next()).toEqual({ done: true, value: true });
  expect(lock.locked()).toBe(true);
});

describe("a sleep", () => {
  const timers = (on: Scheduler = loop) => on._core.timers();

  test("takes its timer out when it is cancelled", () => {
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

  test("takes its timer out when its coroutine is closed, or left by an error", () => {
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

test("a promise that a task begins to await is awaited once", () => {
  const coro = fromPromise(Promise.resolve(1));
  coro.return(undefined as never);
  expect(coro.next()).toEqual({ done: true, value: undefined });
});
