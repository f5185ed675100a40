import { beforeEach, describe, expect } from "vitest";
import { type Coroutine, Queue, QueueEmpty, QueueShutDown, type Task } from "../../src/index.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

let queue: Queue<number>;

beforeEach(() => {
  queue = new Queue(2);
});

/** Records a word for the outcome. */
function start(name: string, body: () => Coroutine<unknown>): Task<void> {
  return loop.createTask(function* () {
    try {
      trace.push(`${name}: ${(yield* body()) ?? "done"}`);
    } catch (error) {
      trace.push(`${name}: ${(error as Error).name}`);
    }
  });
}

describe.each([false, true])("shutdown(%o)", (immediate) => {
  test("prevents further puts", () => {
    queue.shutdown(immediate);

    expect(() => queue.putNowait(1)).toThrow(QueueShutDown);
    expect(() => queue.put(1).next()).toThrow(QueueShutDown);
    expect(queue.qsize()).toBe(0);
  });

  test("fails waiting getters, and later ones once the queue is empty", () => {
    for (const name of "ab") start(name, () => queue.get());
    loop.callLater(1, () => {
      queue.shutdown(immediate);
      start("c", () => queue.get());
    });
    runDry(loop);

    expect(trace).toEqual(["a: QueueShutDown", "b: QueueShutDown", "c: QueueShutDown"]);
    expect(() => queue.getNowait()).toThrow(QueueShutDown);
  });

  test("makes waiting putters fail, and their items never enter the queue", () => {
    queue.putNowait(1);
    queue.putNowait(2);
    for (const item of [3, 4]) start(String(item), () => queue.put(item));
    loop.callLater(1, () => queue.shutdown(immediate));
    runDry(loop);

    expect([trace, queue.qsize()]).toEqual([
      ["3: QueueShutDown", "4: QueueShutDown"],
      immediate ? 0 : 2,
    ]);
  });

  test("takes nothing from a getter that was handed an item in the same turn", () => {
    start("a", () => queue.get());
    start("b", () => queue.get());
    loop.callLater(1, () => {
      queue.putNowait(1);
      queue.shutdown(immediate);
    });
    runDry(loop);

    expect(trace).toEqual(["a: 1", "b: QueueShutDown"]);
  });

  test("treats a putter's item that was admitted in the same turn like any other item", () => {
    queue.putNowait(1);
    queue.putNowait(2);
    start("3", () => queue.put(3));
    loop.callLater(1, () => {
      queue.getNowait();
      queue.shutdown(immediate);
    });
    runDry(loop);

    expect([trace, queue.qsize()]).toEqual([["3: done"], immediate ? 0 : 2]);
  });

  test("may be called again", () => {
    queue.putNowait(1);
    queue.shutdown(immediate);
    queue.shutdown(true);
    queue.shutdown();

    expect(queue.empty()).toBe(true);
  });
});

describe("shutdown()", () => {
  test("lets getters continue until the queue is empty", () => {
    queue.putNowait(1);
    queue.putNowait(2);
    queue.shutdown();
    const items = [queue.getNowait(), queue.get().next().value];

    expect(items).toEqual([1, 2]);
    expect(() => queue.getNowait()).toThrow(QueueShutDown);
    expect(() => queue.get().next()).toThrow(QueueShutDown);
  });

  test("keeps an item that a cancelled getter puts back", () => {
    const task = start("a", () => queue.get());
    loop.callLater(1, () => {
      queue.putNowait(1);
      queue.shutdown();
      task.cancel();
    });
    runDry(loop);

    expect([trace, queue.getNowait()]).toEqual([["a: CancelledError"], 1]);
  });

  test("does not end a join() that waits for unfinished items", () => {
    queue.putNowait(1);
    start("join", () => queue.join());
    loop.callLater(1, () => queue.shutdown());
    loop.callLater(2, () => {
      trace.push("2 ms");
      queue.getNowait();
      queue.taskDone();
    });
    runDry(loop);

    expect(trace).toEqual(["2 ms", "join: done"]);
  });
});

describe("shutdown(true)", () => {
  test("drops the remaining items, and counts them as done", () => {
    queue.putNowait(1);
    queue.putNowait(2);
    start("join", () => queue.join());
    loop.callLater(1, () => {
      queue.shutdown(true);
      trace.push(`${queue.qsize()} left`);
    });
    runDry(loop);

    expect(trace).toEqual(["0 left", "join: done"]);
    expect(() => queue.taskDone()).toThrow(RangeError);
  });

  test("does not end a join() that waits for items taken before the shutdown", () => {
    queue.putNowait(1);
    queue.putNowait(2);
    queue.getNowait();
    start("join", () => queue.join());
    loop.callLater(1, () => queue.shutdown(true));
    loop.callLater(2, () => {
      trace.push("2 ms");
      queue.taskDone();
    });
    runDry(loop);

    expect(trace).toEqual(["2 ms", "join: done"]);
  });

  test("does not count an item as done again if taskDone() was called before the item was taken", () => {
    queue.putNowait(1);
    queue.taskDone();
    queue.shutdown(true);

    expect(() => queue.taskDone()).toThrow(RangeError);
  });

  test("drops an item that a cancelled getter puts back, and counts it as done", () => {
    const task = start("a", () => queue.get());
    loop.callLater(1, () => {
      queue.putNowait(1);
      start("join", () => queue.join());
      queue.shutdown(true);
      task.cancel();
    });
    runDry(loop);

    expect([trace, queue.qsize()]).toEqual([["a: CancelledError", "join: done"], 0]);
  });
});

test("getNowait throws QueueEmpty for an empty queue that is not shut down", () => {
  expect(() => queue.getNowait()).toThrow(QueueEmpty);
});
