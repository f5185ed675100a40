import { expect } from "vitest";
import {
  type Coroutine,
  createTask,
  getRunningLoop,
  RuntimeError,
  run,
  sleep,
} from "../../src/index.ts";
import { runDry, runVirtually } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

function* sleeper(delay: number, letter: string): Coroutine<void> {
  yield* sleep(delay);
  trace.push(letter);
}

test("sleep waits for the given number of milliseconds", () => {
  loop.runUntilCompleteSync(sleep(1234.5));

  expect(loop.time()).toBe(1234.5);
});

test("sleep returns its second argument", () => {
  expect(runVirtually(sleep(1, "result"))).toBe("result");
  expect(runVirtually(sleep(0, "result"))).toBe("result");
  expect(runVirtually(sleep(1))).toBeUndefined();
});

test("other tasks run while one sleeps", () => {
  loop.createTask(sleeper(20, "c"));
  loop.createTask(sleeper(10, "b"));
  loop.callSoon(() => trace.push("a"));
  runDry(loop);

  expect(trace.join("")).toBe("abc");
});

test("sleeps that end at the same instant wake in the order in which they started", () => {
  for (const letter of "abcdef") loop.createTask(sleeper(10, letter));
  runDry(loop);

  expect(trace.join("")).toBe("abcdef");
});

test.each([0, -1])("sleep(%i) yields to the other tasks once", (delay) => {
  loop.createTask(function* (): Coroutine<void> {
    trace.push("a");
    yield* sleep(delay);
    trace.push("c");
  });
  loop.createTask(function* (): Coroutine<void> {
    trace.push("b");
    yield;
    trace.push("d");
  });
  runDry(loop);

  expect([trace.join(""), loop.time()]).toEqual(["abcd", 0]);
});

test("sleep(Infinity) never wakes, but can be cancelled", () => {
  const task = loop.createTask(sleep(Infinity));
  loop.callLater(1e12, () => task.cancel());
  runDry(loop);

  expect([task.cancelled(), loop.time()]).toEqual([true, 1e12]);
});

test("sleep never wakes early on the host's clock", async () => {
  const early = await run(function* (): Coroutine<number[]> {
    const loop = getRunningLoop();
    const wakings: number[] = [];
    function* check(delay: number): Coroutine<void> {
      const before = loop.time();
      yield* sleep(delay);
      wakings.push(loop.time() - before - delay);
    }
    const tasks = [0.1, 0.5, 1, 1.9, 3.3, 10].map((delay) => createTask(check(delay)));
    for (const task of tasks) yield* task;
    return wakings.filter((lateness) => lateness < 0);
  });

  expect(early).toEqual([]);
});

test("sleep throws a RuntimeError at its first step where no loop runs", () => {
  const sleeping = sleep(1);

  expect(() => sleeping.next()).toThrow(RuntimeError);
});
