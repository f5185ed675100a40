// Task groups, however they end. One file, because the function has one contract.

import { beforeEach, describe, expect } from "vitest";
import {
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  type ExceptionContext,
  ExceptionGroup,
  RuntimeError,
  sleep,
  Task,
  type TaskGroup,
  taskGroup,
} from "../../src/index.ts";
import { caught } from "../support/caught.ts";
import { collectReports } from "../support/reports.ts";
import { runDry } from "../support/virtualLoop.ts";
import { loop, test, trace } from "../support/virtualTest.ts";

let reports: ExceptionContext[];

beforeEach(() => {
  reports = collectReports(loop);
});

/** Runs `main` until nothing is left to do, and returns its task. */
function ended<T>(main: () => Coroutine<T>, cancelAt?: number): Task<T> {
  const task = loop.createTask(main);
  if (cancelAt !== undefined) loop.callLater(cancelAt, () => task.cancel("from outside"));
  runDry(loop);
  expect([[...loop._slots], reports]).toEqual([[], []]);
  return task;
}

function errorsOf(task: Task<unknown>): unknown {
  return (task.exception() as ExceptionGroup).errors;
}

/** Waits, and records a letter for the outcome. */
const wait = coroutine(function* (delay: number, letter: string): Coroutine<string> {
  try {
    yield* sleep(delay);
    trace.push(letter);
  } catch (error) {
    trace.push(`${letter} cancelled`);
    throw error;
  }
  return letter;
});

const failAfter = coroutine(function* (delay: number, error: unknown): Coroutine<never> {
  yield* sleep(delay);
  throw error;
});

/** Takes a while to clean up when it is cancelled, then fails with `error`. */
const failWhenCancelled = coroutine(function* (error: unknown, delay = 0): Coroutine<void> {
  try {
    yield* sleep(1000);
    return;
  } catch {}
  yield* sleep(delay);
  throw error;
});

describe("taskGroup", () => {
  test("returns its body's result, once all of its tasks have ended", () => {
    const task = ended(function* () {
      return yield* taskGroup(function* (group) {
        group.createTask(wait(20, "b"));
        group.createTask(wait(10, "a"));
        return "value";
      });
    });

    expect([task.result(), trace, loop.time()]).toEqual(["value", ["a", "b"], 20]);
  });

  test("of an empty body does not suspend", () => {
    const task = ended(function* () {
      loop.callSoon(() => trace.push("turn"));
      trace.push(String(yield* taskGroup(function* () {})));
    });

    expect([task.done(), trace]).toEqual([true, ["undefined", "turn"]]);
  });

  test("returns each task's result to the code that awaits the task", () => {
    const task = ended(function* () {
      return yield* taskGroup(function* (group) {
        const a = group.createTask(wait(20, "a"), { name: "first" });
        const b = group.createTask(() => wait(10, "b"));
        return [yield* a, yield* b, a.getName()];
      });
    });

    expect(task.result()).toEqual(["a", "b", "first"]);
  });

  test("accepts more tasks from its tasks while it waits for them to end", () => {
    ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          yield* sleep(10);
          group.createTask(wait(10, "late"));
        });
      });
      trace.push("end");
    });

    expect([trace, loop.time()]).toEqual([["late", "end"], 20]);
  });

  test("ignores the cancellation of a task", () => {
    const task = ended(function* () {
      return yield* taskGroup(function* (group) {
        const child = group.createTask(wait(20, "a"));
        group.createTask(wait(10, "b"));
        loop.callLater(5, () => child.cancel());
        return "value";
      });
    });

    expect([task.result(), trace]).toEqual(["value", ["a cancelled", "b"]]);
  });

  test("throws a TypeError at the call if the body is not a function", () => {
    for (const wrong of [undefined, null, sleep(1), {}]) {
      expect(() => taskGroup(wrong as never)).toThrow(/^Expected `body` to be a function/);
    }
  });

  test("throws if the body returns no coroutine", () => {
    const task = ended(() => taskGroup((() => 42) as never));

    expect(String(errorsOf(task))).toContain("Expected `body` to return a coroutine");
  });

  test("throws a RuntimeError outside a task", () => {
    expect(() => taskGroup(function* () {}).next()).toThrow(RuntimeError);
    loop.callSoon(() => trace.push(String(caught(() => taskGroup(function* () {}).next()))));
    runDry(loop);

    expect(trace[0]).toContain("A task group needs a task");
  });
});

