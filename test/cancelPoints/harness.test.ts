// The harness finds the bugs it is meant to find. Each scenario here is broken in one way.

import { describe, expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  createTask,
  Future,
  sleep,
  type Task,
} from "../../src/index.ts";
import { currentScheduler } from "../../src/loop/current.ts";
import { cancelEverywhere, replay, type Scene } from "../support/cancelPoints.ts";

/** A lock that hands over to the next waiter, and does not check that the hand-over succeeded. */
class ForgetfulLock {
  #isHeld = false;
  #waiting: Future<void>[] = [];

  *acquire(): Coroutine<void> {
    if (!this.#isHeld) {
      this.#isHeld = true;
      return;
    }
    const future = new Future<void>({ loop: currentScheduler("A lock") });
    this.#waiting.push(future);
    yield* future;
  }

  release(): void {
    this.#waiting = this.#waiting.filter((future) => !future.done());
    const next = this.#waiting.shift();
    if (next === undefined) this.#isHeld = false;
    else next.setResult();
  }
}

function contenders(stage: Parameters<Scene>[0]): void {
  const lock = new ForgetfulLock();
  for (const name of ["a", "b", "c"]) {
    stage.spawn(name, function* () {
      yield* lock.acquire();
      try {
        yield* sleep(1);
      } finally {
        lock.release();
      }
    });
  }
}

/** The harness's message about a scenario, without the error's class. */
async function verdict(scene: Scene, cancels = 1): Promise<string> {
  try {
    return `fine after ${await cancelEverywhere(scene, { cancels })} runs`;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the harness", () => {
  test("finds a lock that loses its hand-over", async () => {
    expect(await verdict(contenders)).toMatch(/^After cancelling b@\d+: c waits forever$/);
  });

  test("repeats a failure when given its plan", async () => {
    const [, plan] = /cancelling (.*?):/.exec(await verdict(contenders)) ?? [];

    await expect(replay(contenders, plan!)).rejects.toThrow(`After cancelling ${plan}: c waits`);
    await expect(replay(contenders, "~a@1")).resolves.toBeUndefined();
  });

  test("finds a leftover timer", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      stage.spawn("a", function* () {
        const { loop } = stage;
        const timer = loop.callLater(Infinity, () => undefined);
        yield* sleep(1);
        timer.cancel();
      });
    }

    expect(await verdict(scene)).toMatch(/^After cancelling a@\d: 1 slots are still taken$/);
  });

  test("finds a leftover timer, even if it fires before the end", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      stage.spawn("a", function* () {
        const { loop } = stage;
        const timer = loop.callLater(5, () => undefined);
        yield* sleep(1);
        timer.cancel();
      });
    }

    expect(await verdict(scene)).toMatch(/^After cancelling a@\d: 1 timers were left behind$/);
  });

  test("finds a lost cancellation", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      stage.spawn("a", function* () {
        try {
          yield* sleep(1);
        } catch {}
      });
    }

    expect(await verdict(scene)).toMatch(/^After cancelling a@\d: a lost its cancellation$/);
  });

  test("finds a superfluous call of uncancel()", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      const task: Task<void> = stage.spawn("a", function* () {
        try {
          yield* sleep(1);
        } finally {
          task.uncancel();
        }
      });
    }

    expect(await verdict(scene)).toMatch(
      /^After cancelling a@\d: a was cancelled 1 times, but counts 0$/,
    );
  });

  test("finds a cancellation that reaches the wrong task", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      const shared = stage.loop.createFuture<void>();
      stage.loop.callLater(1, () => shared.done() || shared.setResult());
      for (const name of ["a", "b"]) {
        stage.spawn(name, function* () {
          yield* shared;
        });
      }
    }

    expect(await verdict(scene)).toMatch(
      /^After cancelling a@\d: b ended cancelled, but nothing cancelled it$/,
    );
  });

  test("finds an error that nobody retrieves", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      stage.spawn("a", function* () {
        const child = createTask(failing);
        yield* sleep(2);
        child.exception();
      });
    }
    function* failing(): Coroutine<never> {
      yield* sleep(1);
      throw new Error("of the child");
    }

    expect(await verdict(scene)).toMatch(/^After cancelling a@\d: A report was made: Task/);
  });

  test("finds a bug that needs a second cancellation, during the cleanup after the first", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      let isClean = true;
      stage.spawn("a", function* () {
        try {
          isClean = false;
          yield* sleep(1);
          isClean = true;
        } catch (error) {
          yield* sleep(1);
          isClean = true;
          throw error;
        }
      });
      stage.check(() => expect(isClean, "clean").toBe(true));
    }

    expect(await verdict(scene)).toMatch(/^fine after \d+ runs$/);
    expect(await verdict(scene, 2)).toMatch(/^After cancelling a@\d a@\d: clean/);
  });

  test("finds a wait that never ends, even without a cancellation", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      stage.spawn("a", () => sleep(Infinity));
    }

    expect(await verdict(scene)).toBe("After cancelling nobody: a waits forever");
  });

  test("rejects a scenario in which nothing can be cancelled", async () => {
    expect(await verdict(() => undefined)).toMatch(/^No task could be cancelled/);
  });

  test("rejects a scenario that differs from run to run", async () => {
    let runs = 0;
    function scene(stage: Parameters<Scene>[0]): void {
      if (runs++ === 0) stage.spawn("a", () => sleep(1));
    }

    expect(await verdict(scene)).toMatch(/differs from run to run/);
  });

  test("cancels before the first step, between any two steps, and inside the last step", async () => {
    const trace = new Set<string>();
    function scene(stage: Parameters<Scene>[0]): void {
      let place = "before";
      const task = stage.spawn("a", function* () {
        try {
          place = "first";
          yield* sleep(1);
          place = "second";
          yield;
          place = "third";
          stage.point();
        } catch (error) {
          if (error instanceof CancelledError) trace.add(`thrown in ${place}`);
          throw error;
        }
      });
      stage.check(() => trace.add(`${task.cancelled() ? "cancelled" : "done"} in ${place}`));
    }
    await cancelEverywhere(scene, { cancels: 1 });

    expect([...trace].sort()).toEqual([
      "cancelled in before",
      "cancelled in first",
      "cancelled in second",
      "cancelled in third",
      "done in third",
      "thrown in first",
      "thrown in second",
    ]);
  });
});
