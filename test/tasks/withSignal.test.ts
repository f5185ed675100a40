// Cancelling a coroutine through an AbortSignal.

import { describe, expect, test } from "vitest";
import {
  CancelledError,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  Future,
  RuntimeError,
  sleep,
  type Task,
  timeout,
  withSignal,
} from "../../src/index.ts";
import { newVirtualLoop, runVirtually } from "../support/virtualLoop.ts";

/** The error that a coroutine throws. */
function* thrownBy(coro: Coroutine<unknown>): Coroutine<unknown> {
  try {
    return yield* coro;
  } catch (error) {
    return error;
  }
}

/** Aborts after 10 milliseconds. */
function* abortSoon(controller: AbortController, reason: unknown): Coroutine<void> {
  yield* sleep(10);
  controller.abort(reason);
}

describe("withSignal", () => {
  test("returns the result of any awaitable while the signal is not aborted", () => {
    const { signal } = new AbortController();
    const results = runVirtually(function* () {
      const future = new Future<string>();
      future.setResult("future");
      return [
        yield* withSignal(signal, sleep(10, "coroutine")),
        yield* withSignal(signal, () => sleep(10, "function")),
        yield* withSignal(signal, createTask(sleep(10, "task"))),
        yield* withSignal(signal, future),
      ];
    });
    expect(results).toEqual(["coroutine", "function", "task", "future"]);
  });

  test("cancels the awaited operation when the signal aborts, and waits for its cleanup", () => {
    const controller = new AbortController();
    const trace: string[] = [];
    runVirtually(function* () {
      createTask(abortSoon(controller, "why"));
      const error = yield* thrownBy(
        withSignal(controller.signal, function* () {
          try {
            yield* sleep(100);
          } finally {
            yield* sleep(5);
            trace.push("cleaned");
          }
        }),
      );
      trace.push("thrown");
      expect(error).toBeInstanceOf(CancelledError);
      expect((error as Error).cause).toBe("why");
      expect(currentTask()?.cancelling()).toBe(0);
      yield* sleep(1);
    });
    expect(trace).toEqual(["cleaned", "thrown"]);
  });

  test("returns the value of an operation that swallows the abort", () => {
    const controller = new AbortController();
    const value = runVirtually(function* () {
      createTask(abortSoon(controller, undefined));
      return yield* withSignal(controller.signal, function* () {
        try {
          yield* sleep(100);
        } catch {
          yield* sleep(1);
        }
        return "went on";
      });
    });
    expect(value).toBe("went on");
  });

  test("passes other errors, and cancellations by others, through unchanged", () => {
    const controller = new AbortController();
    const outcomes = runVirtually(function* () {
      const failing = yield* thrownBy(
        withSignal(controller.signal, () => {
          throw new Error("its own");
        }),
      );
      const task: Task<unknown> = createTask(() => withSignal(controller.signal, sleep(100)));
      yield* sleep(10);
      task.cancel("foreign");
      controller.abort("mine");
      const cancelled = yield* thrownBy(task[Symbol.iterator]() as Coroutine<unknown>);
      return [(failing as Error).message, (cancelled as Error).cause, task.cancelled()];
    });
    expect(outcomes).toEqual(["its own", undefined, true]);
  });

  test.each(["aborted", "pending"])(
    "does not touch a future of another loop if the signal is %s",
    (state) => {
      const future = new Future<void>({ loop: newVirtualLoop() });
      const signal = state === "aborted" ? AbortSignal.abort() : new AbortController().signal;
      const error = runVirtually(() => thrownBy(withSignal(signal, future)));

      expect(error).toBeInstanceOf(RuntimeError);
      expect(future.done()).toBe(false);
    },
  );

  test("never starts a coroutine, and cancels a future, if the signal has already aborted", () => {
    const trace: string[] = [];
    const body = coroutine(function* (): Coroutine<void> {
      trace.push("started");
      yield;
    });
    runVirtually(function* () {
      const future = new Future<void>();
      for (const aw of [body(), body, future]) {
        const error = yield* thrownBy(withSignal(AbortSignal.abort("early"), aw));
        trace.push(String((error as Error).cause));
      }
      trace.push(String(future.cancelled()));
    });
    expect(trace).toEqual(["early", "early", "early", "true"]);
  });

  test("works inside and around a timeout", () => {
    const controller = new AbortController();
    const names = runVirtually(function* () {
      const inner = yield* thrownBy(
        timeout(5, () => withSignal(controller.signal, sleep(Infinity))),
      );
      createTask(abortSoon(controller, 1));
      const outer = yield* thrownBy(
        withSignal(controller.signal, () => timeout(100, () => sleep(Infinity))),
      );
      return [inner, outer].map((error) => (error as Error).name);
    });
    expect(names).toEqual(["TimeoutError", "CancelledError"]);
  });

  test("leaves no listener on a signal after 10,000 waits, however they ended", () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = new Set<unknown>();
    const { addEventListener: add, removeEventListener: remove } = signal;
    signal.addEventListener = (type: string, listener: EventListener) => {
      listeners.add(listener);
      add.call(signal, type, listener);
    };
    signal.removeEventListener = (type: string, listener: EventListener) => {
      listeners.delete(listener);
      remove.call(signal, type, listener);
    };
    const counts = new Set<number>();
    runVirtually(function* () {
      for (let i = 0; i < 10_000; i++) {
        const wait = createTask(() =>
          withSignal(signal, i % 2 ? sleep(1) : timeout(1, () => sleep(5))),
        );
        yield;
        counts.add(listeners.size);
        yield* thrownBy(wait[Symbol.iterator]() as Coroutine<unknown>);
        counts.add(listeners.size);
      }
    });
    expect(counts).toEqual(new Set([0, 1]));
  });

  test("checks its arguments when it is called, and requires a task", () => {
    const { signal } = new AbortController();
    expect(() => withSignal({} as AbortSignal, sleep(1))).toThrow(
      "Expected `signal` to be an AbortSignal",
    );
    expect(() => withSignal(signal, 42 as never)).toThrow("Expected `aw` to be");
    const loop = newVirtualLoop();
    let thrown: unknown;
    loop.callSoon(() => {
      try {
        withSignal(signal, sleep(1)).next();
      } catch (error) {
        thrown = error;
      }
      loop.stop();
    });
    loop.runForeverSync();
    expect(thrown).toBeInstanceOf(RuntimeError);
  });
});
