import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { RuntimeError } from "../../src/loop/errors.ts";
import {
  allTasks,
  createTask,
  currentTask,
  ensureFuture,
  wrapFuture,
} from "../../src/tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../../src/tasks/coroutine.ts";
import { Future } from "../../src/tasks/future.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { Task } from "../../src/tasks/task.ts";
import { newVirtualLoop, runDry, runVirtually } from "../support/virtualLoop.ts";

let loop: EventLoop;

beforeEach(() => {
  loop = newVirtualLoop();
});

describe("createTask", () => {
  test("starts a coroutine on the running loop", () => {
    const result = runVirtually(function* (): Coroutine<string> {
      const task = createTask(sleep(1, "result"), { name: "named" });
      return `${task.getName()}: ${yield* task}`;
    });

    expect(result).toBe("named: result");
  });

  test("calls a generator function, decorated or not", () => {
    const result = runVirtually(function* (): Coroutine<string> {
      const tasks = [
        createTask(function* () {
          return "a";
        }),
        createTask(
          coroutine(function* () {
            return "b";
          }),
        ),
        createTask(() => sleep(1, "c")),
      ];
      let letters = "";
      for (const task of tasks) letters += yield* task;
      return letters;
    });

    expect(result).toBe("abc");
  });

  test("is a RuntimeError where no loop runs", () => {
    expect(() => createTask(sleep(1))).toThrow(RuntimeError);
  });
});

describe("ensureFuture", () => {
  test("gives futures and tasks as they are", () => {
    const awaitables = [loop.createFuture(), loop.createTask(sleep(1))];

    expect(awaitables.map((aw) => ensureFuture(aw) === aw)).toEqual([true, true]);
  });

  test("makes a task of a coroutine and of a generator function", () => {
    const made = [
      ensureFuture(sleep(1, "a"), { loop }),
      ensureFuture(() => sleep(1, "b"), { loop }),
    ];
    runDry(loop);

    expect(made.map((future) => [future instanceof Task, future.result()])).toEqual([
      [true, "a"],
      [true, "b"],
    ]);
  });

  test("makes a future of a promise", async () => {
    const result = loop.runUntilComplete(ensureFuture(Promise.resolve("result"), { loop }));

    expect(await result).toBe("result");
  });

  test("uses the running loop if none is named", () => {
    const own = loop.runUntilCompleteSync(function* (): Coroutine<boolean> {
      yield;
      return ensureFuture(sleep(1)).getLoop() === loop;
    });

    expect(own).toBe(true);
    expect(() => ensureFuture(sleep(1))).toThrow(RuntimeError);
  });

  test("is a RuntimeError for a closed loop", () => {
    loop.close();

    expect(() => ensureFuture(sleep(1), { loop })).toThrow(RuntimeError);
  });
});

describe("wrapFuture", () => {
  test("settles as the promise does", async () => {
    const failure = new Error("failure");
    const good = wrapFuture(Promise.resolve("result"), { loop });
    const bad = wrapFuture(Promise.reject(failure), { loop });

    expect(await good).toBe("result");
    await expect(bad).rejects.toBe(failure);
  });

  test("leaves the promise alone when it is cancelled, and ignores its outcome", async () => {
    let reject: (reason: unknown) => void = () => {};
    const promise = new Promise((_, rejectIt) => {
      reject = rejectIt;
    });
    const future = wrapFuture(promise, { loop });
    future.cancel();
    reject(new Error("too late"));
    await promise.catch(() => {});

    expect(future.cancelled()).toBe(true);
  });

  test("gives a future as it is", () => {
    const future = new Future({ loop });

    expect(wrapFuture(future)).toBe(future);
  });
});

describe("currentTask", () => {
  test("is the task whose step runs", () => {
    const seen: boolean[] = [];
    const tasks = [1, 2].map((turns): Task<void> => {
      const task: Task<void> = loop.createTask(function* (): Coroutine<void> {
        for (let turn = 0; turn < turns; turn++) {
          seen.push(currentTask() === task, currentTask(loop) === task);
          yield* sleep(1);
        }
      });
      return task;
    });
    runDry(loop);

    expect([seen, tasks.length]).toEqual([Array(6).fill(true), 2]);
  });

  test("is undefined in a callback, and in none of the loop's", () => {
    const seen: unknown[] = ["nothing"];
    loop.callSoon(() => seen.push(currentTask()));
    loop.createFuture<void>().addDoneCallback(() => {});
    runDry(loop);
    seen.push(currentTask(loop));

    expect(seen).toEqual(["nothing", undefined, undefined]);
  });

  test("is undefined in a done callback of a task", () => {
    const seen: unknown[] = [];
    loop.createTask(sleep(1)).addDoneCallback(() => seen.push(currentTask()));
    runDry(loop);

    expect(seen).toEqual([undefined]);
  });

  test("is undefined in the exception handler", () => {
    const seen: unknown[] = [];
    loop.setExceptionHandler(() => seen.push(currentTask()));
    loop.callSoon(() => {
      throw "failure";
    });
    runDry(loop);

    expect(seen).toEqual([undefined]);
  });

  test("is that of the inner loop while a loop runs in a task of another one", () => {
    const inner = newVirtualLoop();
    const seen: boolean[] = [];
    const outer: Task<void> = loop.createTask(function* (): Coroutine<void> {
      const task: Task<void> = inner.createTask(function* (): Coroutine<void> {
        seen.push(currentTask() === task, currentTask(loop) === outer);
      });
      runDry(inner);
      seen.push(currentTask() === outer);
      yield;
      seen.push(currentTask() === outer);
    });
    runDry(loop);

    expect(seen).toEqual([true, true, true, true]);
  });

  test("is a RuntimeError where no loop runs and none is named", () => {
    expect(() => currentTask()).toThrow(RuntimeError);
  });
});

describe("allTasks", () => {
  test("are the tasks of a loop that are not done", () => {
    const [waiting, short] = [loop.createTask(sleep(10)), loop.createTask(sleep(1))];
    newVirtualLoop().createTask(sleep(1));
    loop.callSoon(() => {});
    const before = allTasks(loop);
    loop.callLater(5, () => loop.stop());
    loop.runForeverSync();

    expect(before).toEqual(new Set([waiting, short]));
    expect(allTasks(loop)).toEqual(new Set([waiting]));
  });

  test("include the current one", () => {
    const count = runVirtually(function* (): Coroutine<number> {
      yield;
      return allTasks().has(currentTask() as Task<unknown>) ? allTasks().size : 0;
    });

    expect(count).toBe(1);
  });

  test("are a RuntimeError where no loop runs and none is named", () => {
    expect(() => allTasks()).toThrow(RuntimeError);
  });
});
