// Several programs on one loop.

import { beforeEach, describe, expect, test } from "vitest";
import {
  CancelledError,
  Context,
  ContextVar,
  type Coroutine,
  createTask,
  EventLoop,
  newEventLoop,
  Runner,
  RuntimeError,
  run,
  sleep,
} from "../src/index.ts";
import { asyncDispose } from "../src/lang/dispose.ts";
import { VirtualClock } from "../src/testing.ts";

let trace: string[];
let runner: Runner;

beforeEach(() => {
  trace = [];
  runner = new Runner({ clock: new VirtualClock() });
});

function* background(): Coroutine<void> {
  try {
    yield* sleep(Infinity);
  } finally {
    trace.push("cleaned");
  }
}

describe("Runner", () => {
  test("runs one program after the other on the same loop", async () => {
    const loop = runner.getLoop();
    const results = [
      await runner.run(function* () {
        yield* sleep(10);
        return loop.time();
      }),
      await runner.run(function* () {
        yield* sleep(10);
        return loop.time();
      }),
      await runner.run(Promise.resolve("promise")),
    ];
    await runner.close();
    expect(results).toEqual([10, 20, "promise"]);
  });

  test("keeps unfinished tasks for the next run, and ends them when it is closed", async () => {
    await runner.run(function* () {
      createTask(background());
      yield;
    });
    await runner.run(function* () {
      trace.push("second");
      yield;
    });
    const loop = runner.getLoop();
    await runner.close();
    await runner.close();
    expect([trace, loop.isClosed()]).toEqual([["second", "cleaned"], true]);
  });

  test("keeps the context variables that one program sets for the next program", async () => {
    const name = new ContextVar<string>("name");
    await runner.run(function* () {
      name.set("first");
      yield;
    });
    const second = await runner.run(function* () {
      yield;
      return name.get();
    });
    const other = await runner.run(() => readLater(name), { context: new Context() });
    await runner.close();
    expect([second, other, name.get("outside")]).toEqual(["first", "none", "outside"]);
  });

  test("rejects with the error of main, and can run again", async () => {
    const failing = runner.run(() => {
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await expect(runner.run(() => sleep(1, "again"))).resolves.toBe("again");
    await runner.close();
  });

  test("is closed at the end of its block", async () => {
    const loop = runner.getLoop();
    await runner[asyncDispose]();
    expect(loop.isClosed()).toBe(true);
  });

  test("rejects a run while another one is in progress, and after the runner was closed", async () => {
    const first = runner.run(() => sleep(10));
    const others = await Promise.allSettled([runner.run(() => sleep(10)), runner.close()]);
    for (const { reason } of others as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(RuntimeError);
    }
    await first;
    await runner.close();
    await expect(runner.run(() => sleep(10))).rejects.toThrow("The runner is closed");
    expect(() => runner.getLoop()).toThrow("The runner is closed");
  });

  test("closes without ever having created a loop", async () => {
    let made = 0;
    const lazy = new Runner({
      loop: () => {
        made++;
        return newEventLoop();
      },
    });
    await lazy.close();
    expect(made).toBe(0);
  });

  test("checks its arguments before it starts anything", async () => {
    await expect(runner.run(42 as never)).rejects.toThrow("Expected `main` to be");
    await expect(runner.run(() => sleep(1), { context: 1 as never })).rejects.toThrow(TypeError);
    expect(() => new Runner(1 as never)).toThrow(TypeError);
    await expect(new Runner({ loop: {} as EventLoop }).run(() => sleep(1))).rejects.toThrow(
      TypeError,
    );
    await runner.close();
  });

  test("creates its loop in debug mode on request", () => {
    const loop = new Runner({ debug: true }).getLoop();
    expect([loop instanceof EventLoop, loop.getDebug()]).toEqual([true, true]);
    loop.close();
  });
});

test("run rejects invalid options", async () => {
  await expect(run(() => sleep(1), { handleSigint: "no" as never })).rejects.toThrow(TypeError);
});

test("run rejects with the CancelledError of a main that ends cancelled", async () => {
  const cancelling = runner.run(function* () {
    throw new CancelledError("mine");
  });
  await expect(cancelling).rejects.toThrow("mine");
  await runner.close();
});

function* readLater(name: ContextVar<string>): Coroutine<string> {
  yield;
  return name.get("none");
}