describe("an error in a task group", () => {
  test("in a task cancels the others and the body, and is thrown in a group when all have ended", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(wait(20, "a"));
        group.createTask(failAfter(10, "failure"));
        yield* wait(30, "body");
      });
    });

    expect(task.exception()).toBeInstanceOf(ExceptionGroup);
    expect(task.exception()).toMatchObject({
      message: "unhandled errors in a TaskGroup (1 sub-exception)",
      errors: ["failure"],
    });
    expect(trace).toEqual(["a cancelled", "body cancelled"]);
    expect([loop.time(), task.cancelling()]).toEqual([10, 0]);
  });

  test("in the body cancels the tasks", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group): Coroutine<void> {
        group.createTask(wait(20, "a"));
        yield* sleep(10);
        throw "failure";
      });
    });

    expect([errorsOf(task), trace, loop.time()]).toEqual([["failure"], ["a cancelled"], 10]);
  });

  test("is listed in order of occurrence, together with the body's error", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(failWhenCancelled("third", 30));
        group.createTask(failAfter(10, "first"));
        group.createTask(failWhenCancelled("fourth", 40));
        yield* failWhenCancelled("second", 20);
      });
    });

    expect(errorsOf(task)).toEqual(["first", "second", "third", "fourth"]);
    expect(task.exception()).toMatchObject({ message: expect.stringContaining("(4 sub-ex") });
  });

  test("is reported along with the errors of tasks that fail in the same turn", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        for (const error of ["a", "b", "c"]) group.createTask(failAfter(10, error));
        yield;
        yield* failAfter(10, "body");
      });
    });

    expect(errorsOf(task)).toEqual(["a", "b", "c", "body"]);
  });

  test("cancels the body only once", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(failAfter(10, "a"));
        group.createTask(failWhenCancelled("b", 5));
        try {
          yield* sleep(20);
        } finally {
          yield* wait(20, "cleanup");
          trace.push(String(currentTask()?.cancelling()));
        }
      });
    });

    expect([errorsOf(task), trace]).toEqual([
      ["a", "b"],
      ["cleanup", "1"],
    ]);
  });

  test("is thrown even if the body swallows the cancellation and returns", () => {
    const task = ended(function* () {
      try {
        yield* taskGroup(function* (group) {
          group.createTask(failAfter(10, "failure"));
          try {
            yield* sleep(20);
          } catch {}
          return "value";
        });
      } finally {
        trace.push(String(currentTask()?.cancelling()));
      }
    });

    expect([errorsOf(task), trace]).toEqual([["failure"], ["0"]]);
  });

  test("does not leak a cancellation out of the group", () => {
    const task = ended(function* () {
      try {
        yield* taskGroup(function* (group) {
          group.createTask(failAfter(0, "failure"));
        });
      } catch {}
      yield* wait(10, "after");
      return currentTask()?.cancelling();
    });

    expect([task.result(), trace]).toEqual([0, ["after"]]);
  });

  test("does not cancel a parent that left the group in the same turn", () => {
    const task = ended(function* () {
      try {
        yield* taskGroup(function* (group) {
          group.createTask(failAfter(10, "failure"));
          yield* sleep(10);
        });
      } catch (error) {
        trace.push(String((error as ExceptionGroup).errors));
      }
      yield* wait(10, "after");
      return currentTask()?.cancelling();
    });

    expect([task.result(), trace]).toEqual([0, ["failure", "after"]]);
  });

  test("does not count as a cancellation of the parent while the parent only waits for the tasks", () => {
    ended(function* () {
      const parent = currentTask();
      try {
        yield* taskGroup(function* (group) {
          group.createTask(failAfter(10, "failure"));
          group.createTask(failWhenCancelled("late", 10));
          loop.callLater(15, () => trace.push(String(parent?.cancelling())));
        });
      } catch {}
    });

    expect(trace).toEqual(["0"]);
  });

  test("is inside two exception groups if it occurs in a group inside a group's task", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (outer) {
        outer.createTask(() =>
          taskGroup(function* (inner) {
            inner.createTask(failAfter(10, "inner"));
          }),
        );
        outer.createTask(failWhenCancelled("outer"));
      });
    });
    const [inner, outer] = errorsOf(task) as [ExceptionGroup, string];

    expect([inner.errors, outer]).toEqual([["inner"], "outer"]);
  });

  test("ends all the groups around it, in the same task and in others", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (outer) {
        outer.createTask(wait(30, "a"));
        yield* taskGroup(function* (inner) {
          inner.createTask(wait(20, "b"));
          inner.createTask(() =>
            taskGroup(function* (innermost) {
              innermost.createTask(failAfter(10, "failure"));
            }),
          );
          yield* wait(20, "body");
        });
      });
    });

    expect([trace, loop.time(), task.cancelling()]).toEqual([
      ["b cancelled", "body cancelled", "a cancelled"],
      10,
      0,
    ]);
  });

  test("is thrown by both groups if the inner group fails while the outer one cancels it", () => {
    const task = ended(function* () {
      try {
        yield* taskGroup(function* (outer) {
          outer.createTask(failAfter(10, "outer"));
          yield* taskGroup(function* (inner) {
            inner.createTask(failAfter(10, "inner"));
            yield* sleep(20);
          });
        });
      } catch (error) {
        const [first, second] = (error as ExceptionGroup).errors;
        trace.push(first, ...second.errors);
      }
      yield* wait(10, "after");
      return currentTask()?.cancelling();
    });

    expect([task.result(), trace]).toEqual([0, ["outer", "inner", "after"]]);
  });

  describe("whose parent swallowed an earlier cancellation", () => {
    /** Fails when it is cancelled, and leaves the cancellation to the next wait. */
    const failingGroup = () =>
      taskGroup(function* (group) {
        group.createTask(failWhenCancelled("inner"));
        yield* sleep(100);
      });

    function* swallowCancel(): Coroutine<void> {
      try {
        yield* sleep(10);
      } catch {}
    }

    test("leaves no cancellation of the group behind", () => {
      const task = ended(function* () {
        yield* swallowCancel();
        try {
          yield* taskGroup(function* (outer) {
            outer.createTask(failAfter(10, "outer"));
            yield* failingGroup();
          });
        } catch {}
        yield* wait(10, "after");
        return currentTask()?.cancelling();
      }, 5);

      expect([task.result(), trace]).toEqual([1, ["after"]]);
    });

    test("is not reported if the group was cancelled and its body caught the cancellation", () => {
      const task = ended(function* () {
        yield* swallowCancel();
        const value = yield* taskGroup(function* (outer) {
          loop.callLater(5, () => outer.cancel());
          try {
            yield* failingGroup();
          } catch {}
          return "value";
        });
        yield* wait(10, "after");
        return [value, currentTask()?.cancelling()];
      }, 5);

      expect([task.result(), trace]).toEqual([["value", 1], ["after"]]);
    });

    test("group.cancel() hides no cancellation from outside in the turn of the body's end", () => {
      const task = ended(function* () {
        const parent = currentTask();
        yield* swallowCancel();
        yield* taskGroup(function* (group) {
          loop.callLater(5, () => group.cancel());
          try {
            yield* sleep(100);
          } finally {
            loop.callSoon(() => parent?.cancel());
          }
        });
        trace.push("after");
      }, 5);

      expect([task.cancelled(), task.cancelling(), trace]).toEqual([true, 2, []]);
    });
  });
});

