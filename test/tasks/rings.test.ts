// Tasks that wait for each other through races and groups: cancelling one ends all of them.

import { describe, expect } from "vitest";
import {
  type Coroutine,
  createTask,
  currentTask,
  gather,
  race,
  sleep,
  type Task,
  taskGroup,
} from "../../src/index.ts";
import { newVirtualLoop, runDry } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

describe("a cycle of waits through a race", () => {
  test("ends with the race's result if a loser awaits the racing task", () => {
    const racing: Task<string> = loop.createTask(function* () {
      return yield* race([waiting, sleep(10, "result")]);
    });
    const waiting: Task<string> = loop.createTask(function* () {
      return yield* racing;
    });
    runDry(loop);
    expect([racing.result(), racing.cancelling(), waiting.cancelled()]).toEqual([
      "result",
      0,
      true,
    ]);
  });

  test("ends if a loser is a gather of the racing task", () => {
    const racing: Task<unknown> = loop.createTask(function* () {
      return yield* race([gather([racing]), sleep(10, "result")]);
    });
    runDry(loop);
    expect([racing.result(), racing.cancelling()]).toEqual(["result", 0]);
  });

  test.each([2, 3, 1000])(
    "ends when one of %i tasks that race each other is cancelled",
    (count) => {
      const tasks: Task<void>[] = [];
      for (let i = 0; i < count; i++) {
        const next = (i + 1) % count;
        const task = loop.createTask(function* () {
          yield* race([tasks[next] as Task<void>, sleep(1000)]);
        });
        tasks.push(task);
      }
      loop.callLater(10, () => tasks[0]?.cancel());
      runDry(loop);
      expect(tasks.every((task) => task.done())).toBe(true);
      expect(loop.time()).toBeLessThan(1000);
    },
  );

  test("waits for the cleanup of a loser that can end without the racing task", () => {
    let isOut = false;
    const racing: Task<string> = loop.createTask(function* () {
      const loser = createTask(function* (): Coroutine<string> {
        try {
          return yield* sleep(1000, "late");
        } finally {
          yield* race([sleep(20), createTask(() => sleep(30))]);
          isOut = true;
        }
      });
      const result = yield* race([loser, sleep(10, "result")]);
      expect(isOut).toBe(true);
      return result;
    });
    runDry(loop);
    expect(racing.result()).toBe("result");
  });
});

describe("a cycle of waits through a task group", () => {
  test("ends if a child awaits the parent", () => {
    let child: Task<void> | undefined;
    const parent: Task<void> = loop.createTask(() =>
      taskGroup(function* (group) {
        child = group.createTask(function* () {
          yield* parent;
        });
        yield* sleep(1);
      }),
    );
    loop.callLater(10, () => parent.cancel("enough"));
    runDry(loop);
    expect([parent.cancelled(), parent.cancelling(), child?.cancelled()]).toEqual([true, 1, true]);
  });

  test("does not turn group.cancel() into a cancellation of the parent from outside", () => {
    const parent: Task<void> = loop.createTask(() =>
      taskGroup(function* (group) {
        group.createTask(function* () {
          yield* parent;
        });
        yield* sleep(1);
        group.cancel();
        yield* sleep(10);
      }),
    );
    runDry(loop);
    expect([parent.cancelled(), parent.cancelling()]).toEqual([false, 0]);
  });
});

test.each([true, false])(
  "a group's task counts two cancellations if the group and a task that awaits it request one each (awaited task created first: %s)",
  (isFirst) => {
    let counted = 0;
    let waiting: Task<void> | undefined;
    const inner = loop.createTask(() => sleep(1000));
    loop.createTask(() =>
      taskGroup(function* (group) {
        const start = (): void => {
          waiting = group.createTask(function* () {
            try {
              yield* inner;
            } finally {
              counted = currentTask()?.cancelling() ?? 0;
            }
          });
        };
        if (isFirst) start();
        group.createTask(function* () {
          yield;
          yield* waiting as Task<void>;
        });
        if (!isFirst) start();
        yield* sleep(5);
        group.cancel();
      }),
    );
    runDry(loop);
    expect(counted).toBe(2);
  },
);

describe("a loser's signal", () => {
  test("aborts within the call of the racing task's cancel()", () => {
    const trace: string[] = [];
    const task = loop.createTask(() =>
      race([
        function* () {
          currentTask()?.signal.addEventListener("abort", () => trace.push("aborted"));
          yield* race([sleep(1000), sleep(2000)]);
        },
        sleep(3000),
      ]),
    );
    loop.callLater(10, () => {
      task.cancel();
      trace.push("cancelled");
    });
    runDry(loop);
    expect(trace).toEqual(["aborted", "cancelled"]);
  });

  test("may have a listener that runs another loop in which races are cancelled", () => {
    const other = newVirtualLoop();
    let inner: Task<unknown> | undefined;
    const task = loop.createTask(() =>
      race([
        function* () {
          currentTask()?.signal.addEventListener("abort", () => {
            inner = other.createTask(function* () {
              yield* race([createTask(() => sleep(1000)), sleep(2000)]);
            });
            other.callLater(10, () => inner?.cancel());
            runDry(other);
          });
          yield* sleep(1000);
        },
        sleep(3000),
      ]),
    );
    loop.callLater(10, () => task.cancel());
    runDry(loop);
    expect([task.cancelled(), inner?.cancelled(), other.time()]).toEqual([true, true, 10]);
  });
});
