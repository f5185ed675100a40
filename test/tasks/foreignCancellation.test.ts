// Someone else's cancellation that arrives through a promise doesn't count as the task's own. One
// file, because each case asks the same question.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asCompleted,
  CancelledError,
  type Coroutine,
  createTask,
  currentTask,
  ExceptionGroup,
  ensureFuture,
  events,
  forEach,
  fromPromise,
  gather,
  iterate,
  mapConcurrent,
  moveOnAfter,
  newEventLoop,
  RuntimeError,
  race,
  run,
  shield,
  sleep,
  type Task,
  taskGroup,
  timeout,
  toAsync,
  wait,
  waitEvent,
  waitFor,
  withSignal,
  wrapFuture,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

const never = () => new Promise<never>(() => undefined);

/** A task of the running loop that is cancelled after a few turns. */
function cancelledSoon(): Task<void> {
  const task = createTask(sleep(60_000));
  createTask(function* () {
    yield;
    yield;
    task.cancel("by others");
  });
  return task;
}

/** Promises of operations that others cancel. */
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

/** Ways for a coroutine to await a promise. */
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
    *"a gather that is awaited later"(source) {
      const gathering = gather([source()]);
      yield* sleep(10);
      yield* gathering;
    },
    *asCompleted(source) {
      for (const next of asCompleted([source()])) yield* next;
    },
    *mapConcurrent(source) {
      yield* mapConcurrent([1], function* () {
        yield* fromPromise(source());
      });
    },
    *wait(source) {
      const { done } = yield* wait([ensureFuture(source())]);
      for (const future of done) yield* future;
    },
    moveOnAfter: (source) => moveOnAfter(10_000, () => fromPromise(source())),
    *"a group in the group"(source) {
      yield* taskGroup(function* () {
        yield* fromPromise(source());
      });
    },
    *"a cleanup after a timeout"(source) {
      yield* moveOnAfter(1, () => sleep(60_000));
      yield* fromPromise(source());
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

describe("another task's cancellation that arrives through a promise", () => {
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
          const [error, ...others] = errors as readonly unknown[];
          expect(others).toEqual([]);
          const first = error instanceof ExceptionGroup ? error.errors[0] : error;
          expect(first).toBeInstanceOf(RuntimeError);
          expect((first as Error).cause).toBeInstanceOf(CancelledError);
        }),
        { numRuns: 150 },
      );
    });
  }

  test("rejects an async function with a CancelledError", async () => {
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

describe("the task's own cancellation", () => {
  const abortable = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new CancelledError("aborted")));
    });

  /** Ways to await a promise that the task's own cancellation rejects. */
  const BODIES: Readonly<Record<string, () => Coroutine<unknown>>> = {
    fromPromise: () => fromPromise(abortable),
    *"the task's signal"() {
      yield* fromPromise(abortable((currentTask() as Task<unknown>).signal));
    },
    *"a toAsync call with the task's signal"() {
      const call = toAsync(() => sleep(60_000));
      yield* fromPromise(call((currentTask() as Task<unknown>).signal));
    },
    *"a cleanup that waits for every aborted operation"() {
      const promise = abortable((currentTask() as Task<unknown>).signal);
      try {
        yield* sleep(60_000);
      } finally {
        yield* waitFor(shield(gather([promise, promise.then()])), 60_000);
      }
    },
    *"a cleanup that waits for the aborted operation"() {
      const promise = abortable((currentTask() as Task<unknown>).signal);
      try {
        yield* fromPromise(promise);
      } finally {
        yield* fromPromise(promise);
      }
    },
  };

  for (const [name, body] of Object.entries(BODIES)) {
    test(`ends the task as cancelled when it arrives through a promise: ${name}`, async () => {
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

  test("has the signal's reason as its cause when it comes from withSignal around a promise", async () => {
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

describe("a cancellation that an emitter reports as its error", () => {
  type Listener = (...args: unknown[]) => void;
  /** Ways to wait for an emitter. */
  const READERS: Readonly<Record<string, (emitter: never) => Coroutine<unknown>>> = {
    waitEvent: (emitter) => waitEvent(emitter, "data"),
    events: (emitter) => forEach(events(emitter, "data"), function* () {}),
    race: (emitter) => race([waitEvent(emitter, "data"), sleep(60_000)]),
    "a wait in a callee": (emitter) => timeout(60_000, () => waitEvent(emitter, "data")),
  };

  for (const [name, read] of Object.entries(READERS)) {
    test(`fails the group of the task that waits for the emitter: ${name}`, async () => {
      const cancelled = new CancelledError("by others");
      const error = await run(function* (): Coroutine<unknown> {
        const listeners = new Map<unknown, Listener>();
        const emitter = {
          on: (type: unknown, listener: Listener) => listeners.set(type, listener),
          removeListener: (type: unknown) => listeners.delete(type),
        };
        try {
          yield* taskGroup(function* (group) {
            group.createTask(read(emitter as never));
            yield* sleep(1);
            listeners.get("error")?.(cancelled);
          });
        } catch (thrown) {
          return thrown;
        }
        return "the group succeeded";
      });
      expect(error).toBeInstanceOf(ExceptionGroup);
      const [inner] = (error as ExceptionGroup).errors as Error[];
      expect(inner).toBeInstanceOf(RuntimeError);
      expect(inner?.cause).toBe(cancelled);
    });
  }

  test("still counts as a cancellation for a task that was itself cancelled and is cleaning up", async () => {
    const outcome = await run(function* (): Coroutine<unknown> {
      const listeners = new Map<unknown, Listener>();
      const emitter = {
        on: (type: unknown, listener: Listener) => listeners.set(type, listener),
        removeListener: (type: unknown) => listeners.delete(type),
      };
      const task = createTask(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          yield* waitEvent(emitter as never, "close");
        }
      });
      yield* sleep(1);
      task.cancel();
      yield* sleep(1);
      listeners.get("error")?.(new CancelledError("aborted"));
      yield* wait([task]);
      return task.cancelled();
    });
    expect(outcome).toBe(true);
  });
});
