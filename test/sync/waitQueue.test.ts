import { beforeEach, describe, expect } from "vitest";
import { CancelledError, type Coroutine, RuntimeError, type Task } from "../../src/index.ts";
import { Binding } from "../../src/sync/binding.ts";
import { WaitQueue } from "../../src/sync/waitQueue.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

let queue: WaitQueue<string>;

beforeEach(() => {
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
  test("serves in order of arrival, one by one or all together", () => {
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
  ])("keeps the other waiters in order when waiter %i leaves", (which, rest) => {
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

  test("fails all waiters, each with its own error", () => {
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

  test("takes back an item handed to a task that is cancelled in the same turn", () => {
    const task = waiter("a");
    runDry(loop);
    queue.handOver("it");
    task.cancel();
    runDry(loop);

    expect(trace).toEqual(["it is back", "a: CancelledError"]);
  });

  test("takes nothing back from a task that was cancelled earlier, and removes that task immediately", () => {
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
  ])("loses nothing if a coroutine that %s is closed by hand", (when, back, after) => {
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

  test("passes the cancellation message through", () => {
    const task = loop.createTask(function* () {
      yield* queue.wait();
    });
    runDry(loop);
    task.cancel("enough");
    runDry(loop);

    expect(() => task.result()).toThrow(CancelledError);
    expect(() => task.result()).toThrow("enough");
  });

  test("skips the tasks of a closed loop", () => {
    waiter("a");
    runDry(loop);
    loop.close();

    expect([queue.handOver("it"), trace]).toEqual([false, []]);
  });

  test("removes each of many waiters in constant time", () => {
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
  test("is the loop of the first wait, and waiting on another loop throws a RuntimeError", () => {
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

  test("must be running when wait() is called", () => {
    expect(() => queue.wait()).toThrow(RuntimeError);
    expect(() => queue.wait()).toThrow("A wait (Counter) needs an event loop");
    expect(queue.length).toBe(0);
  });
});
