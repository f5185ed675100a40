import { describe, expect, test } from "vitest";
import {
  BoundedSemaphore,
  CancelledError,
  Condition,
  type Coroutine,
  createTask,
  gather,
  Lock,
  Semaphore,
  sleep,
} from "../../src/index.ts";
import { explore } from "../../src/testing.ts";
import { caught } from "../support/caught.ts";
import { runVirtually } from "../support/virtualLoop.ts";

describe.each([Lock, Condition, Semaphore, BoundedSemaphore])("%o.with", (Kind) => {
  test("runs bodies one after the other, and returns their results", () => {
    const guard = new Kind();
    const trace: string[] = [];
    const enter = (name: string) =>
      guard.with(function* () {
        trace.push(`${name} in`);
        yield* sleep(10);
        trace.push(`${name} out`);
        return name;
      });
    const results = runVirtually(function* () {
      return yield* gather([enter("a"), enter("b")]);
    });

    expect(results).toEqual(["a", "b"]);
    expect(trace.join(", ")).toBe("a in, a out, b in, b out");
    expect(guard.locked()).toBe(false);
  });

  test("passes the arguments after the body to the body", () => {
    const add = function* (a: number, b: number): Coroutine<number> {
      yield* sleep(1);
      return a + b;
    };

    expect(runVirtually(new Kind().with(add, 1, 2))).toBe(3);
  });

  test("releases after an error and after a cancellation", () => {
    const guard = new Kind();
    const failure = new Error("failure");
    const main = function* (): Coroutine<unknown[]> {
      const task = createTask(guard.with(() => sleep(Infinity)));
      const waiting = createTask(guard.with(() => sleep(1)));
      yield* sleep(1);
      waiting.cancel();
      task.cancel();
      const ends = yield* gather([task, waiting], { returnExceptions: true });
      return ends.map((end) => end instanceof CancelledError);
    };
    expect(runVirtually(main)).toEqual([true, true]);
    const fail = (): never => {
      throw failure;
    };
    expect(caught(() => runVirtually(guard.with(fail)))).toBe(failure);
    expect(guard.locked()).toBe(false);
  });

  test("rejects a body that is not a function, and one that returns no coroutine", () => {
    const guard = new Kind();

    expect(() => guard.with(sleep(1) as never)).toThrow("Expected `body` to be a function");
    expect(caught(() => runVirtually(guard.with((() => 1) as never)))).toBeInstanceOf(TypeError);
    expect(guard.locked()).toBe(false);
  });

  test("runs one body at a time in every order of steps, with a cancellation at any point", async () => {
    const main = function* (): Coroutine<void> {
      const guard = new Kind();
      let inside = 0;
      const enter = () =>
        guard.with(function* () {
          expect(++inside).toBe(1);
          try {
            yield;
          } finally {
            inside--;
          }
        });
      const tasks = ["victim", "b", "c"].map((name) => createTask(enter, { name }));
      yield* gather(tasks, { returnExceptions: true });
      expect(guard.locked()).toBe(false);
    };

    await explore(main, { runs: 300, cancelPoints: "victim" });
  });
});

test("Condition.with lets its body wait for the condition", () => {
  const condition = new Condition();
  let stock = 0;
  const got = runVirtually(function* () {
    createTask(function* () {
      yield* sleep(5);
      yield* condition.with(function* () {
        stock = 3;
        condition.notifyAll();
      });
    });
    return yield* condition.with(() => condition.waitFor(() => stock));
  });

  expect([got, condition.locked()]).toEqual([3, false]);
});
