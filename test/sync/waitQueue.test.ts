import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { CancelledError, RuntimeError } from "../../src/loop/errors.ts";
import { Binding } from "../../src/sync/binding.ts";
import { WaitQueue } from "../../src/sync/waitQueue.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import type { Task } from "../../src/tasks/task.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];
let queue: WaitQueue<string>;

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
  queue = new WaitQueue({}, "Counter", new Binding("Counter"), (value) =>
    trace.push(`${value} is back`),
  );
});

function waiter(name: string): Task<void> {
  return loop.createTask(function* () {
    try {
      trace.push(`${name} gets ${yield* queue.wait()}`);
    } catch (error) {
      trace.push(`${name}: ${(error as Error).name}`);
    }
  });
}

describe("a wait queue", () => {
  test("serves in order of arrival, one by one or all at once", () => {
    for (const name of "abcd") waiter(name);
    runDry(loop);
    const lengths = [queue.length];
    const served = [queue.handOver("1")];
    lengths.push(queue.length);
    queue.handOverToAll("2");
    served.push(queue.handOver("3"));
    lengths.push(queue.length);
    runDry(loop);

    expect([lengths, served]).toEqual([
      [4, 3, 0],
      [true, false],
    ]);
    expect(trace).toEqual(["a gets 1", "b gets 2", "c gets 2", "d gets 2"]);
  });

  test.each([
    [0, "bcd"],
    [1, "acd"],
    [3, "abc"],
  ])("closes the gap when number %i leaves", (which, rest) => {
    const tasks = [..."abcd"].map(waiter);
    runDry(loop);
    tasks[which]!.cancel();
    const { length } = queue;
    waiter("e");
    runDry(loop);
    trace.length = 0;
    queue.handOverToAll("it");
    runDry(loop);

    expect([length, trace]).toEqual([3, [...`${rest}e`].map((name) => `${name} gets it`)]);
  });

  test("lets all fail, each with an error of its own", () => {
    const reports = collectReports(loop);
    const errors: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      loop.createTask(function* () {
        try {
          yield* queue.wait();
        } catch (error) {
          errors.push(error);
        }
      });
    }
    runDry(loop);
    queue.fail(() => new RangeError("over"));
    runDry(loop);
    loop.close();

    expect([queue.length, errors.map(String), reports]).toEqual([
      0,
      ["RangeError: over", "RangeError: over"],
      [],
    ]);
    expect(errors[0]).not.toBe(errors[1]);
  });

  test("takes back what a task cancelled in the same turn was handed", () => {
    const task = waiter("a");
    runDry(loop);
    queue.handOver("it");
    task.cancel();
    runDry(loop);

    expect(trace).toEqual(["it is back", "a: CancelledError"]);
  });

  test("takes nothing back from a task cancelled before, whose place is free at once", () => {
    const task = waiter("a");
    runDry(loop);
    task.cancel();

    expect(queue.handOver("it")).toBe(false);
    runDry(loop);
    expect(trace).toEqual(["a: CancelledError"]);
  });

  test("reports nothing if a task is cancelled in the turn in which its wait failed", () => {
    const reports = collectReports(loop);
    const task = waiter("a");
    runDry(loop);
    queue.fail(() => new Error("over"));
    task.cancel();
    runDry(loop);
    loop.close();

    expect([trace, reports]).toEqual([["a: CancelledError"], []]);
  });

  test.each([
    ["waits", [], 1],
    ["was served", ["it is back"], 1],
    ["has failed", [], 1],
  ])("loses nothing with a coroutine that is closed while it %s", (when, back, after) => {
    const reports = collectReports(loop);
    loop.callSoon(() => {
      function* body(): Coroutine<string> {
        return yield* queue.wait();
      }
      const coro = body();
      coro.next();
      if (when === "was served") queue.handOver("it");
      if (when === "has failed") queue.fail(() => new Error("over"));
      expect(coro.return("closed")).toEqual({ done: true, value: "closed" });
    });
    runDry(loop);
    waiter("b");
    runDry(loop);
    expect(queue.length).toBe(after);
    queue.handOver("next");
    runDry(loop);
    loop.close();

    expect([trace, reports]).toEqual([[...back, "b gets next"], []]);
  });

  test("gets the message of a cancel through", () => {
    const task = loop.createTask(function* () {
      yield* queue.wait();
    });
    runDry(loop);
    task.cancel("enough");
    runDry(loop);

    expect(() => task.result()).toThrow(CancelledError);
    expect(() => task.result()).toThrow("enough");
  });

  test("passes over the tasks of a closed loop", () => {
    waiter("a");
    runDry(loop);
    loop.close();

    expect([queue.handOver("it"), trace]).toEqual([false, []]);
  });

  test("may have many leave from anywhere in no more than constant time each", () => {
    const tasks = Array.from({ length: 20_000 }, (_, i) => waiter(String(i)));
    runDry(loop);
    for (const task of tasks.slice(1, -1).reverse()) task.cancel();
    runDry(loop);
    trace.length = 0;
    queue.handOverToAll("it");
    runDry(loop);

    expect(trace).toEqual(["0 gets it", "19999 gets it"]);
  });
});

describe("the loop of a wait queue", () => {
  test("is that of the first wait, and waiting on another one is a RuntimeError", () => {
    waiter("a");
    runDry(loop);
    const other = newVirtualLoop();
    const wait = () =>
      other.runUntilCompleteSync(function* () {
        yield* queue.wait();
      });

    expect(wait).toThrow(RuntimeError);
    expect(wait).toThrow("The Counter is bound to another event loop");
    expect(queue.length).toBe(1);
  });

  test("is needed to wait", () => {
    expect(() => queue.wait()).toThrow(RuntimeError);
    expect(() => queue.wait()).toThrow("A wait (Counter) needs an event loop");
    expect(queue.length).toBe(0);
  });
});
