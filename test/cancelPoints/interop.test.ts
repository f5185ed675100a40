// Connections between coroutines and promises, signals, events and threads, cancelled at every
// point. No listener stays, and nothing counts as cancelled that was not. One file, because it is a
// list of scenarios.

import { expect } from "vitest";
import { CallExecutor } from "../../src/executors/calls.ts";
import { loopExecutorOf } from "../../src/executors/loopExecutor.ts";
import type { ThreadCall, ThreadPool } from "../../src/executors/threadCall.ts";
import {
  CancelledError,
  type Coroutine,
  type Executor,
  fromPromise,
  RuntimeError,
  sleep,
  type Task,
  type TaskArguments,
  type TaskResult,
  type ThreadTask,
  timeout,
  toAsync,
  waitEvent,
  withSignal,
} from "../../src/index.ts";
import { type Stage, testCancelPoints } from "../support/cancelPoints.ts";

/** A promise that resolves after `ticks` microtasks. */
async function after<T>(ticks: number, value: T): Promise<T> {
  for (let left = ticks; left > 0; left--) await undefined;
  return value;
}

/** Checks at the end that `target` has no listeners left. */
function watchListeners(stage: Stage, target: EventTarget): void {
  let listeners = 0;
  const add = target.addEventListener.bind(target);
  const remove = target.removeEventListener.bind(target);
  target.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  target.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  stage.check(() => expect(listeners).toBe(0));
}

function newController(stage: Stage): AbortController {
  const controller = new AbortController();
  watchListeners(stage, controller.signal);
  return controller;
}

/** Awaits an operation that a signal may end, and continues after an abort. */
function* abortable(coro: Coroutine<unknown>, reason: unknown): Coroutine<unknown> {
  try {
    return yield* coro;
  } catch (error) {
    if (error instanceof CancelledError && error.cause === reason) return "aborted";
    throw error;
  }
}

function* cleans(delay: number): Coroutine<void> {
  try {
    yield* sleep(Infinity);
  } finally {
    yield* sleep(delay);
  }
}

testCancelPoints("withSignal", {
  "whose signal aborts, in tasks that continue"(stage) {
    const controller = newController(stage);
    stage.later(2, () => controller.abort("why"));
    for (const name of ["a", "b"]) {
      const task: Task<unknown> = stage.spawn(name, function* () {
        const before = task.cancelling();
        yield* abortable(withSignal(controller.signal, sleep(5)), "why");
        expect(task.cancelling()).toBe(before);
        yield* sleep(1);
      });
    }
  },
  "nested, around a cleanup"(stage) {
    const [outer, inner] = [newController(stage), newController(stage)];
    stage.later(1, () => inner.abort("inner"));
    stage.later(2, () => outer.abort("outer"));
    stage.spawn("a", function* () {
      const nested = () => abortable(withSignal(inner.signal, cleans(3)), "inner");
      yield* abortable(withSignal(outer.signal, nested), "outer");
      yield* sleep(1);
    });
  },
  "nested, with the same signal"(stage) {
    const controller = newController(stage);
    stage.later(1, () => controller.abort("why"));
    stage.spawn("a", function* () {
      const { signal } = controller;
      const nested = () => abortable(withSignal(signal, cleans(1)), "why");
      yield* abortable(withSignal(signal, nested), "why");
      yield* sleep(1);
    });
  },
  "whose signal aborts at the deadline of a timeout"(stage) {
    const controller = newController(stage);
    stage.later(2, () => controller.abort("why"));
    stage.spawn("a", function* () {
      try {
        const wait = () => withSignal(controller.signal, () => timeout(2, () => cleans(1)));
        yield* abortable(timeout(2, wait), "why");
      } catch (error) {
        if ((error as Error).name !== "TimeoutError") throw error;
      }
      yield* sleep(1);
    });
  },
  "whose signal is aborted by the task itself"(stage) {
    const controller = newController(stage);
    stage.spawn("a", function* () {
      const body = function* (): Coroutine<string> {
        stage.point();
        controller.abort("why");
        stage.point();
        return "went on";
      };
      yield* abortable(withSignal(controller.signal, body), "why");
      yield* sleep(1);
      yield* abortable(withSignal(controller.signal, sleep(1)), "why");
    });
  },
});

testCancelPoints("waitEvent", {
  "of an EventTarget, and of a signal that aborts"(stage) {
    const target = new EventTarget();
    watchListeners(stage, target);
    const controller = newController(stage);
    void (async () => {
      await after(3, undefined);
      target.dispatchEvent(new Event("go"));
      await after(5, undefined);
      controller.abort("why");
      target.dispatchEvent(new Event("go"));
    })();
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        const { signal } = controller;
        yield* abortable(waitEvent(target, "go", { signal }), "why");
        yield* abortable(waitEvent(target, "never", { signal }), "why");
        yield* sleep(1);
      });
    }
    stage.release(() => stage.cancelLeft());
  },
});

