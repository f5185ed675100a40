import { beforeEach, describe, expect, test } from "vitest";
import { type EventLoop, newEventLoop } from "../src/eventLoop.ts";
import { DeadlockError, RuntimeError } from "../src/loop/errors.ts";
import type { Coroutine } from "../src/tasks/coroutine.ts";
import { sleep } from "../src/tasks/sleep.ts";
import { newVirtualLoop, runDry } from "./support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

function push(letter: string): void {
  trace.push(letter);
}

describe("stop", () => {
  test("ends the run after the turn, whose rest still runs", () => {
    loop.callSoon(push, "a");
    loop.callSoon(() => loop.stop());
    loop.callSoon(push, "b");
    loop.callLater(1, push, "x");
    loop.runForeverSync();

    expect(trace.join("")).toBe("ab");
  });

  test("lets the loop run again, and go on where it stopped", () => {
    loop.callSoon(() => {
      loop.stop();
      loop.callSoon(push, "b");
    });
    loop.runForeverSync();
    push("|");
    runDry(loop);

    expect(trace.join("")).toBe("|b");
  });

  test("before a run ends that run after its first turn", () => {
    loop.callSoon(() => loop.callSoon(push, "b"));
    loop.callSoon(push, "a");
    loop.stop();
    loop.runForeverSync();
    push("|");
    runDry(loop);

    expect(trace.join("")).toBe("a|b");
  });

  test("ends one run only, however often it is called", () => {
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

  test("cannot begin while the loop runs", async () => {
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

  test("that blocks its thread ends with a DeadlockError when nothing can happen any more", () => {
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

  test("stops for a future that somebody completes", async () => {
    const future = loop.createFuture<string>();
    loop.callLater(3, () => future.setResult("done"));

    await expect(loop.runUntilComplete(future)).resolves.toBe("done");
  });

  test("stops for a future that is done already", async () => {
    const future = loop.createFuture<string>();
    future.setResult("done");

    await expect(loop.runUntilComplete(future)).resolves.toBe("done");
  });

  test("waits for a promise from outside", async () => {
    await expect(loop.runUntilComplete(Promise.resolve("done"))).resolves.toBe("done");
  });

  test("rejects with a RuntimeError if it is stopped before", async () => {
    loop.callLater(1, () => loop.stop());

    await expect(loop.runUntilComplete(sleep(2))).rejects.toThrow(RuntimeError);
  });

  test("leaves a later run alone if it was stopped before", () => {
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

  test("gives the result at once where it may block", () => {
    expect(loop.runUntilCompleteSync(sleep(1e9, "done"))).toBe("done");
  });
});

test("a task factory makes the tasks of its loop, until it is taken back", () => {
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

test("setDebug turns the debug mode on and off", () => {
  const modes = [newEventLoop({ debug: true }).getDebug(), loop.getDebug()];
  loop.setDebug(true);

  expect([...modes, loop.getDebug()]).toEqual([true, false, true]);
});