describe("cancelling a task group's parent from outside", () => {
  test("cancels the tasks, and throws when they have ended", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          try {
            yield* sleep(100);
          } finally {
            yield* wait(10, "cleanup");
          }
        });
        yield* wait(100, "body");
      });
    }, 5);

    expect([task.cancelled(), trace, loop.time(), task.cancelling()]).toEqual([
      true,
      ["body cancelled", "cleanup"],
      15,
      1,
    ]);
  });

  test("works any number of times while the group waits for its tasks", () => {
    let parent: Task<unknown> | undefined;
    const task = ended(function* () {
      parent = currentTask();
      for (const when of [10, 12, 14]) loop.callLater(when, () => parent?.cancel());
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          try {
            yield* sleep(100);
          } finally {
            yield* wait(10, "cleanup");
          }
        });
      });
    }, 5);

    expect([task.cancelled(), trace, loop.time(), task.cancelling()]).toEqual([
      true,
      ["cleanup"],
      15,
      4,
    ]);
  });

  test("in the turn in which the last task ends is not lost", () => {
    const task = ended(function* () {
      const parent = currentTask();
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          yield* sleep(10);
          loop.callSoon(() => parent?.cancel());
        });
      });
      trace.push("after");
    });

    expect([task.cancelled(), trace]).toEqual([true, []]);
  });

  const orders: Record<string, (group: TaskGroup, cancel: () => void) => void> = {
    "before a task fails in the same turn": (group, cancel) => {
      group.createTask(function* () {
        yield* sleep(10);
        cancel();
        throw "failure";
      });
    },
    "after a task has failed in the same turn": (group, cancel) => {
      group.createTask(failAfter(10, "failure"));
      group.createTask(function* () {
        yield* sleep(10);
        cancel();
      });
    },
    "after the group has cancelled its body in the same turn": (group, cancel) => {
      group.createTask(failAfter(10, "failure"));
      group.createTask(function* () {
        yield* sleep(10);
        loop.callSoon(cancel);
      });
    },
  };

  test.each(Object.entries(orders))(
    "%s throws the group's error first, and the CancelledError at the next wait",
    (_, arrange) => {
      const task = ended(function* () {
        const parent = currentTask();
        try {
          yield* taskGroup(function* (group) {
            arrange(group, () => parent?.cancel());
            yield* wait(20, "body");
          });
        } catch (error) {
          trace.push(...(error as ExceptionGroup).errors, String(parent?.cancelling()));
        }
        yield* wait(10, "after");
      });

      expect([task.cancelled(), task.cancelling(), trace]).toEqual([
        true,
        1,
        ["body cancelled", "failure", "1", "after cancelled"],
      ]);
    },
  );

  test("throws the errors that the tasks throw in response instead of a CancelledError", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(failWhenCancelled("failure"));
      });
    }, 5);

    expect([errorsOf(task), task.cancelling()]).toEqual([["failure"], 1]);
  });

  test("before the group starts throws, and the body never begins", () => {
    const task = ended(function* () {
      currentTask()?.cancel();
      try {
        yield* taskGroup(function* () {
          trace.push("body");
        });
      } finally {
        trace.push(String(currentTask()?.cancelling()));
      }
    });

    expect([task.cancelled(), trace]).toEqual([true, ["1"]]);
  });

  test("has no effect on a group that begins after the cancellation was handled", () => {
    const task = ended(function* () {
      try {
        yield* sleep(10);
      } catch {}
      const value = yield* taskGroup(function* (group) {
        group.createTask(wait(10, "a"));
        return "value";
      });
      return [value, currentTask()?.cancelling()];
    }, 5);

    expect([task.result(), trace]).toEqual([["value", 1], ["a"]]);
  });

  test("ends the group, as does cancelling a future that the body awaits", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        const child = group.createTask(sleep(20));
        group.createTask(wait(20, "a"));
        loop.callLater(5, () => child.cancel());
        yield* child;
      });
    });

    expect([task.cancelled(), task.cancelling(), trace]).toEqual([true, 0, ["a cancelled"]]);
  });
});

