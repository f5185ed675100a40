import { describe, expect } from "vitest";
import { type Coroutine, DeadlockError, newEventLoop, RuntimeError, sleep } from "../src/index.ts";
import { newVirtualLoop, runDry } from "./support/virtualLoop.ts";
import { loop, test, trace } from "./support/virtualTest.ts";

function push(letter: string): void {
  trace.push(letter);
}

describe("stop", () => {
  test("ends the run after the turn, whose remaining callbacks still run", () => {
    loop.callSoon(push, "a");
    loop.callSoon(() => loop.stop());
    loop.callSoon(push, "b");
    loop.callLater(1, push, "x");
    loop.runForeverSync();

    expect(trace.join("")).toBe("ab");
  });

  test("lets the loop run again and continue where it stopped", () => {
    loop.callSoon(() => {
      loop.stop();
      loop.callSoon(push, "b");
    });
    loop.runForeverSync();
    push("|");
    runDry(loop);

    expect(trace.join("")).toBe("|b");
  });

  test("ends the next run after its first turn if the loop isn't running", () => {
    loop.callSoon(() => loop.callSoon(push, "b"));
    loop.callSoon(push, "a");
    loop.stop();
    loop.runForeverSync();
    push("|");
    runDry(loop);

    expect(trace.join("")).toBe("a|b");
  });

  test("ends only one run, however often it is called", () => {
    loop.callSoon(() => {
      loop.stop();
      loop.stop();
    });
    loop.runForeverSync();
    loop.callSoon(() => loop.callSoon(push, "a"));
    runDry(loop);

    expect(trace).toEqual(["a"]);
  });
});

describe("a run", () => {
  test("is visible in isRunning()", async () => {
    const states = [loop.isRunning()];
    loop.callSoon(() => {
      states.push(loop.isRunning());
      loop.stop();
    });
    const run = loop.runForever();
    states.push(loop.isRunning());
    await run;
    states.push(loop.isRunning());

    expect(states).toEqual([false, true, true, false]);
  });

  test("cannot start while the loop runs", async () => {
    loop.callSoon(() => {
      expect(() => loop.runForeverSync()).toThrow(RuntimeError);
      expect(() => loop.close()).toThrow(RuntimeError);
      push("refused");
      loop.stop();
    });
    const run = loop.runForever();
    await Promise.all([
      expect(async () => loop.runForever()).rejects.toThrow(RuntimeError),
      expect(async () => loop.runUntilComplete(sleep(1))).rejects.toThrow(RuntimeError),
    ]);
    await run;

    expect(trace).toEqual(["refused"]);
  });

  test("that blocks its thread ends with a DeadlockError when nothing is ready or pending", () => {
    loop.callSoon(push, "a");

    expect(() => loop.runForeverSync()).toThrow(DeadlockError);
    expect([trace, loop.isRunning()]).toEqual([["a"], false]);
  });
});

describe("runUntilComplete", () => {
  test("resolves with the result of a coroutine", async () => {
    const result = loop.runUntilComplete(sleep(5, "done"));

    expect([await result, loop.time()]).toEqual(["done", 5]);
  });

  test("rejects with the exception of a coroutine", async () => {
    const failure = new Error("failure");
    const result = loop.runUntilComplete(function* (): Coroutine<void> {
      yield* sleep(1);
      throw failure;
    });

    await expect(result).rejects.toBe(failure);
  });

  test("resolves when a callback completes its future", async () => {
    const future = loop.createFuture<string>();
    loop.callLater(3, () => future.setResult("done"));

    await expect(loop.runUntilComplete(future)).resolves.toBe("done");
  });

  test("resolves for a future that is already done", async () => {
    const future = loop.createFuture<string>();
    future.setResult("done");

    await expect(loop.runUntilComplete(future)).resolves.toBe("done");
  });

  test("waits for a promise that code outside the loop resolves", async () => {
    await expect(loop.runUntilComplete(Promise.resolve("done"))).resolves.toBe("done");
  });

  test("rejects with a RuntimeError if the loop is stopped first", async () => {
    loop.callLater(1, () => loop.stop());

    await expect(loop.runUntilComplete(sleep(2))).rejects.toThrow(RuntimeError);
  });

  test("leaves later runs alone if its future completes after an early stop", () => {
    const future = loop.createFuture<void>();
    loop.callSoon(() => loop.stop());
    expect(() => loop.runUntilCompleteSync(future)).toThrow(RuntimeError);
    loop.callLater(1, () => future.setResult());
    loop.callLater(2, push, "goes on");
    runDry(loop);

    expect(trace).toEqual(["goes on"]);
  });

  test("rejects a future of another loop", async () => {
    const foreign = newVirtualLoop().createFuture();

    await expect(loop.runUntilComplete(foreign)).rejects.toThrow(RuntimeError);
    expect(loop.isRunning()).toBe(false);
  });

  test("has a variant that blocks the thread and returns the result", () => {
    expect(loop.runUntilCompleteSync(sleep(1e9, "done"))).toBe("done");
  });
});

test("a task factory creates its loop's tasks until it is removed", () => {
  const made: string[] = [];
  const plain = loop.getTaskFactory();
  const factory: NonNullable<typeof plain> = (given, body, options) => {
    made.push(options.name ?? "unnamed");
    given.setTaskFactory(null);
    const task = given.createTask(body, options);
    given.setTaskFactory(factory);
    return task;
  };
  loop.setTaskFactory(factory);
  const task = loop.createTask(() => sleep(1, "result"), { name: "first" });
  const set = loop.getTaskFactory();
  loop.setTaskFactory(undefined);
  loop.createTask(sleep(1), { name: "second" });
  runDry(loop);

  expect([made, task.result(), plain, set === factory, loop.getTaskFactory()]).toEqual([
    ["first"],
    "result",
    undefined,
    true,
    undefined,
  ]);
});

test("setDebug turns debug mode on and off", () => {
  const modes = [newEventLoop({ debug: true }).getDebug(), loop.getDebug()];
  loop.setDebug(true);

  expect([...modes, loop.getDebug()]).toEqual([true, false, true]);
});
