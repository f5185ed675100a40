// `timeout`, `timeoutAt` and `moveOnAfter`. One file, because the three share one contract.

import { describe, expect } from "vitest";
import {
  CancelledError,
  ContextVar,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  type ExceptionContext,
  type Future,
  InvalidStateError,
  moveOnAfter,
  RuntimeError,
  sleep,
  Task,
  type Timeout,
  TimeoutError,
  timeout,
  timeoutAt,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { newVirtualLoop, runDry, runVirtually } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

/** Runs `main` on the test's loop. */
function onLoop<T>(main: () => Coroutine<T>): T {
  return loop.runUntilCompleteSync(main);
}

/** The name of the error that `body` throws, or "nothing". */
function* thrownBy(body: Coroutine<unknown>): Coroutine<unknown> {
  try {
    yield* body;
  } catch (error) {
    return error;
  }
  return "nothing";
}

const me = (): Task<unknown> => currentTask()!;
const slots = () => [...loop._slots].length;

function* swallow(delay: number): Coroutine<string> {
  try {
    yield* sleep(delay);
  } catch {}
  return "swallowed";
}

/** Runs one task on a loop until nothing is left to do. Others can reach it by `task`. */
let task: Task<unknown>;
function runTask(body: () => Coroutine<unknown>): void {
  task = loop.createTask(body);
  runDry(loop);
}

describe("arguments after the block", () => {
  function* add(a: number, b: number): Coroutine<number> {
    yield* sleep(10);
    return a + b;
  }

  test.each([
    ["timeout", () => timeout(100, add, 1, 2)],
    ["timeoutAt", () => timeoutAt(loop.time() + 100, add, 1, 2)],
    ["moveOnAfter", () => moveOnAfter(100, add, 1, 2)],
  ])("are passed to it instead of the scope: %s", (_, call) => {
    expect(onLoop(call)).toBe(3);
  });

  test("do not change what happens at the deadline", () => {
    expect(onLoop(() => thrownBy(timeout(5, add, 1, 2)))).toBeInstanceOf(TimeoutError);
    expect(onLoop(() => moveOnAfter(5, add, 1, 2))).toBe(undefined);
  });

  test("may be undefined", () => {
    const args = onLoop(() =>
      timeout(
        100,
        function* (...all: unknown[]): Coroutine<unknown[]> {
          yield;
          return all;
        },
        undefined,
      ),
    );

    expect(args).toEqual([undefined]);
  });
});

describe("timeout", () => {
  test("returns the body's result before the deadline, and leaves no timer behind", () => {
    const outcome = onLoop(function* () {
      const value = yield* timeout(100, function* () {
        return yield* sleep(10, "value");
      });
      return [value, loop.time(), slots(), me().cancelling()];
    });

    expect(outcome).toEqual(["value", 10, 1, 0]);
  });

  test("throws a TimeoutError, with the cancellation as its cause, at the deadline", () => {
    const [error, at, count] = onLoop(function* () {
      const thrown = yield* thrownBy(timeout(100, () => sleep(1000)));
      return [thrown as TimeoutError, loop.time(), me().cancelling()] as const;
    });

    expect([error.constructor, error.cause, at, count]).toEqual([
      TimeoutError,
      expect.any(CancelledError),
      100,
      0,
    ]);
  });

  test("removes its timer on an error, which passes through unchanged", () => {
    const error = new Error("of the body");
    const outcome = onLoop(function* () {
      const thrown = yield* thrownBy(
        timeout(100, function* () {
          yield* sleep(1);
          throw error;
        }),
      );
      return [thrown === error, slots()];
    });

    expect(outcome).toEqual([true, 1]);
  });

  test("counts from the start of the block", () => {
    const at = onLoop(function* () {
      const block = timeout(10, () => sleep(100));
      yield* sleep(50);
      yield* thrownBy(block);
      return loop.time();
    });

    expect(at).toBe(60);
  });

  test("runs the body in the calling task", () => {
    const isSame = onLoop(function* () {
      const outside = me();
      return yield* timeout(1, function* () {
        yield;
        return me() === outside;
      });
    });

    expect(isSame).toBe(true);
  });

  test.each([null, undefined, Infinity])("of %s never expires", (delay) => {
    const outcome = onLoop(function* () {
      return yield* timeout(delay, function* (scope) {
        yield* sleep(1e9);
        return [scope.when(), scope.expired()];
      });
    });

    expect(outcome).toEqual([delay ?? undefined, false]);
  });

  test.each([0, -5, -Infinity])("of %s cancels the body at its first wait", (delay) => {
    const outcome = onLoop(function* () {
      const thrown = yield* thrownBy(
        timeout(delay, function* () {
          trace.push("a");
          yield;
          trace.push("never");
        }),
      );
      return [thrown instanceof TimeoutError, trace.join(""), loop.time()];
    });

    expect(outcome).toEqual([true, "a", 0]);
  });

  test("of 0 has no effect on a body that never waits", () => {
    const outcome = onLoop(function* () {
      const value = yield* timeout(0, function* (scope) {
        return ["value", scope.expired()];
      });
      yield* sleep(10);
      return [value, me().cancelling()];
    });

    expect(outcome).toEqual([["value", false], 0]);
  });

  test("has expired, but returns the value, if the body swallows the cancellation", () => {
    const outcome = onLoop(function* () {
      let scope: Timeout | undefined;
      const value = yield* timeout(10, function* (its) {
        scope = its;
        return yield* swallow(100);
      });
      yield* sleep(10); // the cancellation is not delivered a second time
      return [value, scope?.expired(), me().cancelling()];
    });

    expect(outcome).toEqual(["swallowed", true, 0]);
  });

  test("passes through an error that the body throws in response to the cancellation", () => {
    const answer = new Error("answer");
    const outcome = onLoop(function* () {
      const thrown = yield* thrownBy(
        timeout(10, function* () {
          try {
            yield* sleep(100);
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: this is what happens to be tested
            throw answer;
          }
        }),
      );
      return [thrown === answer, answer.cause, me().cancelling()];
    });

    expect(outcome).toEqual([true, undefined, 0]);
  });

  test("cancels once, so the body may wait while it cleans up", () => {
    const at = onLoop(function* () {
      yield* thrownBy(
        timeout(10, function* () {
          try {
            yield* sleep(100);
          } finally {
            yield* sleep(50);
          }
        }),
      );
      return loop.time();
    });

    expect(at).toBe(60);
  });

  test("expires even if the result arrived in the same turn", () => {
    const thrown = onLoop(function* () {
      const future = loop.createFuture<string>();
      loop.callLater(10, () => future.setResult("result"));
      return yield* thrownBy(
        timeout(10, function* () {
          return yield* future;
        }),
      );
    });

    expect(thrown).toBeInstanceOf(TimeoutError);
  });

  test("can be nested 1,000 deep around a deep body", () => {
    const dive = coroutine(function* (depth: number): Coroutine<number> {
      if (depth === 0) return yield* sleep(1, 0);
      return 1 + (yield* dive(depth - 1));
    });
    const nest = coroutine(function* (depth: number): Coroutine<number> {
      return depth === 0 ? yield* dive(10_000) : yield* timeout(1000, () => nest(depth - 1));
    });

    expect(onLoop(() => nest(1000))).toBe(10_000);
  });

  test("removes its timer, and cancels nothing, when its coroutine is closed", () => {
    const outcome = onLoop(function* () {
      const block = timeout(10, () => sleep(100));
      block.next();
      block.return(undefined as never);
      const left = slots();
      yield* sleep(20);
      return [left, me().cancelling()];
    });

    expect(outcome).toEqual([1, 0]);
  });
});

describe("timeoutAt", () => {
  test("has its deadline at an instant", () => {
    const outcome = onLoop(function* () {
      yield* sleep(50);
      const thrown = yield* thrownBy(
        timeoutAt(60, function* (scope) {
          trace.push(String(scope.when()));
          yield* sleep(100);
        }),
      );
      return [thrown instanceof TimeoutError, loop.time(), trace];
    });

    expect(outcome).toEqual([true, 60, ["60"]]);
  });

  test("in the past cancels the body at its first wait", () => {
    const at = onLoop(function* () {
      yield* sleep(50);
      yield* thrownBy(timeoutAt(20, () => sleep(100)));
      return loop.time();
    });

    expect(at).toBe(50);
  });
});

describe("moveOnAfter", () => {
  test("returns the body's result before the deadline", () => {
    expect(runVirtually(() => moveOnAfter(10, () => sleep(1, "value")))).toBe("value");
  });

  test("returns undefined at its deadline", () => {
    const outcome = onLoop(function* () {
      const value = yield* moveOnAfter(10, () => sleep(100, "value"));
      return [value, loop.time(), me().cancelling(), slots()];
    });

    expect(outcome).toEqual([undefined, 10, 0, 1]);
  });

  test("lets a cancellation by others through", () => {
    runTask(function* () {
      yield* moveOnAfter(100, () => sleep(1000));
    });
    const other = loop.createTask(function* () {
      yield* moveOnAfter(100, () => sleep(1000));
    });
    loop.callLater(50, () => other.cancel());
    runDry(loop);

    expect([task.cancelled(), other.cancelled()]).toEqual([false, true]);
  });

  test("lets the TimeoutError of an inner timeout through", () => {
    const thrown = onLoop(() => thrownBy(moveOnAfter(20, () => timeout(10, () => sleep(100)))));

    expect(thrown).toBeInstanceOf(TimeoutError);
  });
});

describe("a cancellation from outside", () => {
  test("passes through, and leaves no timer behind", () => {
    loop.callLater(5, () => task.cancel("foreign"));
    runTask(function* () {
      yield* timeout(10, () => sleep(100));
    });

    expect([loop.time(), task.cancelled(), caught(() => task.result())]).toEqual([
      5,
      true,
      expect.objectContaining({ message: "foreign" }),
    ]);
  });

  test.each(["before", "after"])(
    "in the turn of the deadline, %s the deadline, passes through",
    (order) => {
      // Timers of the same instant run in the order in which they were added.
      if (order === "before") loop.callAt(10, () => task.cancel());
      let count = -1;
      runTask(function* () {
        try {
          yield* timeout(10, function* () {
            if (order === "after") loop.callAt(10, () => task.cancel());
            yield* sleep(100);
          });
        } finally {
          count = me().cancelling();
        }
      });

      expect([task.cancelled(), count, loop.time()]).toEqual([true, 1, 10]);
    },
  );

  test("passes through while the body cleans up after the deadline", () => {
    loop.callAt(15, () => task.cancel());
    runTask(function* () {
      yield* timeout(10, function* () {
        try {
          yield* sleep(100);
        } finally {
          yield* sleep(50);
        }
      });
    });

    expect([task.cancelled(), task.cancelling(), loop.time()]).toEqual([true, 1, 15]);
  });

  test("that was swallowed doesn't affect a timeout that begins later", () => {
    loop.callAt(5, () => task.cancel());
    const counts: number[] = [];
    runTask(function* () {
      yield* swallow(100);
      counts.push(me().cancelling());
      const thrown = yield* thrownBy(timeout(10, () => sleep(100)));
      counts.push(me().cancelling());
      return thrown;
    });

    expect([task.result(), counts]).toEqual([expect.any(TimeoutError), [1, 1]]);
  });

  test("passes through even if the task cancels itself inside the block", () => {
    runTask(function* () {
      yield* timeout(10, function* () {
        me().cancel();
        yield* sleep(100);
      });
    });

    expect([task.cancelled(), loop.time()]).toEqual([true, 0]);
  });
});

describe("of two nested timeouts,", () => {
  /** Which of two nested timeouts throws, and the number of cancellation requests after each. */
  function nested(outer: number, inner: number): unknown[] {
    return onLoop(function* () {
      const isTimeout = (error: unknown) => error instanceof TimeoutError;
      let innerError: unknown;
      let between = -1;
      const outerError = yield* thrownBy(
        timeout(outer, function* () {
          try {
            yield* timeout(inner, () => sleep(100));
          } catch (error) {
            innerError = error;
            between = me().cancelling();
            throw error;
          }
        }),
      );
      const reporter = isTimeout(innerError) ? "inner" : isTimeout(outerError) ? "outer" : "none";
      return [reporter, loop.time(), between, me().cancelling()];
    });
  }

  test("the inner one throws if its deadline is earlier", () => {
    expect(nested(20, 10)).toEqual(["inner", 10, 0, 0]);
  });

  test("the outer one throws if its deadline is earlier", () => {
    expect(nested(10, 20)).toEqual(["outer", 10, 1, 0]);
  });

  test("the outer one throws if they share a deadline", () => {
    expect(nested(10, 10)).toEqual(["outer", 10, 1, 0]);
  });

  test("the outer one throws if both delays are 0", () => {
    expect(nested(0, 0)).toEqual(["outer", 0, 1, 0]);
  });

  test("the outer one can still expire after the inner one has thrown", () => {
    const outcome = onLoop(function* () {
      const outer = yield* thrownBy(
        timeout(20, function* () {
          const inner = yield* thrownBy(timeout(10, () => sleep(100)));
          trace.push(`${(inner as Error).name} at ${loop.time()}`);
          yield* sleep(100);
        }),
      );
      return [trace, (outer as Error).name, loop.time(), me().cancelling()];
    });

    expect(outcome).toEqual([["TimeoutError at 10"], "TimeoutError", 20, 0]);
  });
});

describe("reschedule", () => {
  test.each([
    ["later", 50, 50],
    ["earlier", 5, 5],
    ["to now", 0, 0],
    ["to the past", -10, 0],
  ])("moves the deadline %s", (_, when, end) => {
    const outcome = onLoop(function* () {
      const thrown = yield* thrownBy(
        timeout(10, function* (scope) {
          scope.reschedule(when);
          trace.push(String(scope.when()));
          yield* sleep(100);
        }),
      );
      return [thrown instanceof TimeoutError, loop.time(), trace, slots()];
    });

    expect(outcome).toEqual([true, end, [String(when)], 1]);
  });

  test.each([null, undefined])("to %s removes the deadline", (when) => {
    const outcome = onLoop(function* () {
      return yield* timeout(10, function* (scope) {
        scope.reschedule(when);
        return [scope.when(), slots(), yield* sleep(100, "value")];
      });
    });

    expect(outcome).toEqual([undefined, 1, "value"]);
  });

  test("sets a deadline where there was none", () => {
    const outcome = onLoop(function* () {
      const thrown = yield* thrownBy(
        timeout(null, function* (scope) {
          scope.reschedule(10);
          yield* sleep(100);
        }),
      );
      return [thrown instanceof TimeoutError, loop.time()];
    });

    expect(outcome).toEqual([true, 10]);
  });

  test("throws a RuntimeError once the timeout has expired", () => {
    const thrown = onLoop(() =>
      thrownBy(
        timeout(10, function* (scope) {
          yield* swallow(100);
          scope.reschedule(1000);
        }),
      ),
    );

    expect(thrown).toEqual(new RuntimeError("The timeout cannot be rescheduled: it has expired"));
  });

  test("throws a RuntimeError once the block has ended in time", () => {
    const scope = onLoop(() =>
      timeout(10, function* (its) {
        return its;
      }),
    );

    expect(() => scope.reschedule(1000)).toThrow(RuntimeError);
    expect([scope.when(), scope.expired()]).toEqual([10, false]);
  });

  test.each([0, 1000])(
    "to %i throws a RuntimeError once the loop is closed, and takes no slot",
    (when) => {
      let scope: Timeout | undefined;
      loop.createTask(() =>
        timeout(10, function* (its) {
          scope = its;
          loop.stop();
          yield* sleep(100);
        }),
      );
      loop.runForeverSync();
      loop.close();
      // The new loop may have received the core of the closed one.
      const next = newVirtualLoop();
      const before = next._core.live();

      expect(() => scope?.reschedule(when)).toThrow(new RuntimeError("The loop is closed"));
      expect(next._core.live()).toBe(before);
      next.close();
    },
  );

  test("throws a TypeError for an argument that is not a time", () => {
    const thrown = onLoop(() =>
      thrownBy(
        timeout(10, function* (scope) {
          scope.reschedule("soon" as never);
        }),
      ),
    );

    expect(thrown).toEqual(
      new TypeError('Expected `when` to be a number of milliseconds, got `"soon"` (string)'),
    );
  });
});

describe("an invalid timeout", () => {
  test("throws at the call, and the error names the argument", () => {
    const body = () => sleep(1);
    const calls: [() => unknown, new (message?: string) => Error, string][] = [
      [() => timeout("soon" as never, body), TypeError, "`delay`"],
      [() => timeout(NaN, body), RangeError, "`delay`"],
      [() => timeoutAt("soon" as never, body), TypeError, "`when`"],
      [() => timeoutAt(NaN, body), RangeError, "`when`"],
      [() => moveOnAfter("soon" as never, body), TypeError, "`delay`"],
      [() => timeout(1, sleep(1) as never), TypeError, "`body`"],
      [() => timeoutAt(1, undefined as never), TypeError, "`body`"],
      [() => moveOnAfter(1, 42 as never), TypeError, "`body`"],
    ];
    for (const [call, kind, name] of calls) {
      const error = caught(call) as Error;
      expect([error.constructor, error.message]).toEqual([kind, expect.stringContaining(name)]);
    }
  });

  test("throws if the body returns no coroutine", () => {
    const outcome = onLoop(function* () {
      const thrown = yield* thrownBy(timeout(10, (() => 42) as never));
      return [thrown, slots()];
    });

    expect(outcome).toEqual([
      new TypeError("Expected `body` to return a coroutine when called, got `42` (number)"),
      1,
    ]);
  });

  test("throws if the body returns a coroutine that was awaited before, and leaves no timer behind", () => {
    const outcome = onLoop(function* () {
      const spent = coroutine(swallow)(1);
      yield* spent;
      return [yield* thrownBy(timeout(10, () => spent)), slots()];
    });

    expect(outcome).toEqual([expect.any(InvalidStateError), 1]);
  });

  test("throws a RuntimeError outside a task", () => {
    let error: unknown;
    loop.callSoon(() => {
      error = caught(() => timeout(10, () => sleep(1)).next());
    });
    runDry(loop);

    expect(error).toBeInstanceOf(RuntimeError);
    expect(() => timeout(10, () => sleep(1)).next()).toThrow(RuntimeError);
  });
});

test("a timeout in a child does not affect its parent", () => {
  const outcome = onLoop(function* () {
    const child: Future<unknown> = createTask(timeout(10, () => sleep(100)));
    return [yield* thrownBy(timeout(20, () => thrownBy(child as never))), me().cancelling()];
  });

  expect(outcome).toEqual(["nothing", 0]);
});

describe("an abort listener that a timeout's cancellation calls", () => {
  const user = new ContextVar<string>("user");

  test("sees the task's context variables, and keeps its changes to itself", () => {
    onLoop(function* () {
      user.set("task");
      me().signal.addEventListener("abort", () => {
        trace.push(user.get());
        user.set("listener");
        trace.push(user.get());
      });
      yield* moveOnAfter(10, () => sleep(100));
      trace.push(user.get());
    });

    expect(trace).toEqual(["task", "listener", "task"]);
  });

  test("is reported in debug mode if it takes long", () => {
    const reports: ExceptionContext[] = [];
    loop.setDebug(true);
    loop.setExceptionHandler((_, context) => reports.push(context));
    onLoop(function* () {
      task = me();
      task.setName("slow");
      task.signal.addEventListener("abort", () => {
        const start = performance.now();
        while (performance.now() - start < 10);
      });
      yield* sleep(1);
      loop.slowCallbackDuration = 5;
      yield* moveOnAfter(10, () => sleep(100));
      loop.slowCallbackDuration = Infinity;
    });
    loop.setDebug(false);

    const report = reports.find(({ message }) => message.includes("timeout"));
    expect(report?.message).toMatch(/^[0-9.]+ ms in a timeout of Task "slow"$/);
    expect(report?.task).toBe(task);
  });
});

test("an error that a task's cancel() throws at a deadline is reported", () => {
  const reports: ExceptionContext[] = [];
  const failure = new Error("cannot cancel");
  class Stubborn<T> extends Task<T> {
    override cancel(): boolean {
      throw failure;
    }
  }
  loop.setTaskFactory((on, body, options) => new Stubborn(on, body, options));
  loop.setExceptionHandler((_, context) => reports.push(context));
  onLoop(function* () {
    task = me();
    task.setName("stubborn");
    yield* timeout(10, () => sleep(100));
  });

  const message = 'An exception in a timeout of Task "stubborn"';
  expect(reports).toEqual([{ message, exception: failure, task }]);
});
