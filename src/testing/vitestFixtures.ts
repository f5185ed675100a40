import { test as base, type TestAPI } from "vitest";
import { nameOfRunnable, waitForGraph } from "../debug/waitForGraph.ts";
import { RuntimeError } from "../lang/errors.ts";
import { recordHeld } from "../loop/holders.ts";
import { setTimeout } from "../loop/hosts/timers.ts";
import { EventLoop, setEventLoop } from "../program/eventLoop.ts";
import { drain } from "../program/runner.ts";
import { type AwaitableLike, checkAwaitable } from "../tasks/awaitable.ts";
import { allTasks } from "../tasks/currentTask.ts";
import { ensureFutureOn } from "../tasks/ensureFuture.ts";
import { ExceptionGroup } from "../tasks/exceptionGroup.ts";
import { describeHeld, HOW_TO_RELEASE } from "./failures.ts";
import { VirtualClock } from "./virtualClock.ts";

/** What `test`, from `mysyncio/vitest`, passes to each test. */
export interface VirtualFixtures {
  /** A new loop on a virtual clock. During the test it is the thread's default loop. */
  loop: EventLoop;
  /** Runs a coroutine on that loop. The promise settles with its outcome. */
  run: <T>(main: AwaitableLike<T>) => Promise<T>;
}

/**
 * Vitest's `test`, on virtual time: each test has a new loop, on which sleeps take no real time. It
 * can be extended with further fixtures.
 *
 * The loop is the default loop during the test, so that `toAsync` functions run on it too. Don't
 * use `test.concurrent`, because all tests of a file share one default loop.
 *
 * A test fails if it deadlocks in `run`, if tasks are still running or locks are still held at its
 * end, or if an exception is never retrieved. After every test, remaining tasks are cancelled and
 * the loop is closed. Without Vitest, use `virtualTest`, from `mysyncio/testing`.
 *
 * Don't pass a generator function to `test` itself, because Vitest would call it without running
 * the generator. Pass it to `run`.
 *
 * @example
 * import { test } from "mysyncio/vitest";
 *
 * test("gives up after an hour", async ({ loop, run }) => {
 *   await expect(run(connect)).rejects.toThrow(TimeoutError);
 *   expect(loop.time()).toBe(3_600_000);
 * });
 */
export const virtualTestApi: TestAPI<VirtualFixtures> =
  /* @__PURE__ */ base.extend<VirtualFixtures>({
    loop: [
      // biome-ignore lint/correctness/noEmptyPattern: Vitest parses it to find which fixtures to pass
      async ({}, use) => {
        const loop = new EventLoop({ clock: new VirtualClock() });
        recordHeld(loop);
        const errors: unknown[] = [];
        loop.setExceptionHandler((_, report) => {
          // Reports without an exception are warnings of debug mode.
          if ("exception" in report) errors.push(report.exception);
        });
        setEventLoop(loop);
        try {
          await use(loop);
        } finally {
          setEventLoop(undefined);
          await end(loop, errors);
        }
        if (errors.length > 1) throw new ExceptionGroup(errors, "The test failed in several ways");
        for (const error of errors) throw error;
      },
      { auto: true },
    ],
    run: async ({ loop }, use) => {
      await use((main) => runOn(loop, main));
    },
  });

/** The loops of tests that failed in `run`. Such tests needn't end their tasks. */
const failed = /* @__PURE__ */ new WeakSet<EventLoop>();

/**
 * Runs `main` to completion. If a `toAsync` function is already running the loop, joins that run.
 */
async function runOn<T>(loop: EventLoop, main: AwaitableLike<T>): Promise<T> {
  checkAwaitable("main", main);
  try {
    return loop.isRunning() ? await ensureFutureOn(loop, main) : await loop.runUntilComplete(main);
  } catch (error) {
    failed.add(loop);
    throw error;
  }
}

/**
 * Cancels the tasks that are still running, and closes the loop. Adds an error to `errors` for
 * tasks or locks that the test left behind.
 */
async function end(loop: EventLoop, errors: unknown[]): Promise<void> {
  if (allTasks(loop).size > 0 && !failed.has(loop)) {
    const { text } = waitForGraph(loop);
    errors.push(
      new RuntimeError(
        "The test ended while these tasks were still running. Await them, or create them in a " +
          `\`taskGroup\`.${text}`,
      ),
    );
  }
  try {
    for (const left of drain(loop)) await runOn(loop, left);
    const held = describeHeld(loop, nameOfRunnable);
    if (held !== "") {
      errors.push(
        new RuntimeError(
          `The test ended without releasing these locks or permits. ${HOW_TO_RELEASE}.${held}`,
        ),
      );
    }
  } catch (error) {
    errors.push(error);
  } finally {
    while (loop.isRunning()) {
      loop.stop();
      await new Promise((resolve) => setTimeout(resolve));
    }
    loop.close();
  }
}
