// Does the harness find what it is there to find? Each scenario here is broken in one way.

import { describe, expect, test } from "vitest";
import { CancelledError } from "../../src/loop/errors.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import { currentScheduler, Future } from "../../src/tasks/future.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import type { Task } from "../../src/tasks/task.ts";
import { cancelEverywhere, replay, type Scene } from "../support/cancelPoints.ts";

/** A lock that hands over to whoever waits, and does not look whether that got through. */
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

/** What the harness says about a scenario, without the error's class. */
async function verdict(scene: Scene, cancels = 1): Promise<string> {
  try {
    return `fine after ${await cancelEverywhere(scene, { cancels })} runs`;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the harness", () => {
  test("finds a lock that loses its hand-over", async () => {
    expect(await verdict(contenders)).toMatch(/^After cancelling b@\d+: c waits for ever$/);
  });

  test("runs a failure again by its plan", async () => {
    const [, plan] = /cancelling (.*?):/.exec(await verdict(contenders)) ?? [];

    await expect(replay(contenders, plan!)).rejects.toThrow(`After cancelling ${plan}: c waits`);
    await expect(replay(contenders, "~a@1")).resolves.toBeUndefined();
  });

  test("finds a timer that is left", async () => {
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

  test("finds a timer that is left, though it comes to its end by itself", async () => {
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

  test("finds a cancel that got lost", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      stage.spawn("a", function* () {
        try {
          yield* sleep(1);
        } catch {}
      });
    }

    expect(await verdict(scene)).toMatch(/^After cancelling a@\d: a lost its cancel$/);
  });

  test("finds a cancel that was counted back too often", async () => {
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

  test("finds a cancel that comes to somebody else", async () => {
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
      /^After cancelling a@\d: b was not cancelled, but ended so$/,
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

    expect(await verdict(scene)).toMatch(/^After cancelling a@\d: It was reported that: Task/);
  });

  test("finds what breaks only after a second cancel, while the first one is cleaned up", async () => {
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

  test("finds a wait that nothing ends, though nobody was cancelled", async () => {
    function scene(stage: Parameters<Scene>[0]): void {
      stage.spawn("a", () => sleep(Infinity));
    }

    expect(await verdict(scene)).toBe("After cancelling nobody: a waits for ever");
  });

  test("refuses a scenario in which nothing can be cancelled", async () => {
    expect(await verdict(() => undefined)).toMatch(/^No task could be cancelled/);
  });

  test("refuses a scenario that is another one each time", async () => {
    let runs = 0;
    function scene(stage: Parameters<Scene>[0]): void {
      if (runs++ === 0) stage.spawn("a", () => sleep(1));
    }

    expect(await verdict(scene)).toMatch(/is not the same each time/);
  });

  test("cancels before the first step, between any two, and inside of the last one", async () => {
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