describe("group.cancel", () => {
  const callers: Record<string, (group: TaskGroup) => void> = {
    "a task": (group) => {
      group.createTask(function* () {
        yield* sleep(10);
        group.cancel();
        yield* wait(10, "caller");
      });
    },
    "a callback": (group) => {
      loop.callLater(10, () => group.cancel());
    },
  };

  for (const [caller, arrange] of Object.entries(callers)) {
    test(`from ${caller} ends the tasks and the body, without an error`, () => {
      const task = ended(function* () {
        const value = yield* taskGroup(function* (group) {
          arrange(group);
          group.createTask(wait(20, "a"));
          yield* wait(20, "body");
          return "value";
        });
        yield* wait(10, "after");
        return [value, currentTask()?.cancelling()];
      });

      expect(task.result()).toEqual([undefined, 0]);
      expect(trace.filter((letter) => letter !== "caller cancelled")).toEqual([
        "a cancelled",
        "body cancelled",
        "after",
      ]);
    });
  }

  test("lets the group return the value of a body that has ended", () => {
    const task = ended(function* () {
      return yield* taskGroup(function* (group) {
        group.createTask(wait(20, "a"));
        loop.callLater(10, () => group.cancel());
        return "value";
      });
    });

    expect([task.result(), trace]).toEqual(["value", ["a cancelled"]]);
  });

  test("from the body ends the body at its next wait", () => {
    const task = ended(function* () {
      return yield* taskGroup(function* (group) {
        group.cancel();
        trace.push("goes on");
        yield* wait(20, "body");
      });
    });

    expect([task.result(), trace]).toEqual([undefined, ["goes on", "body cancelled"]]);
  });

  test("from a body that then returns leaves no cancellation behind", () => {
    const task = ended(function* () {
      const value = yield* taskGroup(function* (group) {
        group.createTask(wait(20, "a"));
        group.cancel();
        return "value";
      });
      const empty = yield* taskGroup(function* (group) {
        group.cancel();
        return "empty";
      });
      yield* wait(10, "after");
      return [value, empty, currentTask()?.cancelling()];
    });

    expect([task.result(), trace]).toEqual([
      ["value", "empty", 0],
      ["a cancelled", "after"],
    ]);
  });

  test("does nothing the second time, nor when the group is over", () => {
    const task = ended(function* () {
      let late: TaskGroup | undefined;
      const value = yield* taskGroup(function* (group) {
        late = group;
        group.createTask(wait(20, "a"));
        group.cancel();
        group.cancel();
        yield* sleep(20);
      });
      late?.cancel();
      yield* wait(10, "after");
      return [value, currentTask()?.cancelling()];
    });

    expect([task.result(), trace]).toEqual([
      [undefined, 0],
      ["a cancelled", "after"],
    ]);
  });

  test("does not hide an error", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(failWhenCancelled("failure"));
        yield;
        group.cancel();
        yield* failWhenCancelled("body");
      });
    });

    expect(errorsOf(task)).toEqual(["failure", "body"]);
  });

  test("does not hide a cancellation from outside in the same turn", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        loop.callLater(5, () => group.cancel());
        yield* sleep(20);
      });
      trace.push("after");
    }, 5);

    expect([task.cancelled(), task.cancelling(), trace]).toEqual([true, 1, []]);
  });

  test("reaches a task that was added earlier in the same turn", () => {
    ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(
          function* () {
            group.cancel();
            yield* wait(10, "eager");
          },
          { eagerStart: true },
        );
      });
    });

    expect([trace, loop.time()]).toEqual([["eager cancelled"], 0]);
  });
});

