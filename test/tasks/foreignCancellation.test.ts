// A cancellation of others that comes through a promise is not one's own.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newEventLoop } from "../../src/eventLoop.ts";
import { CancelledError, RuntimeError } from "../../src/loop/errors.ts";
import { run } from "../../src/run.ts";
import { createTask, currentTask, ensureFuture, wrapFuture } from "../../src/tasks/awaitable.ts";
import type { Coroutine } from "../../src/tasks/coroutine.ts";
import type { ExceptionGroup } from "../../src/tasks/exceptionGroup.ts";
import { fromPromise } from "../../src/tasks/fromPromise.ts";
import { gather } from "../../src/tasks/gather.ts";
import { iterate } from "../../src/tasks/iterate.ts";
import { race } from "../../src/tasks/race.ts";
import { shield } from "../../src/tasks/shield.ts";
import { sleep } from "../../src/tasks/sleep.ts";
import type { Task } from "../../src/tasks/task.ts";
import { taskGroup } from "../../src/tasks/taskGroup.ts";
import { timeout } from "../../src/tasks/timeout.ts";
import { waitFor } from "../../src/tasks/waitFor.ts";
import { withSignal } from "../../src/tasks/withSignal.ts";
import { VirtualClock } from "../../src/testing/virtualClock.ts";
import { toAsync } from "../../src/toAsync.ts";

const never = () => new Promise<never>(() => undefined);

/** A task of the running loop that is cancelled in some turns. */
function cancelledSoon(): Task<void> {
  const task = createTask(sleep(60_000));
  createTask(function* () {
    yield;
    yield;
    task.cancel("by others");
  });
  return task;
}

/** Promises of what others cancel. */
const SOURCES: Readonly<Record<string, () => PromiseLike<unknown>>> = {
  "a rejected promise": () => Promise.reject(new CancelledError("by others")),
  "the promise of a task": () => cancelledSoon().then(),
  "a chain of a task's promise": () => cancelledSoon().then((value) => value),
  "an async function that awaits a task": async () => {
    await cancelledSoon();
  },
  "a toAsync call that others cancel": toAsync(function* () {
    const task = currentTask();
    createTask(function* () {
      yield;
      task?.cancel();
    });
    yield* sleep(60_000);
  }),
  "a toAsync call whose signal aborts": () => {
    const controller = new AbortController();
    const call = toAsync(() => sleep(60_000))(controller.signal);
    controller.abort();
    return call;
  },
  "a task of another loop": () => {
    const other = newEventLoop();
    const task = other.createTask(sleep(60_000));
    task.cancel();
    void other.runUntilComplete(task).then(
      () => undefined,
      () => other.close(),
    );
    return (async () => await task)();
  },
};

/** How coroutines await a promise. */
const WAITS: Readonly<Record<string, (source: () => PromiseLike<unknown>) => Coroutine<unknown>>> =
  {
    fromPromise: (source) => fromPromise(source()),
    "fromPromise with a signal": (source) => fromPromise(() => source()),
    *wrapFuture(source) {
      yield* wrapFuture(source());
    },
    *ensureFuture(source) {
      yield* ensureFuture(source());
    },
    *gather(source) {
      yield* gather([source()]);
    },
    *race(source) {
      yield* race([source(), never()]);
    },
    *waitFor(source) {
      yield* waitFor(source(), 10_000);
    },
    *shield(source) {
      yield* shield(ensureFuture(source()));
    },
    withSignal: (source) => withSignal(new AbortController().signal, source()),
    timeout: (source) => timeout(10_000, () => fromPromise(source())),
    *iterate(source) {
      yield* iterate({
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: false, value: await source() }),
        }),
      }).next();
    },
    *"a task"(source) {
      yield* createTask(fromPromise(source()));
    },
  };

describe("a foreign cancellation that comes through a promise", () => {
  for (const clock of [undefined, new VirtualClock()]) {
    test(`fails a task group, on ${clock === undefined ? "real" : "virtual"} time`, async () => {
      const cases = fc.tuple(
        fc.constantFrom(...Object.keys(SOURCES)),
        fc.constantFrom(...Object.keys(WAITS)),
      );
      await fc.assert(
        fc.asyncProperty(cases, async ([source, wait]) => {
          const errors = await run(
            function* (): Coroutine<unknown> {
              try {
                yield* taskGroup(function* (group) {
                  group.createTask(() => WAITS[wait]?.(SOURCES[source] as never) as never);
                  yield;
                });
              } catch (error) {
                return (error as ExceptionGroup).errors;
              }
              return "success";
            },
            { clock },
          );
          expect(errors).toEqual([expect.any(RuntimeError)]);
          expect((errors as [Error])[0].cause).toBeInstanceOf(CancelledError);
        }),
        { numRuns: 150 },
      );
    });
  }

  test("leaves async functions their CancelledError", async () => {
    const call = toAsync(function* () {
      const task = currentTask();
      createTask(function* () {
        task?.cancel();
        yield;
      });
      yield* sleep(60_000);
    });
    await expect(call()).rejects.toBeInstanceOf(CancelledError);
  });
});

describe("one's own cancellation", () => {
  const abortable = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new CancelledError("aborted")));
    });

  /** Ways to await a promise that one's own cancellation rejects. */
  const BODIES: Readonly<Record<string, () => Coroutine<unknown>>> = {
    fromPromise: () => fromPromise(abortable),
    *"the task's signal"() {
      yield* fromPromise(abortable((currentTask() as Task<unknown>).signal));
    },
    *"a toAsync call with the task's signal"() {
      const call = toAsync(() => sleep(60_000));
      yield* fromPromise(call((currentTask() as Task<unknown>).signal));
    },
    *"a clean-up that waits for what was aborted"() {
      const promise = abortable((currentTask() as Task<unknown>).signal);
      try {
        yield* fromPromise(promise);
      } finally {
        yield* fromPromise(promise);
      }
    },
  };

  for (const [name, body] of Object.entries(BODIES)) {
    test(`through a promise ends the task as cancelled: ${name}`, async () => {
      const outcome = await run(function* (): Coroutine<unknown> {
        const task = createTask(body());
        yield* sleep(1);
        task.cancel();
        yield* taskGroup(function* (group) {
          group.createTask(function* () {
            yield* task;
          });
          yield;
        });
        return task.cancelled();
      });
      expect(outcome).toBe(true);
    });
  }

  test("by a signal around a promise has the signal's reason as its cause", async () => {
    const reason = new Error("enough");
    const error = await run(function* (): Coroutine<unknown> {
      const controller = new AbortController();
      const call = toAsync(() => sleep(60_000));
      createTask(function* () {
        yield* sleep(1);
        controller.abort(reason);
      });
      try {
        return yield* withSignal(controller.signal, call(controller.signal));
      } catch (thrown) {
        return thrown;
      }
    });
    expect(error).toBeInstanceOf(CancelledError);
    expect((error as Error).cause).toBe(reason);
  });
});