testCancelPoints("fromPromise", {
  "of promises that resolve and reject"(stage) {
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        expect(yield* fromPromise(after(2, "came"))).toBe("came");
        try {
          yield* fromPromise(after(1, 0).then(() => Promise.reject(new RangeError("failed"))));
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
      });
    }
  },
  "of a function whose signal aborts only on cancellation"(stage) {
    const task: Task<unknown> = stage.spawn("a", function* () {
      for (let i = 0; i < 3; i++) {
        let given: AbortSignal | undefined;
        let isOver = false;
        try {
          yield* fromPromise((signal) => {
            given = signal;
            return after(2, i);
          });
          isOver = true;
        } finally {
          expect(given?.aborted ?? true).toBe(!isOver);
        }
      }
    });
    stage.check(() => expect(task.done()).toBe(true));
  },
});

testCancelPoints("toAsync", {
  "called by a coroutine, through a promise"(stage) {
    const cleaned: string[] = [];
    const convert = toAsync(function* (name: string): Coroutine<string> {
      try {
        // No time passes while a promise is awaited.
        yield;
        return yield* fromPromise(after(2, name));
      } finally {
        yield;
        cleaned.push(name);
      }
    });
    for (const name of ["a", "b"]) {
      stage.spawn(name, function* () {
        const call = async (signal: AbortSignal) => convert(name, signal);
        try {
          expect(yield* fromPromise(call)).toBe(name);
        } catch (error) {
          // The call's own task was cancelled, and this one was not.
          if (!(error instanceof RuntimeError && error.cause instanceof CancelledError))
            throw error;
        }
      });
    }
    stage.check(() => {
      if (stage.isPeaceful) expect(cleaned).toEqual(["a", "b"]);
    });
  },
  "with one signal for all calls"(stage) {
    const controller = newController(stage);
    const wait = toAsync(function* (): Coroutine<void> {
      try {
        yield* fromPromise(new Promise(() => undefined));
      } finally {
        yield;
      }
    });
    void after(6, undefined).then(() => controller.abort("why"));
    for (const name of ["a", "b"]) {
      stage.spawn(
        name,
        function* () {
          const outcome = wait(controller.signal).then(
            () => "ended",
            (error: Error) => error.name,
          );
          expect(yield* fromPromise(outcome)).toBe("CancelledError");
        },
        { spreads: true },
      );
    }
  },
});

/** Threads that reply after several microtasks, and end a cancelled call if `obeys` is true. */
class FakeExecutor extends CallExecutor {
  protected readonly threads: ThreadPool;
  readonly trace: string[] = [];

  constructor(maxThreads: number, grace: number, obeys: boolean) {
    super({ maxThreads, grace }, 1);
    const cancelled = new Set<ThreadCall>();
    const gone = new Set<ThreadCall>();
    const work = async (call: ThreadCall) => {
      for (let left = 6; left > 0; left--) {
        await undefined;
        if (gone.has(call)) return;
        if (obeys && cancelled.has(call)) return this.onEnd(call, true, new CancelledError());
      }
      this.onEnd(call, false, call.args[0]);
    };
    this.threads = {
      begin(call) {
        call.copy();
        void work(call);
      },
      cancel: (call) => cancelled.add(call),
      terminate: (call) => {
        gone.add(call);
        void after(2, call).then(() => this.onFree(call));
      },
      end: async () => undefined,
    };
  }
}

const TASK = { url: "data:text/javascript,", name: "fake" };

function useExecutor(stage: Stage, executor: Executor): () => Coroutine<void> {
  const { loop } = stage;
  const executing = loopExecutorOf(loop, () => executor);
  stage.check(() => {
    if (executor instanceof CallExecutor)
      expect([executor.running, executor.waiting]).toEqual([0, 0]);
  });
  return function* () {
    for (const value of [1, 2]) expect(yield* executing.run(null, TASK, [value])).toBe(value);
  };
}

const threadScenes = [
  ["whose threads stop on request", true, Infinity],
  ["whose threads ignore the cancellation", false, Infinity],
  ["whose threads are terminated immediately", false, 0],
] as const;

testCancelPoints(
  "runInExecutor",
  Object.fromEntries(
    threadScenes.map(([what, obeys, grace]) => [
      what,
      (stage: Stage) => {
        const calls = useExecutor(stage, new FakeExecutor(1, grace, obeys));
        // A value that arrives in spite of a cancellation is the result.
        for (const name of ["a", "b"]) stage.spawn(name, calls, { swallows: true });
      },
    ]),
  ),
);

/** An executor written by someone else. */
class OtherExecutor implements Executor {
  async submit<F extends ThreadTask>(
    _: F,
    args: TaskArguments<F>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<TaskResult<F>> {
    for (let left = 4; left > 0; left--) {
      await undefined;
      if (signal?.aborted) throw new DOMException("aborted", "AbortError");
    }
    return args[0] as TaskResult<F>;
  }

  async shutdown(): Promise<void> {}
}

testCancelPoints("a custom executor", {
  "that rejects with an AbortError, as `fetch` does"(stage) {
    const calls = useExecutor(stage, new OtherExecutor());
    for (const name of ["a", "b"]) stage.spawn(name, calls, { swallows: true });
  },
});
