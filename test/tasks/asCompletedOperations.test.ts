import { describe, expect } from "vitest";
import {
  allTasks,
  asCompleted,
  type Coroutine,
  createTask,
  Event,
  Lock,
  Queue,
  sleep,
} from "../../src/index.ts";
import { loop, test } from "../support/virtualTest.ts";

function onLoop<T>(main: () => Coroutine<T>): T {
  return loop.runUntilCompleteSync(main);
}

function filled(...items: number[]): Queue<number> {
  const queue = new Queue<number>();
  for (const item of items) queue.putNowait(item);
  return queue;
}

describe("asCompleted over operations", () => {
  test("takes the requested items, and leaves the rest in their queues", () => {
    const outcome = onLoop(function* () {
      const queues = [filled(1), filled(2), new Queue<number>(), new Queue<number>()];
      const lock = new Lock();
      const got: unknown[] = [];
      for (const next of asCompleted([...queues.map((queue) => queue.get()), lock.acquire()])) {
        got.push(yield* next);
        if (got.length === 1) break;
      }
      yield* sleep(1);
      for (const queue of queues.slice(2)) queue.putNowait(3);
      return [got, queues.map((queue) => queue.qsize()), lock.locked(), allTasks().size];
    });

    expect(outcome).toEqual([[1], [0, 1, 1, 1], false, 1]);
  });

  test("puts back an item that was handed over but not requested", () => {
    const outcome = onLoop(function* () {
      const [a, b, c] = [new Queue<number>(), new Queue<number>(), new Queue<number>()];
      loop.callLater(1, () => {
        a.putNowait(1);
        b.putNowait(2);
      });
      const got: unknown[] = [];
      for (const next of asCompleted([c.get(), b.get(), a.get()])) {
        got.push(yield* next);
        break;
      }
      c.putNowait(3);
      return [got, a.qsize(), b.qsize(), c.qsize()];
    });

    expect(outcome).toEqual([[1], 0, 1, 1]);
  });

  test("yields all of them in the order in which they are served", () => {
    const got = onLoop(function* () {
      const [a, b] = [new Queue<number>(), new Queue<number>()];
      const event = new Event();
      loop.callLater(1, () => b.putNowait(2));
      loop.callLater(2, () => event.set());
      loop.callLater(3, () => a.shutdown());
      const items: unknown[] = [];
      for (const next of asCompleted([a.get(), event.wait(), b.get(), sleep(4, "slept")])) {
        try {
          items.push(yield* next);
        } catch (error) {
          items.push((error as Error).name);
        }
      }
      return items;
    });

    expect(got).toEqual([2, true, "QueueShutDown", "slept"]);
  });

  test("loses nothing to a cancellation in the turn of a hand-over", () => {
    const outcome = onLoop(function* () {
      const [a, b] = [new Queue<number>(), new Queue<number>()];
      const task = createTask(function* () {
        for (const next of asCompleted([a.get(), b.get()])) yield* next;
      });
      yield;
      yield;
      b.putNowait(1);
      task.cancel();
      yield* sleep(1);
      a.putNowait(2);
      return [task.cancelled(), a.qsize(), b.qsize()];
    });

    expect(outcome).toEqual([true, 1, 1]);
  });

  test("leaves the queues at the timeout, and yields what was handed over before", () => {
    const outcome = onLoop(function* () {
      const [a, b] = [new Queue<number>(), new Queue<number>()];
      const got: unknown[] = [];
      loop.callLater(1, () => b.putNowait(1));
      for (const next of asCompleted([a.get(), b.get()], { timeout: 10 })) {
        try {
          got.push(yield* next);
        } catch (error) {
          got.push((error as Error).name);
        }
      }
      a.putNowait(2);
      return [got, a.qsize(), loop.time()];
    });

    expect(outcome).toEqual([[1, "TimeoutError"], 1, 10]);
  });

  test("puts everything back that an async function has not requested", async () => {
    const [a, b, c] = [filled(1), filled(2), new Queue<number>()];
    const lock = new Lock();
    const values: unknown[] = [];
    await loop.runUntilComplete(async () => {
      for await (const value of asCompleted([a.get(), b.get(), c.get(), lock.acquire()])) {
        values.push(value);
        break;
      }
    });
    c.putNowait(3);
    await loop.runUntilComplete(sleep(1));

    const sizes = [a, b, c].map((queue) => queue.qsize());
    expect([values, sizes, lock.locked()]).toEqual([[1], [0, 1, 1], false]);
  });

  test("yields the values to an async function", async () => {
    const [a, b] = [filled(1), new Queue<number>()];
    const values: unknown[] = [];
    await loop.runUntilComplete(async () => {
      loop.callSoon(() => loop.callSoon(() => b.putNowait(2)));
      for await (const value of asCompleted([b.get(), a.get()])) values.push(value);
    });

    expect(values).toEqual([1, 2]);
  });
});
