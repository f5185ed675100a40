// The tests for every executor, in Node and in browsers. One file, because each executor must pass
// all of it.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CallExecutor, ThreadExecutorOptions } from "../../src/executors/calls.ts";
import { toThread } from "../../src/executors/loopExecutor.ts";
import {
  CancelledError,
  type Coroutine,
  createTask,
  type Executor,
  fromPromise,
  gather,
  getRunningLoop,
  LookupError,
  newEventLoop,
  RuntimeError,
  run,
  sleep,
  type TaskReference,
  TimeoutError,
  taskGroup,
  timeout,
  waitFor,
} from "../../src/index.ts";
import { transfer } from "../../src/remote/transfer.ts";

/** The parts that a platform provides. */
export interface Platform {
  make(options?: ThreadExecutorOptions): CallExecutor;
  /** The URL of `tasks.ts`, from which its threads can load it. */
  readonly tasks: string;
}

export function testExecutor({ make, tasks }: Platform): void {
  const task = (name: string): TaskReference => ({ url: tasks, name });
  const executors: Executor[] = [];
  let executor: CallExecutor;

  function started(options?: ThreadExecutorOptions): CallExecutor {
    const made = make(options);
    executors.push(made);
    return made;
  }

  const caught = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (value) => {
        throw new Error(`Nothing was thrown, but ${String(value)} returned`);
      },
      (error: unknown) => error,
    );

  /** Resolves when a thread calls the function `name` next. */
  const begun = (name: string): Promise<void> =>
    new Promise((resolve) => {
      const channel = new BroadcastChannel("mysyncio test: begun");
      channel.onmessage = ({ data }: MessageEvent<unknown>) => {
        if (data !== name) return;
        channel.close();
        resolve();
      };
    });

  /** Lets the functions that act after their return do so now. */
  function goOn(): void {
    const channel = new BroadcastChannel("mysyncio test: go on");
    channel.postMessage(null);
    channel.close();
  }

  beforeEach(() => {
    executor = started({ maxThreads: 1 });
  });

  afterEach(async () => {
    await Promise.all(executors.splice(0).map((one) => one.shutdown({ cancel: true })));
  });

  describe("a cancellation that cannot reach the thread", () => {
    test.each([20, Infinity])(
      "terminates the thread, with a grace period of %d ms",
      async (grace) => {
        executor = started({ maxThreads: 1, grace });
        const controller = new AbortController();
        await executor.submit(task("add"), [1, 2]);
        const call = executor.submit(task("waitForEver"), [], { signal: controller.signal });
        // This is what Deno does after an earlier channel was closed.
        const post = vi.spyOn(BroadcastChannel.prototype, "postMessage");
        post.mockImplementation(() => {
          throw new TypeError("expected i32");
        });
        controller.abort();
        post.mockRestore();

        expect(await caught(call)).toBeInstanceOf(CancelledError);
        expect(await executor.submit(task("add"), [1, 2])).toBe(3);
      },
    );
  });

  describe("a report of a thread", () => {
    test.each([
      ["an error", "failAfterwards", { name: "RangeError", message: "afterwards" }],
      [
        "a rejection",
        "rejectAfterwards",
        { name: "RangeError", message: "rejected afterwards", code: "E_LATE" },
      ],
      ["the thread's end", "endAfterwards", { name: "RemoteLostError" }],
    ])(
      "goes to the loop's exception handler if no call is running: %s after a call",
      async (_, name, error) => {
        const seen: unknown[] = [];
        const results = await run(function* () {
          getRunningLoop().setExceptionHandler((_, { exception }) => seen.push(exception));
          const first = yield* getRunningLoop().runInExecutor(executor, task(name));
          goOn();
          for (let i = 0; i < 500 && seen.length === 0; i++) yield* sleep(10);
          // A second report would arrive now.
          yield* sleep(50);
          return [first, yield* getRunningLoop().runInExecutor(executor, task("add"), 1, 2)];
        });

        expect(results).toEqual(["returned", 3]);
        expect(seen).toEqual([expect.objectContaining(error)]);
      },
    );

    test("reaches only the running call if the thread ends during one", async () => {
      const seen: unknown[] = [];
      const results = await run(function* () {
        getRunningLoop().setExceptionHandler((_, { exception }) => seen.push(exception));
        const [error] = yield* gather([getRunningLoop().runInExecutor(executor, task("endNow"))], {
          returnExceptions: true,
        });
        yield* sleep(50);
        return [error, yield* getRunningLoop().runInExecutor(executor, task("add"), 1, 2)];
      });

      expect(results).toEqual([expect.objectContaining({ name: "RemoteLostError" }), 3]);
      expect(seen).toEqual([]);
    });

    test("never counts as a cancellation of the caller, unless the caller requested one", async () => {
      const error = await caught(executor.submit(task("throwCancelled"), []));
      const failure = await caught(
        run(() =>
          taskGroup(function* (group) {
            group.createTask(function* () {
              return yield* getRunningLoop().runInExecutor(executor, task("throwCancelled"));
            });
            yield;
          }),
        ),
      );
      expect(error).toMatchObject({ name: "RemoteLostError", cause: expect.any(CancelledError) });
      expect(failure).toMatchObject({ errors: [{ name: "RemoteLostError" }] });
    });
  });

  describe("a thread", () => {
    test("calls functions of every kind", async () => {
      const results = await Promise.all([
        executor.submit(task("add"), [1, 2]),
        executor.submit(task("later"), [5, "async"]),
        executor.submit(task("coroutineLater"), [5, "coroutine"]),
        executor.submit({ url: new URL(tasks) }, []),
        executor.submit(task("echo"), [new Map([[1, [new Date(5)]]])]),
        executor.submit(task("echo"), []),
      ]);

      expect(results).toEqual([
        ...[3, "async", "coroutine", "by default"],
        ...[new Map([[1, [new Date(5)]]]), undefined],
      ]);
    });

    test("loads a module once", async () => {
      await executor.submit(task("count"), []);

      expect(await executor.submit(task("count"), [])).toBe(2);
    });

    test("returns errors with name, message, stack and cause", async () => {
      const error = (await caught(executor.submit(task("fail"), []))) as Error;

      expect(error).toBeInstanceOf(RangeError);
      expect([error.message, error.cause]).toEqual(["failure", new TypeError("the cause")]);
      expect(error.stack).toContain("tasks");
      expect(await caught(executor.submit(task("reject"), []))).toEqual(new RangeError("rejected"));
      expect(await caught(executor.submit(task("throwValue"), []))).toEqual({ thrown: true });
    });

    test("moves memory in both directions", async () => {
      const bytes = new Uint8Array(1_000).fill(2);
      const others = [1, 2].map(() => new Uint8Array(1_000).fill(3));
      const calls = [bytes, ...others].map((one) =>
        executor.submit(task("sum"), [transfer(one, [one.buffer as ArrayBuffer])]),
      );

      // All arrays have been transferred, although only the first call is sent immediately.
      expect([bytes.length, ...others.map(({ length }) => length)]).toEqual([0, 0, 0]);
      expect(await Promise.all(calls)).toEqual([2_000, 3_000, 3_000]);
      expect(await executor.submit(task("give"), [3])).toEqual(new Uint8Array([1, 1, 1]));
    });

    test("receives the arguments that were passed, even if the caller changes them later", async () => {
      const list = [1];
      const calls = [1, 2].map(() => executor.submit(task("echo"), [list]));
      list.push(2);

      expect(await Promise.all(calls)).toEqual([[1], [1]]);
    });

    test("reports an argument or a result that cannot be sent, and continues", async () => {
      const names = await Promise.all([
        ...[() => 1, Symbol("s")].map((value) => caught(executor.submit(task("echo"), [value]))),
        ...["uncloneable", "uncloneableLater"].map((name) =>
          caught(executor.submit(task(name), [])),
        ),
      ]).then((errors) => errors.map((error) => (error as Error).name));

      expect(names).toEqual(Array(4).fill("DataCloneError"));
      expect(await executor.submit(task("add"), [1, 1])).toBe(2);
    });

    test("reports a missing module or function, and continues", async () => {
      const errors = await Promise.all([
        caught(executor.submit({ url: new URL("./missing.js", tasks) }, [])),
        caught(executor.submit(task("missing"), [])),
        caught(executor.submit({ url: "data:text/javascript,throw new RangeError('import')" }, [])),
      ]);

      expect(errors[0]).toBeInstanceOf(Error);
      expect(errors[1]).toBeInstanceOf(LookupError);
      expect(errors[2]).toEqual(new RangeError("import"));
      expect(await executor.submit(task("add"), [1, 1])).toBe(2);
    });
  });

  describe("the queue of calls", () => {
    test("starts calls in order, each as soon as a thread is free", async () => {
      const order: number[] = [];
      const pair = started({ maxThreads: 2 });
      const calls = Array.from({ length: 20 }, async (_, n) => {
        order.push((await pair.submit(task("later"), [1, n])) as number);
      });

      expect([pair.running, pair.waiting]).toEqual([2, 18]);
      await Promise.all(calls);
      expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
      expect([pair.running, pair.waiting]).toEqual([0, 0]);
    });

    test("makes callers of drain() wait while maxQueue calls wait, and loses no calls beyond that", async () => {
      const bounded = started({ maxThreads: 1, maxQueue: 2 });
      let most = 0;
      const results: Promise<unknown>[] = [];
      for (let n = 0; n < 20; n++) {
        await bounded.drain();
        results.push(bounded.submit(task("echo"), [n]));
        most = Math.max(most, bounded.waiting);
      }
      for (let n = 20; n < 40; n++) results.push(bounded.submit(task("echo"), [n]));

      expect(bounded.waiting).toBeGreaterThan(2);
      expect(await Promise.all(results)).toEqual(Array.from({ length: 40 }, (_, n) => n));
      expect(most).toBe(2);
      await bounded.drain();
    });

    test("removes a cancelled call", async () => {
      const controller = new AbortController();
      const first = executor.submit(task("later"), [20, "a"]);
      const second = executor.submit(task("count"), [], { signal: controller.signal });
      const third = executor.submit(task("count"), []);
      controller.abort("the reason");
      const error = (await caught(second)) as Error;

      expect([error, error.cause]).toEqual([expect.any(CancelledError), "the reason"]);
      expect([executor.running, executor.waiting]).toEqual([1, 1]);
      expect(await Promise.all([first, third])).toEqual(["a", 1]);
    });
  });

  describe("a cancellation", () => {
    test.each(["waitUntilCancelled", "sleepUntilCancelled"])(
      "waits for the end of %s",
      async (name) => {
        const controller = new AbortController();
        await executor.submit(task("count"), []);
        const hasBegun = begun(name);
        const call = executor.submit(task(name), [20], { signal: controller.signal });
        await hasBegun;
        controller.abort("the reason");
        const error = (await caught(call)) as Error;

        expect([error, error.cause]).toEqual([expect.any(CancelledError), "the reason"]);
        // The call ran in the same thread, and has cleaned up.
        expect(await executor.submit(task("count"), [])).toBe(1_001);
      },
    );

    test("before the thread has started ends the call without running it", async () => {
      const controller = new AbortController();
      const call = executor.submit(task("count"), [], { signal: controller.signal });
      controller.abort();

      expect(await caught(call)).toBeInstanceOf(CancelledError);
      expect(await executor.submit(task("count"), [])).toBe(1);
      const { signal } = controller;
      expect(await caught(executor.submit(task("count"), [], { signal }))).toBeInstanceOf(
        CancelledError,
      );
      expect(await executor.submit(task("neverAborted"), [])).toBe(false);
    });

    test.each(["computeForEver", "waitForEver"])(
      "replaces the thread of %s after the grace period",
      async (name) => {
        const strict = started({ maxThreads: 1, grace: 50 });
        const controller = new AbortController();
        await strict.submit(task("count"), []);
        const hasBegun = begun(name);
        const call = strict.submit(task(name), [], { signal: controller.signal });
        const next = strict.submit(task("count"), []);
        await hasBegun;
        controller.abort();

        expect(await caught(call)).toBeInstanceOf(CancelledError);
        expect(await next).toBe(1);
      },
    );

    test("removes the listener from the caller's signal", async () => {
      const { signal } = new AbortController();
      let listeners = 0;
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...args: unknown[]) => {
        listeners++;
        addEventListener.apply(signal, args as never);
      };
      signal.removeEventListener = (...args: unknown[]) => {
        listeners--;
        removeEventListener.apply(signal, args as never);
      };
      for (let i = 0; i < 100; i++) await executor.submit(task("add"), [i, i], { signal });
      await caught(executor.submit(task("fail"), [], { signal }));

      expect(listeners).toBe(0);
    });
  });

  describe("an executor in a loop", () => {
    test("completes the future when the call has ended", async () => {
      const results = await run(function* (): Coroutine<unknown> {
        const promise = executor.submit(task("add"), [1, 2]);
        return yield* gather([
          promise,
          getRunningLoop().runInExecutor(executor, task("later"), 1, "a"),
        ]);
      });

      expect(results).toEqual([3, "a"]);
    });

    test("cancels the call at a deadline, and waits for its end", async () => {
      const outcome = await run(function* (): Coroutine<unknown> {
        yield* getRunningLoop().runInExecutor(executor, task("count"));
        try {
          return yield* timeout(null, function* (scope) {
            const hasBegun = begun("sleepUntilCancelled");
            const call = getRunningLoop().runInExecutor(executor, task("sleepUntilCancelled"), 20);
            yield* fromPromise(hasBegun);
            scope.reschedule(getRunningLoop().time());
            return yield* call;
          });
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
        }
        return yield* getRunningLoop().runInExecutor(executor, task("count"));
      });

      expect(outcome).toBe(1_001);
    });

    test("is the default for calls that name none, and ends with the loop", async () => {
      const own = started({ maxThreads: 1 });
      const result = await run(function* (): Coroutine<unknown> {
        getRunningLoop().setDefaultExecutor(own);
        return yield* gather([
          toThread(task("add"), 1, 2),
          getRunningLoop().runInExecutor(null, task("coroutineLater"), 1, "b"),
        ]);
      });

      expect(result).toEqual([3, "b"]);
      expect(await caught(own.submit(task("add"), [1, 2]))).toBeInstanceOf(RuntimeError);
      expect(await own.shutdown()).toBeUndefined();
    });

    test("may be a loop's default executor, whose shutdown the loop can wait for", async () => {
      const own = started({ maxThreads: 1 });
      const trace: unknown[] = [];
      await run(function* (): Coroutine<void> {
        const loop = getRunningLoop();
        loop.setDefaultExecutor(own);
        createTask(function* () {
          trace.push(yield* toThread(task("later"), 20, "done"));
        });
        yield* sleep(1);
        yield* loop.shutdownDefaultExecutor();
        trace.push("shut down");
        yield;
      });

      expect(trace).toEqual(["done", "shut down"]);
    });

    test("does not keep a closing loop waiting for calls that nobody awaits", async () => {
      const own = started({ maxThreads: 1, grace: 20 });
      await run(function* (): Coroutine<void> {
        getRunningLoop().setDefaultExecutor(own);
        getRunningLoop().runInExecutor(null, task("computeForEver"));
        yield* sleep(1);
      });

      await own.shutdown();
      expect([own.running, own.waiting]).toEqual([0, 0]);
    });

    test("may be a custom executor, even if that misbehaves", async () => {
      const signals: AbortSignal[] = [];
      const outcomes: Record<string, () => Promise<unknown>> = {
        resolve: async () => "resolved",
        reject: async () => {
          throw new RangeError("rejected");
        },
        throw: () => {
          throw new TypeError("thrown");
        },
        hang: () =>
          new Promise((_, reject) => {
            const signal = signals.at(-1) as AbortSignal;
            signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
          }),
      };
      const other = {
        submit(reference: TaskReference, _args: unknown, { signal }: { signal: AbortSignal }) {
          signals.push(signal);
          return outcomes[reference.name as string]?.();
        },
        shutdown: async () => undefined,
      } as unknown as Executor;
      const results = await run(function* (): Coroutine<unknown> {
        const futures = Object.keys(outcomes).map((name) =>
          getRunningLoop().runInExecutor(other, task(name)),
        );
        futures.at(-1)?.cancel();
        return yield* gather(futures, { returnExceptions: true });
      });

      expect(results).toEqual([
        ...["resolved", new RangeError("rejected"), new TypeError("thrown")],
        expect.any(CancelledError),
      ]);
    });

    test("returns the result of a cancelled call that completes nevertheless", async () => {
      const own = started({ maxThreads: 1 });
      const result = await run(function* (): Coroutine<unknown> {
        const hasBegun = begun("finishDespiteCancellation");
        const name = task("finishDespiteCancellation");
        const call = getRunningLoop().runInExecutor(own, name, "late");
        yield* fromPromise(hasBegun);
        call.cancel();
        return yield* call;
      });

      expect(result).toBe("late");
    });
  });

  describe("shutdown", () => {
    test("waits for all calls, and rejects new ones", async () => {
      const calls = [1, 2, 3].map((n) => executor.submit(task("later"), [1, n]));
      const ended = executor.shutdown();

      expect(await caught(executor.submit(task("add"), [1, 2]))).toBeInstanceOf(RuntimeError);
      expect(await Promise.all(calls)).toEqual([1, 2, 3]);
      await ended;
      await executor.shutdown();
    });

    test("may cancel all calls", async () => {
      const strict = started({ maxThreads: 1, grace: 20 });
      const calls = ["waitForEver", "count"].map((name) => caught(strict.submit(task(name), [])));
      const ended = strict.shutdown();
      await strict.shutdown({ cancel: true });
      await ended;

      expect(await Promise.all(calls)).toEqual(Array(2).fill(expect.any(CancelledError)));
    });

    test("of an executor that was never used does nothing", async () => {
      await started().shutdown();
    });
  });

  describe("an invalid call", () => {
    const wrong = (value: unknown) => value as never;

    test("throws at once", async () => {
      expect(() => make({ maxThreads: 0 })).toThrow(
        "Expected `maxThreads` to be a whole number >= 1",
      );
      expect(() => make({ maxQueue: -1 })).toThrow("Expected `maxQueue`");
      expect(() => make({ grace: wrong("long") })).toThrow("Expected `grace`");
      expect(() => toThread<TaskReference>(wrong(() => 1))).toThrow("made by `defineTask`");
      expect(() => toThread<TaskReference>(wrong({ url: 42 }))).toThrow(
        "or { url, name } of an export",
      );
      for (const args of [
        [42, []],
        [task("add"), 42],
        [task("add"), [], 42],
        [task("add"), [], { signal: 42 }],
      ]) {
        const submit = executor.submit as (...args: unknown[]) => Promise<unknown>;
        expect(await caught(submit.apply(executor, args))).toBeInstanceOf(TypeError);
      }
      const loop = newEventLoop();
      expect(() => loop.setDefaultExecutor(wrong({}))).toThrow(
        "Expected `executor` to be an Executor",
      );
      expect(() => loop.runInExecutor(wrong(42), task("add"))).toThrow("Expected `executor`");
      loop.close();
      expect(() => loop.setDefaultExecutor(executor)).toThrow("The loop is closed");
      expect(() => loop.runInExecutor(executor, task("add"), 1, 2)).toThrow("The loop is closed");
    });
  });

  test("waitFor ends a call in a thread that computes", async () => {
    const strict = started({ maxThreads: 1, grace: 10 });
    const main = function* (): Coroutine<void> {
      getRunningLoop().setDefaultExecutor(strict);
      yield* waitFor(toThread(task("computeForEver")), 20);
    };

    await expect(run(main)).rejects.toThrow(TimeoutError);
  });
}
