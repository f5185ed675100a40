// Cancelling a gather, or one of its children.

import { describe, expect } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  createTask,
  type Future,
  gather,
  sleep,
} from "../../src/index.ts";
import { collectReports } from "../support/reports.ts";
import { runDry, runVirtually } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

const leaveAfter = coroutine(function* (delay: number, letter: string): Coroutine<string> {
  yield* sleep(delay);
  trace.push(letter);
  return letter;
});

/** Runs `main` on the test's loop, so that its reports are seen. */
function onLoop<T>(main: () => Coroutine<T>): T {
  return loop.runUntilCompleteSync(main);
}

describe("a gather's child that something else cancels", () => {
  test("fails the gather, as an error would", () => {
    const outcome = onLoop(function* (): Coroutine<unknown[]> {
      const task = createTask(sleep(100));
      const gathering = gather([task, leaveAfter(5, "goes on")]);
      loop.callLater(1, () => task.cancel());
      let error: unknown;
      try {
        yield* gathering;
      } catch (thrown) {
        error = thrown;
      }
      yield* sleep(10);
      return [error instanceof CancelledError, gathering.cancelled(), trace];
    });

    expect(outcome).toEqual([true, false, ["goes on"]]);
  });
});

describe("cancelling a gather", () => {
  test("cancels all unfinished children", () => {
    const states = runVirtually(function* (): Coroutine<unknown[]> {
      const tasks = [createTask(sleep(1)), createTask(sleep(100)), createTask(sleep(100))];
      const gathering = gather(tasks);
      yield* sleep(5);
      const answer = gathering.cancel();
      yield* sleep(1);
      return [answer, gathering.cancelled(), tasks.map((task) => task.cancelled())];
    });

    expect(states).toEqual([true, true, [false, true, true]]);
  });

  test("happens when the task that awaits it is cancelled", () => {
    const states = runVirtually(function* (): Coroutine<boolean[]> {
      const children = [createTask(sleep(100)), createTask(sleep(100))];
      const parent = createTask(function* () {
        yield* gather(children);
      });
      yield* sleep(1);
      parent.cancel();
      yield* sleep(1);
      return [parent, ...children].map((task: Future<unknown>) => task.cancelled());
    });

    expect(states).toEqual([true, true, true]);
  });

  test.each([false, true])(
    "of plain futures ends it cancelled (returnExceptions: %s)",
    (returnExceptions) => {
      const reports = collectReports(loop);
      const futures = [loop.createFuture(), loop.createFuture()];
      const gathering = gather(futures, { returnExceptions });
      const answer = gathering.cancel();
      runDry(loop);
      loop.close();

      expect([answer, gathering.cancelled(), futures.map((future) => future.cancelled())]).toEqual([
        true,
        true,
        [true, true],
      ]);
      expect(reports).toEqual([]);
    },
  );

  test("throws even if returnExceptions is set", () => {
    const isCancelled = runVirtually(function* (): Coroutine<boolean> {
      const gathering = gather([sleep(100), sleep(100)], { returnExceptions: true });
      yield;
      gathering.cancel();
      try {
        yield* gathering;
      } catch (error) {
        return error instanceof CancelledError;
      }
      return false;
    });

    expect(isCancelled).toBe(true);
  });

  test("does nothing once it is done", () => {
    const gathering = onLoop(function* () {
      const future = gather([sleep(1, "a")]);
      yield* future;
      return [future.cancel(), future.cancelled(), future.result()];
    });

    expect(gathering).toEqual([false, false, ["a"]]);
  });
});
