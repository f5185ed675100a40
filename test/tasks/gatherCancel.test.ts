// A gather that is cancelled, or has a child that is.

import { beforeEach, describe, expect, test } from "vitest";
import type { EventLoop } from "../../src/eventLoop.ts";
import { CancelledError } from "../../src/loop/errors.ts";
import { createTask } from "../../src/tasks/awaitable.ts";
import { type Coroutine, coroutine } from "../../src/tasks/coroutine.ts";
import type { Future } from "../../src/tasks/future.ts";
import { gather } from "../../src/tasks/gather.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import { collectReports } from "../support/reports.ts";
import { newVirtualLoop, runDry, runVirtually } from "../support/virtualLoop.ts";

let loop: EventLoop;
let trace: string[];

beforeEach(() => {
  loop = newVirtualLoop();
  trace = [];
});

const leaveAfter = coroutine(function* (delay: number, letter: string): Coroutine<string> {
  yield* sleep(delay);
  trace.push(letter);
  return letter;
});

/** Runs `main` on the loop of the test, whose reports are thus seen. */
function onLoop<T>(main: () => Coroutine<T>): T {
  return loop.runUntilCompleteSync(main);
}

describe("a child of a gather that is cancelled by somebody else", () => {
  test("is an error like any other", () => {
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
  test("cancels all children that are not done", () => {
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

  test("by cancelling the task that awaits it cancels the children", () => {
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
    "of bare futures ends it cancelled (returnExceptions: %s)",
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

  test("with returnExceptions throws all the same", () => {
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