describe("group.createTask", () => {
  function* body(): Coroutine<void> {
    trace.push("body");
  }

  test("throws if the group has ended, and closes the coroutine", () => {
    const coro = body();
    ended(function* () {
      let late: TaskGroup | undefined;
      yield* taskGroup(function* (group) {
        late = group;
      });
      expect(() => late?.createTask(coro)).toThrow(RuntimeError);
    });

    expect([coro.next(), trace]).toEqual([{ done: true, value: undefined }, []]);
  });

  test("throws if the group has failed or was cancelled", () => {
    ended(function* () {
      for (const stop of ["fail", "cancel"]) {
        const coro = coroutine(body)();
        try {
          yield* taskGroup(function* (group) {
            if (stop === "cancel") group.cancel();
            else group.createTask(failAfter(10, "failure"));
            try {
              yield* sleep(20);
            } finally {
              expect(() => group.createTask(coro)).toThrow(/ending early/);
            }
          });
        } catch {}
        expect(() => createTask(coro)).not.toThrow();
      }
    });

    expect(trace).toEqual([]);
  });

  test("checks its argument first", () => {
    ended(function* () {
      yield* taskGroup(function* (group) {
        expect(() => group.createTask(42 as never)).toThrow(/^Expected `coro` to be/);
        expect(() => group.createTask(sleep(1), 42 as never)).toThrow(/^Expected `options` to be/);
      });
    });
  });

  test("accepts tasks that end immediately, with a result or an error", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        const done = group.createTask(() => sleep(-1, "a"), { eagerStart: true });
        yield;
        trace.push(done.result());
        const options = { eagerStart: true };
        group.createTask(function* () {
          throw "failure";
        }, options);
        yield* wait(10, "body");
      });
    });

    expect([errorsOf(task), trace]).toEqual([["failure"], ["a", "body cancelled"]]);
  });

  test("cancels an eager task if the group failed while creating it", () => {
    const task = ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(
          function* () {
            group.createTask(
              function* () {
                throw "failure";
              },
              { eagerStart: true },
            );
            yield* wait(10, "second");
          },
          { eagerStart: true },
        );
      });
    });

    expect([errorsOf(task), trace]).toEqual([["failure"], ["second cancelled"]]);
  });

  test("uses the loop's task factory", () => {
    loop.setTaskFactory(
      (on, coro, options) => new Task(on, coro, { ...options, eagerStart: true }),
    );
    ended(function* () {
      yield* taskGroup(function* (group) {
        group.createTask(wait(10, "a"), { name: "named" });
        trace.push("body");
        group.createTask(function* () {
          trace.push("eager");
        });
      });
    });

    expect(trace).toEqual(["body", "eager", "a"]);
  });
});

