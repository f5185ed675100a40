import { describe, expect, test } from "vitest";
import { type Coroutine, createTask, forEach, gather, Queue, sleep } from "../../src/index.ts";
import { explore } from "../../src/testing.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

const FAILURE = new Error("failure");

function closable(trace: string[]): Iterable<number> {
  return {
    *[Symbol.iterator]() {
      try {
        for (let n = 1; ; n++) yield n;
      } finally {
        trace.push("closed");
      }
    },
  };
}

describe("forEach", () => {
  test("awaits the body of each item before it takes the next", () => {
    const trace: string[] = [];
    runVirtually(
      forEach(["a", "b", "c"], function* (item, index) {
        trace.push(`${item} begins`);
        yield* sleep(3 - index);
        trace.push(`${item} ends`);
      }),
    );

    expect(trace.join(", ")).toBe("a begins, a ends, b begins, b ends, c begins, c ends");
  });

  test("reads a queue until it is shut down, and leaves untaken items in it", () => {
    const queue = new Queue<number>();
    const got: number[] = [];
    runVirtually(function* () {
      createTask(function* () {
        for (const item of [1, 2, 3]) yield* queue.put(item);
        yield* sleep(10);
        queue.shutdown();
      });
      yield* forEach(queue, function* (item) {
        got.push(item);
      });
      const other = new Queue<number>();
      for (const item of [4, 5]) other.putNowait(item);
      const task = createTask(forEach(other, () => sleep(Infinity)));
      yield* sleep(1);
      task.cancel();
      yield;
      yield;
      got.push(other.qsize());
    });

    expect(got).toEqual([1, 2, 3, 1]);
  });

  test.each<[string, () => Coroutine<unknown>]>([
    [
      "an error",
      () => {
        throw FAILURE;
      },
    ],
    ["a cancellation", () => sleep(Infinity)],
  ])("closes the source after %s", (_, body) => {
    const trace: string[] = [];
    runVirtually(function* () {
      const task = createTask(forEach(closable(trace), body));
      yield* sleep(1);
      task.cancel();
      try {
        yield* task;
      } catch {
        trace.push("left");
      }
    });

    expect(trace).toEqual(["closed", "left"]);
  });

  test("lets other tasks run between items that are available immediately", () => {
    let count = 0;
    const main = function* (): Coroutine<void> {
      const task = createTask(
        forEach(closable([]), function* () {
          count++;
        }),
      );
      yield* sleep(0);
      task.cancel();
    };
    runVirtually(main);

    expect(count).toBeGreaterThan(0);
  });

  test("takes each item once and closes its source, in every order of steps, with a cancellation at any point", async () => {
    const main = function* (): Coroutine<void> {
      const queue = new Queue<number>();
      const taken: number[] = [];
      const trace: string[] = [];
      const read = (name: string) =>
        createTask(
          forEach(queue, function* (item) {
            taken.push(item);
            yield;
          }),
          { name },
        );
      const readers = [read("victim"), read("b")];
      const lister = createTask(
        forEach(closable(trace), function* (n) {
          yield;
          if (n === 3) throw FAILURE;
        }),
        { name: "victim" },
      );
      for (let n = 1; n <= 4; n++) {
        queue.putNowait(n);
        yield;
      }
      queue.shutdown();
      yield* gather([...readers, lister], { returnExceptions: true });
      while (!queue.empty()) taken.push(queue.getNowait());
      expect(taken.sort()).toEqual([1, 2, 3, 4]);
      // A task that was cancelled before it began has opened nothing.
      if (!lister.cancelled() || trace.length > 0) expect(trace).toEqual(["closed"]);
    };

    await explore(main, { runs: 300, cancelPoints: "victim" });
  });

  test("rejects a value that cannot be iterated, and a body that is not a coroutine function", () => {
    expect(() => forEach(42 as never, () => sleep(1))).toThrow("Expected `source` to be");
    expect(() => forEach([], sleep(1) as never)).toThrow("Expected `body` to be a function");
    const main = forEach([1], (() => undefined) as never);
    expect(caught(() => runVirtually(main))).toBeInstanceOf(TypeError);
  });
});
