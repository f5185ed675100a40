import { describe, expect } from "vitest";
import {
  allTasks,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  ensureFuture,
  Future,
  RuntimeError,
  sleep,
  Task,
  toPromise,
  wrapFuture,
} from "../../src/index.ts";
import { newVirtualLoop, runDry, runVirtually } from "../support/virtualLoop.ts";
import { loop, test } from "../support/virtualTest.ts";

describe("createTask", () => {
  test("starts a coroutine on the running loop", () => {
    const result = runVirtually(function* (): Coroutine<string> {
      const task = createTask(sleep(1, "result"), { name: "named" });
      return `${task.getName()}: ${yield* task}`;
    });

    expect(result).toBe("named: result");
  });

  test("calls a generator function, whether decorated or not", () => {
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

  test("throws a RuntimeError where no loop is running", () => {
    expect(() => createTask(sleep(1))).toThrow(RuntimeError);
  });
});

describe("ensureFuture", () => {
  test("returns futures and tasks unchanged", () => {
    const awaitables = [loop.createFuture(), loop.createTask(sleep(1))];

    expect(awaitables.map((aw) => ensureFuture(aw) === aw)).toEqual([true, true]);
  });

  test("makes a task from a coroutine or a function that returns one", () => {
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

  test("makes a future from a promise", async () => {
    const result = loop.runUntilComplete(ensureFuture(Promise.resolve("result"), { loop }));

    expect(await result).toBe("result");
  });

  test("uses the running loop by default", () => {
    const own = loop.runUntilCompleteSync(function* (): Coroutine<boolean> {
      yield;
      return ensureFuture(sleep(1)).getLoop() === loop;
    });

    expect(own).toBe(true);
    expect(() => ensureFuture(sleep(1))).toThrow(RuntimeError);
  });

  test("throws a RuntimeError for a closed loop", () => {
    loop.close();

    expect(() => ensureFuture(sleep(1), { loop })).toThrow(RuntimeError);
  });
});

describe.each([
  ["ensureFuture", ensureFuture],
  ["wrapFuture", wrapFuture],
  ["toPromise", toPromise],
] as const)("%s with the option `loop`", (_, convert) => {
  test("accepts a future of that loop, even while another loop is running", () => {
    const future = loop.createFuture<string>();
    future.setResult("result");
    const convertIt = () => void convert(future, { loop });

    convertIt();
    runVirtually(function* (): Coroutine<void> {
      convertIt();
    });
  });

  test("throws a RuntimeError for a future of another loop", () => {
    const other = newVirtualLoop();
    for (const future of [other.createFuture<string>(), other.createTask(sleep(1, "result"))]) {
      expect(() => convert(future, { loop })).toThrow(
        new RuntimeError("The future belongs to another loop"),
      );
    }
    other.close();
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

  test("does not affect the promise when it is cancelled, and ignores the promise's outcome", async () => {
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

  test("returns a future unchanged", () => {
    const future = new Future({ loop });

    expect(wrapFuture(future)).toBe(future);
  });
});

describe("currentTask", () => {
  test("returns the task whose step runs", () => {
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

  test("returns undefined in every kind of callback of the loop", () => {
    const seen: unknown[] = ["nothing"];
    loop.callSoon(() => seen.push(currentTask()));
    loop.createFuture<void>().addDoneCallback(() => {});
    runDry(loop);
    seen.push(currentTask(loop));

    expect(seen).toEqual(["nothing", undefined, undefined]);
  });

  test("returns undefined in a done callback of a task", () => {
    const seen: unknown[] = [];
    loop.createTask(sleep(1)).addDoneCallback(() => seen.push(currentTask()));
    runDry(loop);

    expect(seen).toEqual([undefined]);
  });

  test("returns undefined in the exception handler", () => {
    const seen: unknown[] = [];
    loop.setExceptionHandler(() => seen.push(currentTask()));
    loop.callSoon(() => {
      throw "failure";
    });
    runDry(loop);

    expect(seen).toEqual([undefined]);
  });

  test("returns the inner loop's task while a loop runs inside a task of another loop", () => {
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

  test("throws a RuntimeError where no loop runs and none is passed", () => {
    expect(() => currentTask()).toThrow(RuntimeError);
  });
});

describe("allTasks", () => {
  test("returns the unfinished tasks of a loop", () => {
    const [waiting, short] = [loop.createTask(sleep(10)), loop.createTask(sleep(1))];
    newVirtualLoop().createTask(sleep(1));
    loop.callSoon(() => {});
    const before = allTasks(loop);
    loop.callLater(5, () => loop.stop());
    loop.runForeverSync();

    expect(before).toEqual(new Set([waiting, short]));
    expect(allTasks(loop)).toEqual(new Set([waiting]));
  });

  test("includes the current task", () => {
    const count = runVirtually(function* (): Coroutine<number> {
      yield;
      return allTasks().has(currentTask() as Task<unknown>) ? allTasks().size : 0;
    });

    expect(count).toBe(1);
  });

  test("throws a RuntimeError where no loop runs and none is passed", () => {
    expect(() => allTasks()).toThrow(RuntimeError);
  });
});