test("a group cancels all of its tasks, even if cancelling one throws", () => {
  class Stubborn<T> extends Task<T> {
    override cancel(): boolean {
      throw new Error("cannot be cancelled");
    }
  }
  const task = loop.createTask(function* () {
    yield* taskGroup(function* (group) {
      group.createTask(wait(30, "a"));
      loop.setTaskFactory((on, coro, options) => new Stubborn(on, coro, options));
      group.createTask(wait(20, "b"));
      loop.setTaskFactory(undefined);
      group.createTask(wait(30, "c"));
      yield* sleep(10);
      throw new Error("of the body");
    });
  });
  runDry(loop);

  expect(errorsOf(task)).toMatchObject([{ message: "of the body" }]);
  expect(trace).toEqual(["a cancelled", "c cancelled", "b"]);
  expect(reports).toMatchObject([
    { message: "A future could not be cancelled", exception: { message: "cannot be cancelled" } },
  ]);
});

test("a group that is closed by hand cancels its tasks, but not the task that runs it", () => {
  const task = loop.createTask(function* () {
    const block = taskGroup(function* (group) {
      group.createTask(wait(10, "a"));
      group.createTask(function* () {
        try {
          yield* sleep(10);
        } catch (cause) {
          throw new Error("of the clean-up", { cause });
        }
      });
      yield;
    });
    block.next();
    yield* sleep(1);
    block.return(undefined);
    yield* sleep(20);
    return "not cancelled";
  });
  runDry(loop);

  expect(task.result()).toBe("not cancelled");
  expect(trace).toEqual(["a cancelled"]);
});
