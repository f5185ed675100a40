import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { QueueEmpty, QueueShutDown } from "../../src/sync/errors.ts";
import { Queue } from "../../src/sync/queue.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import type { Task } from "../../src/tasks/task.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];
let queue: Queue<number>;

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
  queue = new Queue(2);
});

/** Leaves a word for how it ends. */
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
  test("keeps anything more from being put", () => {
    queue.shutdown(immediate);

    expect(() => queue.putNowait(1)).toThrow(QueueShutDown);
    expect(() => queue.put(1).next()).toThrow(QueueShutDown);
    expect(queue.qsize()).toBe(0);
  });

  test("fails getters, those who wait and those who come to an empty queue", () => {
    for (const name of "ab") start(name, () => queue.get());
    loop.callLater(1, () => {
      queue.shutdown(immediate);
      start("c", () => queue.get());
    });
    runDry(loop);

    expect(trace).toEqual(["a: QueueShutDown", "b: QueueShutDown", "c: QueueShutDown"]);
    expect(() => queue.getNowait()).toThrow(QueueShutDown);
  });

  test("fails putters that wait, whose items never enter", () => {
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

  test("leaves in an item that was accepted in the same turn, as any other", () => {
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

  test("may be repeated", () => {
    queue.putNowait(1);
    queue.shutdown(immediate);
    queue.shutdown(true);
    queue.shutdown();

    expect(queue.empty()).toBe(true);
  });
});

describe("shutdown()", () => {
  test("lets getters go on until the queue is empty", () => {
    queue.putNowait(1);
    queue.putNowait(2);
    queue.shutdown();
    const items = [queue.getNowait(), queue.get().next().value];

    expect(items).toEqual([1, 2]);
    expect(() => queue.getNowait()).toThrow(QueueShutDown);
    expect(() => queue.get().next()).toThrow(QueueShutDown);
  });

  test("keeps an item that comes back from a cancelled getter", () => {
    const task = start("a", () => queue.get());
    loop.callLater(1, () => {
      queue.putNowait(1);
      queue.shutdown();
      task.cancel();
    });
    runDry(loop);

    expect([trace, queue.getNowait()]).toEqual([["a: CancelledError"], 1]);
  });

  test("leaves join() to wait for what is not done", () => {
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
  test("drops what is left, and counts it as done", () => {
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

  test("leaves join() to wait for items that were got before", () => {
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

  test("counts no item as done that was marked before it was got", () => {
    queue.putNowait(1);
    queue.taskDone();
    queue.shutdown(true);

    expect(() => queue.taskDone()).toThrow(RangeError);
  });

  test("drops an item that comes back from a cancelled getter, and counts it as done", () => {
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

test("a queue that is empty and not shut down is QueueEmpty", () => {
  expect(() => queue.getNowait()).toThrow(QueueEmpty);
});
